#include "core/sched/idle.h"

#include <gtest/gtest.h>

namespace tenuto {
namespace {

TEST(Idle, NobodyIsWokenWhenAllWork) {
  Idle idle(4);
  EXPECT_EQ(idle.parked_count(), 0u);
  EXPECT_EQ(idle.parked_to_searching(Visible::by_release), std::nullopt);
}

TEST(Idle, TheLastToSleepIsWokenFirst) {
  Idle idle(3);
  for (std::uint32_t i = 0; i < 3; ++i)
    EXPECT_TRUE(idle.working_to_parked(i)) << "nobody searches: look again";
  EXPECT_EQ(idle.parked_count(), 3u);
  for (std::uint32_t expected : {2u, 1u, 0u}) {
    EXPECT_EQ(idle.parked_to_searching(Visible::by_seq_cst_store), expected);
    EXPECT_TRUE(idle.searching_to_working());
  }
  EXPECT_EQ(idle.parked_count(), 0u);
  EXPECT_EQ(idle.parked_to_searching(Visible::by_release), std::nullopt);
}

TEST(Idle, NobodyIsWokenWhileOneSearches) {
  Idle idle(4);
  EXPECT_TRUE(idle.working_to_parked(0));
  EXPECT_TRUE(idle.working_to_searching());
  EXPECT_EQ(idle.parked_to_searching(Visible::by_release), std::nullopt);
  EXPECT_FALSE(idle.working_to_parked(1)) << "the searcher will look";
  EXPECT_TRUE(idle.searching_to_working()) << "the last searcher";
  EXPECT_EQ(idle.parked_to_searching(Visible::by_release), 1u);
  EXPECT_EQ(idle.searching_count(), 1u) << "who was woken searches";
}

TEST(Idle, AboutHalfMaySearchAndOnlyTheLastLooksAgain) {
  Idle idle(4);
  EXPECT_TRUE(idle.working_to_searching());
  EXPECT_TRUE(idle.working_to_searching());
  EXPECT_FALSE(idle.working_to_searching());
  EXPECT_FALSE(idle.searching_to_parked(0));
  EXPECT_TRUE(idle.searching_to_parked(1));
  EXPECT_EQ(idle.parked_count(), 2u);
}

TEST(Idle, TheOnlyWorkerMaySearch) {
  Idle idle(1);
  EXPECT_TRUE(idle.working_to_searching());
  EXPECT_TRUE(idle.searching_to_parked(0));
  EXPECT_EQ(idle.parked_to_searching(Visible::by_release), 0u);
}

TEST(Idle, HoldsTheLargestNumberOfWorkers) {
  Idle idle(Idle::kWorkersMax);
  for (std::uint32_t i = 0; i < Idle::kWorkersMax; ++i) (void)idle.working_to_parked(i);
  EXPECT_EQ(idle.parked_count(), Idle::kWorkersMax);
  for (std::uint32_t i = Idle::kWorkersMax; i-- > 0;) {
    EXPECT_EQ(idle.parked_to_searching(Visible::by_release), i);
    EXPECT_TRUE(idle.searching_to_working());
  }
  EXPECT_EQ(idle.parked_count(), 0u);
}

}  // namespace
}  // namespace tenuto
