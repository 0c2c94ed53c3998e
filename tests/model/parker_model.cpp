// All interleavings of a sleeper and wakers on core/sched/parker.h: no token lost, no sleep for ever.
#include "core/sched/parker.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "core/sched/futex.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

enum class Poll { no, first, with_a_limit };

// Thread 0 sleeps until it has seen what every waker wrote before it woke: relaxed, so the token alone carries it.
template <class P>
class ParkScenario final : public Scenario {
 public:
  explicit ParkScenario(std::uint32_t wakers, Poll poll = Poll::no) : Scenario(1 + wakers), poll_(poll) {}
  void run(std::uint32_t thread) override {
    if (thread > 0) {
      written_[thread].store(true, std::memory_order_relaxed);
      return parker_.unpark();
    }
    if (poll_ == Poll::first && parker_.park_for(0)) model_check(seen() > 0, "a token from nowhere");
    while (seen() + 1 < thread_count()) {
      if (poll_ == Poll::with_a_limit) {
        model_check(parker_.park_for(kNever), "the time ran out");
      } else {
        parker_.park();
      }
    }
  }

 private:
  static constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
  [[nodiscard]] std::uint32_t seen() const {
    std::uint32_t count = 0;
    for (const auto& written : written_) count += written.load(std::memory_order_relaxed) ? 1 : 0;
    return count;
  }

  const Poll poll_;
  P parker_;
  std::array<Atomic<bool>, 3> written_;
};

const Model parker_model("ParkerModel", {"core/sched/parker.cpp"},
                         {
                             holds<ParkScenario<Parker>>("OneWaker", 1u),
                             holds<ParkScenario<Parker>>("TwoWakers", 2u),
                             holds<ParkScenario<Parker>>("APollTakesTheTokenOrLeavesIt", 2u, Poll::first),
                             holds<ParkScenario<Parker>>("ASleepWithALimit", 1u, Poll::with_a_limit),
                             holds<ParkScenario<Parker>>("TwoWakersOfASleepWithALimit", 2u,
                                                         Poll::with_a_limit),
                         });

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
  bool park_for(Nanos) { return false; }
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
