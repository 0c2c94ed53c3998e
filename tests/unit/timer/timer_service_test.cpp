#include "core/timer/timer_service.h"

#include <gtest/gtest.h>

namespace tenuto {
namespace {

constexpr WallTime kWall{1'790'000'000 * kSecond};
constexpr MonoTime kMono{50 * kSecond};

WallTime in_wall(Nanos distance) {
  return {kWall.ns + distance};
}
MonoTime in_mono(Nanos distance) {
  return {kMono.ns + distance};
}

TEST(TimerService, SaysWhenToComeBack) {
  TimerService timers(kWall, kMono);
  EXPECT_EQ(timers.next_wall(), std::nullopt);
  EXPECT_EQ(timers.next_mono(), std::nullopt);
  timers.arm_wall(in_wall(20), {1, 0});
  timers.arm_wall(in_wall(10), {2, 0});
  timers.arm_mono(in_mono(30), {3, 0});
  EXPECT_EQ(timers.next_wall(), in_wall(10));
  EXPECT_EQ(timers.next_mono(), in_mono(30));
}

TEST(TimerService, GivesWhatIsDueOnEachClockAndNeverEarly) {
  TimerService timers(kWall, kMono);
  timers.arm_wall(in_wall(10), {1, 11});
  timers.arm_mono(in_mono(10), {2, 12});
  TimerService::Due due;
  timers.take_due(in_wall(9), in_mono(9), due);
  EXPECT_TRUE(due.wall.empty() && due.mono.empty());
  timers.take_due(in_wall(10), in_mono(9), due);
  ASSERT_EQ(due.wall.size(), 1u);
  EXPECT_EQ(due.wall[0].payload, (TimerPayload{1, 11}));
  EXPECT_EQ(due.wall[0].deadline, in_wall(10).ns);
  EXPECT_TRUE(due.mono.empty()) << "a wall clock that jumps moves its own timers only";
  timers.take_due(in_wall(10), in_mono(10), due);
  EXPECT_EQ(due.wall.size(), 1u) << "once";
  ASSERT_EQ(due.mono.size(), 1u);
  EXPECT_EQ(due.mono[0].payload, (TimerPayload{2, 12}));
}

TEST(TimerService, CallsBackOnlyForWhatIsDueBeforeAllOthers) {
  TimerService timers(kWall, kMono);
  timers.arm_wall(in_wall(50), {1, 0});  // nobody listens yet
  int calls = 0;
  timers.set_earlier_callback([&] {
    ++calls;
    EXPECT_TRUE(timers.next_wall().has_value()) << "called outside of the lock";
  });
  timers.arm_wall(in_wall(50), {2, 0});
  timers.arm_wall(in_wall(60), {3, 0});
  EXPECT_EQ(calls, 0);
  timers.arm_wall(in_wall(40), {4, 0});
  EXPECT_EQ(calls, 1);
  timers.arm_mono(in_mono(100), {5, 0});
  EXPECT_EQ(calls, 2) << "the first on its clock";
  timers.arm_mono(in_mono(100), {6, 0});
  timers.arm_mono(in_mono(200), {7, 0});
  EXPECT_EQ(calls, 2);
  timers.arm_mono(in_mono(99), {8, 0});
  EXPECT_EQ(calls, 3);
}

TEST(TimerService, CancelsOnceOnTheClockThatWasArmed) {
  TimerService timers(kWall, kMono);
  const TimerHandle wall = timers.arm_wall(in_wall(10), {1, 0});
  const TimerHandle mono = timers.arm_mono(in_mono(10), {2, 0});
  EXPECT_TRUE(timers.cancel_wall(wall));
  EXPECT_FALSE(timers.cancel_wall(wall));
  EXPECT_TRUE(timers.cancel_mono(mono));
  EXPECT_FALSE(timers.cancel_mono(mono));
  TimerService::Due due;
  timers.take_due(in_wall(kSecond), in_mono(kSecond), due);
  EXPECT_TRUE(due.wall.empty() && due.mono.empty());
  const TimerHandle taken = timers.arm_mono(in_mono(2 * kSecond), {3, 0});
  timers.take_due(in_wall(3 * kSecond), in_mono(3 * kSecond), due);
  EXPECT_EQ(due.mono.size(), 1u);
  EXPECT_FALSE(timers.cancel_mono(taken)) << "it has been taken";
}

}  // namespace
}  // namespace tenuto
