#include "core/timer/wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/base/random.h"

namespace tenuto {
namespace {

constexpr Nanos kTick = Nanos{1} << 20;
constexpr Nanos kDay = 86'400 * kSecond;
constexpr Nanos kNow = 1'790'000'000 * kSecond;  // a wall clock of 2026

std::vector<std::uint64_t> keys_due(TimerWheel& wheel, Nanos now) {
  std::vector<DueTimer> due;
  wheel.advance(now, due);
  std::vector<std::uint64_t> keys;
  for (const DueTimer& timer : due) keys.push_back(timer.payload.key);
  return keys;
}

using Keys = std::vector<std::uint64_t>;

TEST(TimerWheel, FiresAtTheDeadlineNotANanosecondEarlier) {
  for (const Nanos distance :
       {Nanos{1}, kTick - 1, kTick, 64 * kTick, 64 * 64 * kTick + 5, 90 * kDay, 3650 * kDay}) {
    TimerWheel wheel(kNow);
    EXPECT_EQ(wheel.next_deadline(), TimerWheel::kNoDeadline);
    wheel.add(kNow + distance, {7, 8});
    EXPECT_EQ(wheel.next_deadline(), kNow + distance);
    EXPECT_EQ(keys_due(wheel, kNow + distance - 1), Keys{});
    EXPECT_EQ(wheel.size(), 1u);
    EXPECT_EQ(keys_due(wheel, kNow + distance), Keys{7});
    EXPECT_EQ(wheel.size(), 0u);
    EXPECT_EQ(wheel.next_deadline(), TimerWheel::kNoDeadline);
  }
}

TEST(TimerWheel, OrdersByDeadlineThenByAddition) {
  TimerWheel wheel(kNow);
  wheel.add(kNow + 5 * kSecond, {1, 0});
  wheel.add(kNow + 2, {2, 0});
  wheel.add(kNow + 5 * kSecond, {3, 0});
  wheel.add(kNow + 1, {4, 0});
  wheel.add(kNow - kDay, {5, 0});
  EXPECT_EQ(keys_due(wheel, kNow + kDay), (Keys{5, 4, 2, 1, 3}));
}

TEST(TimerWheel, GivesBackPayloadAndDeadline) {
  TimerWheel wheel(0);
  wheel.add(10, {0xFFFF'FFFF'FFFF'FFFFu, 42});
  std::vector<DueTimer> due(1);  // what was in the vector stays
  wheel.advance(10, due);
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[1].deadline, 10);
  EXPECT_EQ(due[1].payload, (TimerPayload{0xFFFF'FFFF'FFFF'FFFFu, 42}));
}

TEST(TimerWheel, ACancelledTimerIsSilentAndItsHandleStaysSafe) {
  TimerWheel wheel(kNow);
  EXPECT_FALSE(wheel.cancel(TimerHandle()));
  EXPECT_FALSE(wheel.cancel(TimerHandle{123'456, 1}));
  const TimerHandle first = wheel.add(kNow + kSecond, {1, 0});
  const TimerHandle second = wheel.add(kNow + kSecond, {2, 0});
  const TimerHandle third = wheel.add(kNow + kSecond, {3, 0});
  EXPECT_TRUE(wheel.cancel(second));
  EXPECT_FALSE(wheel.cancel(second));
  const TimerHandle reused = wheel.add(kNow + kSecond, {4, 0});
  EXPECT_EQ(reused.place, second.place);
  EXPECT_FALSE(wheel.cancel(second)) << "an old handle must not reach the new entry";
  EXPECT_TRUE(wheel.cancel(first));
  EXPECT_EQ(keys_due(wheel, kNow + kSecond), (Keys{3, 4}));
  EXPECT_FALSE(wheel.cancel(third)) << "it fired";
}

TEST(TimerWheel, AfterACancelTheNextDeadlineMayBeEarlyButMovesOn) {
  TimerWheel wheel(kNow);
  const TimerHandle early = wheel.add(kNow + 30 * kDay, {1, 0});
  wheel.add(kNow + 30 * kDay + kSecond, {2, 0});
  wheel.cancel(early);
  int calls = 0;
  Keys fired;
  while (fired.empty()) {
    ASSERT_LE(++calls, 3);
    const Nanos next = wheel.next_deadline();
    ASSERT_LE(next, kNow + 30 * kDay + kSecond);
    fired = keys_due(wheel, next);
  }
  EXPECT_EQ(fired, Keys{2});
}

TEST(TimerWheel, AnEarlierNowFiresNothingThatWaits) {
  TimerWheel wheel(kNow);
  wheel.add(kNow + kSecond, {1, 0});
  EXPECT_EQ(keys_due(wheel, kNow - kDay), Keys{});
  EXPECT_EQ(keys_due(wheel, kNow + kSecond - 1), Keys{});
  EXPECT_EQ(keys_due(wheel, kNow + kSecond), Keys{1});
}

TEST(TimerWheel, WhatIsAddedAfterTheClockWentBackIsOnTime) {
  TimerWheel wheel(kNow);
  wheel.add(kNow + kSecond, {1, 0});
  EXPECT_EQ(keys_due(wheel, kNow - kDay), Keys{});
  wheel.add(kNow - kDay + kSecond, {2, 0});
  wheel.add(kNow - kDay + 5, {3, 0});
  EXPECT_EQ(wheel.next_deadline(), kNow - kDay + 5);
  EXPECT_EQ(keys_due(wheel, kNow - kDay + 4), Keys{});
  EXPECT_EQ(keys_due(wheel, kNow - kDay + 5), Keys{3});
  EXPECT_EQ(keys_due(wheel, kNow - kDay + kSecond), Keys{2});
  EXPECT_EQ(keys_due(wheel, kNow + kSecond), Keys{1});
}

TEST(TimerWheel, AnOverdueTimerWaitsWhenTheClockWentBackBehindIt) {
  TimerWheel wheel(kNow);
  wheel.add(kNow - 10 * kSecond, {1, 0});
  EXPECT_EQ(keys_due(wheel, kNow - 20 * kSecond), Keys{});
  EXPECT_EQ(keys_due(wheel, kNow - 10 * kSecond), Keys{1});
}

TEST(TimerWheel, TheEndsOfTimeAreDeadlinesToo) {
  TimerWheel wheel(-5);
  wheel.add(INT64_MIN, {1, 0});
  wheel.add(INT64_MAX - 1, {2, 0});
  wheel.add(-3, {3, 0});
  EXPECT_EQ(keys_due(wheel, -4), Keys{1});
  EXPECT_EQ(keys_due(wheel, -3), Keys{3});
  EXPECT_EQ(wheel.next_deadline(), INT64_MAX - 1);
  EXPECT_EQ(keys_due(wheel, INT64_MAX - 2), Keys{});
  EXPECT_EQ(keys_due(wheel, INT64_MAX), Keys{2});
}

// Random histories against a list that is searched from end to end.
class Oracle {
 public:
  struct Timer {
    Nanos deadline;
    std::uint64_t key;
    TimerHandle handle;
  };

  explicit Oracle(std::uint64_t seed) : random_(seed), now_(kNow), wheel_(kNow) {}

  void step() {
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
        add();
        break;
      case 3:
        cancel();
        break;
      case 4:
        advance(timers_.empty() ? now_ : wheel_.next_deadline());
        break;
      case 5:
        advance(now_ - (random_.chance(1, 4) ? distance() : 0));
        break;
      default:
        advance(now_ + distance());
        break;
    }
    check_next();
  }

 private:
  // From nanoseconds to a year, each scale alike.
  Nanos distance() { return static_cast<Nanos>(random_.next() >> 8 >> random_.below(56)) % (365 * kDay); }

  void add() {
    const Nanos d = distance();
    const Nanos deadline = random_.chance(1, 8) ? now_ - d : now_ + d;
    const std::uint64_t key = ++keys_;
    timers_.push_back({deadline, key, wheel_.add(deadline, {key, ~key})});
    // A twin with the same deadline shows the order.
    if (random_.chance(1, 4)) {
      const std::uint64_t twin = ++keys_;
      timers_.push_back({deadline, twin, wheel_.add(deadline, {twin, ~twin})});
    }
  }

  void cancel() {
    if (timers_.empty()) return;
    const std::size_t index = random_.below(timers_.size());
    ASSERT_TRUE(wheel_.cancel(timers_[index].handle));
    ASSERT_FALSE(wheel_.cancel(timers_[index].handle));
    timers_.erase(timers_.begin() + static_cast<std::ptrdiff_t>(index));
    cancelled_ = true;
  }

  void advance(Nanos now) {
    now_ = now;
    std::vector<Timer> expected;
    std::copy_if(timers_.begin(), timers_.end(), std::back_inserter(expected),
                 [&](const Timer& t) { return t.deadline <= now; });
    std::stable_sort(expected.begin(), expected.end(),
                     [](const Timer& a, const Timer& b) { return a.deadline < b.deadline; });
    std::erase_if(timers_, [&](const Timer& t) { return t.deadline <= now; });
    std::vector<DueTimer> due;
    wheel_.advance(now, due);
    ASSERT_EQ(due.size(), expected.size());
    for (std::size_t i = 0; i < due.size(); ++i) {
      ASSERT_EQ(due[i].payload, (TimerPayload{expected[i].key, ~expected[i].key}));
      ASSERT_EQ(due[i].deadline, expected[i].deadline);
    }
  }

  void check_next() {
    ASSERT_EQ(wheel_.size(), timers_.size());
    Nanos first = TimerWheel::kNoDeadline;
    for (const Timer& timer : timers_) first = std::min(first, timer.deadline);
    if (timers_.empty()) cancelled_ = false;
    if (cancelled_) {
      ASSERT_LE(wheel_.next_deadline(), first);
    } else {
      ASSERT_EQ(wheel_.next_deadline(), first);
    }
  }

  Random random_;
  Nanos now_;
  TimerWheel wheel_;
  std::vector<Timer> timers_;
  std::uint64_t keys_ = 0;
  bool cancelled_ = false;
};

TEST(TimerWheel, AgreesWithASimpleListOnRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Oracle oracle(seed);
    for (int i = 0; i < 200; ++i) {
      oracle.step();
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed=" << seed << " step=" << i;
    }
  }
}

TEST(TimerWheel, AMillionTimersOverAYearCostNoMoreThanTheirNumber) {
  constexpr std::uint64_t kTimers = 1'000'000;
  TimerWheel wheel(kNow);
  Random random(1);
  std::vector<TimerHandle> handles;
  for (std::uint64_t i = 0; i < kTimers; ++i) {
    handles.push_back(wheel.add(kNow + static_cast<Nanos>(random.below(365 * kDay)), {i, 0}));
  }
  for (std::uint64_t i = 0; i < kTimers; i += 2) ASSERT_TRUE(wheel.cancel(handles[i]));
  std::vector<DueTimer> due;
  for (Nanos now = kNow; wheel.size() > 0; now += 3600 * kSecond) wheel.advance(now, due);
  EXPECT_EQ(due.size(), kTimers / 2);
  EXPECT_TRUE(std::is_sorted(due.begin(), due.end(),
                             [](const DueTimer& a, const DueTimer& b) { return a.deadline < b.deadline; }));
}

}  // namespace
}  // namespace tenuto
