// All interleavings of a sleeper and wakers on core/sched/parker.h: no token lost, no sleep for ever.
#include "core/sched/parker.h"

#include <gtest/gtest.h>

#include "core/sched/futex.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

// Thread 0 sleeps until every waker has announced itself; each announces, then wakes.
template <class P>
class ParkScenario final : public Scenario {
 public:
  explicit ParkScenario(std::uint32_t wakers, bool polls_first = false)
      : Scenario(1 + wakers), polls_first_(polls_first) {}
  void run(std::uint32_t thread) override {
    if (thread > 0) {
      announced_.fetch_add(1);
      return parker_.unpark();
    }
    if (polls_first_ && parker_.park_for(0)) model_check(announced_.load() > 0, "a token from nowhere");
    while (announced_.load() + 1 < thread_count()) parker_.park();
  }

 private:
  const bool polls_first_;
  P parker_;
  Atomic<std::uint32_t> announced_{0};
};

TEST(ParkerModel, OneWaker) {
  expect_holds<ParkScenario<Parker>>(1u);
}
TEST(ParkerModel, TwoWakers) {
  expect_holds<ParkScenario<Parker>>(2u);
}
TEST(ParkerModel, ATimedParkTakesTheTokenOrLeavesIt) {
  expect_holds<ParkScenario<Parker>>(2u, true);
}

// Announces the sleep with a store, over a token that may have come.
class BrokenParker {
 public:
  void park() {
    if (state_.exchange(kEmpty) == kNotified) return;
    state_.store(kParked);
    do {
      futex_wait(state_, kParked, kNoTimeout);
    } while (state_.load() == kParked);
    state_.store(kEmpty);
  }
  bool park_for(int) { return false; }
  void unpark() {
    if (state_.exchange(kNotified) == kParked) futex_wake_one(state_);
  }

 private:
  static constexpr std::uint32_t kEmpty = 0;
  static constexpr std::uint32_t kParked = 1;
  static constexpr std::uint32_t kNotified = 2;
  Atomic<std::uint32_t> state_{kEmpty};
};

TEST(ParkerModel, FindsASleepAnnouncedOverAToken) {
  expect_found<ParkScenario<BrokenParker>>(1u);
}

}  // namespace
}  // namespace tenuto::testing
