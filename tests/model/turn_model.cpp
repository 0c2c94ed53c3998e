// All interleavings of a worker that pops items and threads that go past the queue, on core/sched/turn.h: no turn is lost, and
// one thread at a time has it.
#include "core/sched/turn.h"

#include <gtest/gtest.h>

#include "core/sched/parker.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

enum class Order { turn_first, item_first };

// Thread 0 is the worker, which sleeps while the queue is empty. The others each look a few times whether it is their turn. The run
// takes so many turns in all; who processes one hands the next on.
template <class T, Order kOrder>
class RunInTurns final : public Scenario {
 public:
  RunInTurns(std::uint32_t attendants, std::uint32_t turns, int looks)
      : Scenario(1 + attendants), turns_(turns), looks_(looks) {}
  void run(std::uint32_t thread) override {
    if (thread == 0) return work();
    if (thread == 1) hand_on();
    for (int i = 0; i < looks_; ++i) {
      if (turn_.try_take()) process();
    }
  }
  void check() override { model_check(done_ == turns_, "a turn is lost"); }
  [[nodiscard]] bool may_end_asleep() const override { return true; }

 private:
  [[noreturn]] void work() {
    while (true) {
      parker_.park();
      // As a queue does: an item is handed over by release and acquire.
      while (items_.load(std::memory_order_relaxed) > 0) {
        items_.fetch_sub(1, std::memory_order_acquire);
        if (turn_.try_take()) process();
      }
    }
  }
  // Two at a time would be a data race.
  void process() {
    done_ = done_ + 1;
    model_check(done_ <= turns_, "a turn is taken twice");
    if (done_ < turns_) hand_on();
  }
  void hand_on() {
    if (kOrder == Order::turn_first) turn_.offer();
    items_.fetch_add(1, std::memory_order_release);
    parker_.unpark();
    if (kOrder == Order::item_first) turn_.offer();
  }

  const std::uint32_t turns_;
  const int looks_;
  T turn_;
  Parker parker_;
  Atomic<std::uint32_t> items_{0};
  Plain<std::uint32_t> done_{0};
};

const Model turn_model("TurnModel", {"core/sched/turn.h"},
                       {
                           holds<RunInTurns<Turn, Order::turn_first>>("OneThreadGoesPastTheQueue", 1u, 2u, 2),
                           holds<RunInTurns<Turn, Order::turn_first>>("TwoThreadsGoPastTheQueue", 2u, 2u, 1),
                       });

// Looks, and then takes.
class BrokenTurn {
 public:
  void offer() { offered_.store(true); }
  bool try_take() {
    if (!offered_.load()) return false;
    offered_.store(false);
    return true;
  }

 private:
  Atomic<bool> offered_{false};
};

TEST(TurnModel, FindsATurnThatTwoTake) {
  expect_found<RunInTurns<BrokenTurn, Order::turn_first>>(1u, 2u, 2);
}
TEST(TurnModel, FindsAnItemThatComesBeforeItsTurn) {
  expect_found<RunInTurns<Turn, Order::item_first>>(1u, 1u, 0);
}

}  // namespace
}  // namespace tenuto::testing
