#include "core/sched/parker.h"

#include <gtest/gtest.h>

#include <thread>

namespace tenuto {
namespace {

TEST(Parker, ATokenGivenBeforeIsTakenWithoutSleeping) {
  Parker parker;
  parker.unpark();
  parker.park();
  EXPECT_FALSE(parker.park_for(0));
}

TEST(Parker, TokensDoNotAddUp) {
  Parker parker;
  parker.unpark();
  parker.unpark();
  EXPECT_TRUE(parker.park_for(0));
  EXPECT_FALSE(parker.park_for(0));
}

TEST(Parker, ATimedParkEndsWithoutATokenAndLeavesNoTrace) {
  Parker parker;
  const SystemClock clock;
  const MonoTime before = clock.monotonic();
  EXPECT_FALSE(parker.park_for(kMillisecond));
  EXPECT_GE(clock.monotonic().ns - before.ns, kMillisecond);
  EXPECT_FALSE(parker.park_for(-1));
  parker.unpark();
  EXPECT_TRUE(parker.park_for(3600 * kSecond));
}

// `turn` is no atomic: the parkers order it, and TSan watches.
TEST(Parker, TwoThreadsTakeTurns) {
  constexpr int kTurns = 20'000;
  Parker mine;
  Parker theirs;
  int turn = 0;
  std::thread other([&] {
    for (int i = 0; i < kTurns; ++i) {
      theirs.park();
      ++turn;
      mine.unpark();
    }
  });
  for (int i = 0; i < kTurns; ++i) {
    EXPECT_EQ(turn, i);
    theirs.unpark();
    if (i % 2 == 0) {
      mine.park();
    } else {
      EXPECT_TRUE(mine.park_for(3600 * kSecond));
    }
  }
  other.join();
  EXPECT_EQ(turn, kTurns);
}

}  // namespace
}  // namespace tenuto
