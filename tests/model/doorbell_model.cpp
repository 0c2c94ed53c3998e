// All executions of a thread with one duty and those who bring it work, on core/sched/doorbell.h: nothing waits while it sleeps.
#include "core/sched/doorbell.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

// Whether the sleeper may find work whose time comes by itself; it asks for the time after it has looked, or before, which is a bug.
enum class Time { none, asked_after, asked_before };

// Thread 0 sleeps while there is nothing. The work is relaxed: the bell alone must make it visible.
template <class B>
class RingScenario final : public Scenario {
 public:
  RingScenario(std::uint32_t bringers, std::uint32_t each, Time time = Time::none)
      : Scenario(1 + bringers), each_(each), time_(time) {}
  void run(std::uint32_t thread) override {
    if (thread == 0) work();
    for (std::uint32_t i = 1; i <= each_; ++i) {
      brought_[thread].store(i, std::memory_order_relaxed);
      bell_.ring();
    }
  }
  void check() override {
    for (std::uint32_t t = 1; t < thread_count(); ++t) model_check(taken_[t] == each_, "work waits");
  }
  [[nodiscard]] bool may_end_asleep() const override { return true; }

 private:
  [[noreturn]] void work() {
    while (true) {
      if (take()) continue;
      bell_.about_to_sleep();
      if (time_ == Time::none) {
        if (!take()) bell_.sleep();
        continue;
      }
      // As OwnerEngine::materialise_loop().
      const bool has_time_before = time_ == Time::asked_before && is_some();
      const bool is_behind = is_some();
      const bool has_time = time_ == Time::asked_after ? is_some() : has_time_before;
      if (is_behind) bell_.will_wake_by_itself();
      if (!has_time) bell_.sleep();
    }
  }
  [[nodiscard]] bool is_some() {
    for (std::uint32_t t = 1; t < thread_count(); ++t) {
      if (brought_[t].load(std::memory_order_relaxed) != taken_[t]) return true;
    }
    return false;
  }
  bool take() {
    bool did = false;
    for (std::uint32_t t = 1; t < thread_count(); ++t) {
      const std::uint32_t brought = brought_[t].load(std::memory_order_relaxed);
      did |= brought != taken_[t];
      taken_[t] = brought;
    }
    return did;
  }

  const std::uint32_t each_;
  const Time time_;
  B bell_;
  std::array<Atomic<std::uint32_t>, 4> brought_;
  std::array<std::uint32_t, 4> taken_{};  // of thread 0
};

const Model doorbell_model("DoorbellModel", {"core/sched/doorbell.h"},
                           {
                               holds<RingScenario<Doorbell>>("OneBringer", 1u, 2u),
                               holds<RingScenario<Doorbell>>("TwoBringers", 2u, 1u),
                               holds<RingScenario<Doorbell>>("SomeWorkHasItsTime", 1u, 2u, Time::asked_after),
                               large(holds<RingScenario<Doorbell>>("SomeWorkOfTwoHasItsTime", 2u, 1u,
                                                                   Time::asked_after)),
                           });

TEST(DoorbellModel, FindsASleeperThatAsksForTheTimeBeforeItLooks) {
  expect_found<RingScenario<Doorbell>>(1u, 1u, Time::asked_before);
}

// Says that it sleeps by a store: right in sequential memory, and on x86.
class StoringDoorbell {
 public:
  void ring() {
    if (sleeps_.exchange(false)) parker_.unpark();
  }
  void about_to_sleep() { sleeps_.store(true); }
  void will_wake_by_itself() { sleeps_.store(false); }
  void sleep() { parker_.park(); }

 private:
  Parker parker_;
  Atomic<bool> sleeps_{false};
};

TEST(DoorbellModel, FindsASleeperThatSaysSoByAStore) {
  expect_found<RingScenario<StoringDoorbell>>(1u, 2u);
}

}  // namespace
}  // namespace tenuto::testing
