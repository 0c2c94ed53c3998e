// All interleavings of an owner and thieves on core/sched/deque.h: every item is taken once.
#include "core/sched/deque.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/model/expect.h"
#include "tests/model/idle_cases.h"

namespace tenuto::testing {
namespace {

WorkItem numbered(std::uint32_t slot) {
  return WorkItem(WorkKind::run, 0, slot);
}

// Thread 0 is the owner and follows `script`: '+' pushes the next item, '-' pops, 'b' pushes two at once. The
// others are thieves, who each steal as often as `steals` says, or up to half once for 0.
template <class D>
class DequeScenario final : public Scenario {
 public:
  DequeScenario(std::string script, std::uint32_t thieves, std::uint32_t steals, std::size_t capacity = 4)
      : Scenario(1 + thieves), script_(std::move(script)), steals_(steals), deque_(capacity) {}

  void run(std::uint32_t thread) override {
    if (thread == 0) return own();
    if (steals_ == 0) deque_.steal_up_to_half(8, [this](WorkItem item) { take(item); });
    for (std::uint32_t i = 0; i < steals_; ++i) take(deque_.steal());
  }

  void check() override {
    for (WorkItem item = deque_.pop(); !item.is_none(); item = deque_.pop()) take(item);
    for (std::uint32_t i = 0; i < pushed_; ++i) model_check(taken_[i] == 1, "an item is lost");
  }

 private:
  void own() {
    for (const char step : script_) {
      if (step == '+') deque_.push(next_item());
      if (step == '-') take(deque_.pop());
      if (step == 'b') {
        const std::array<WorkItem, 2> items{next_item(), next_item()};
        deque_.push_bulk(items);
      }
    }
  }
  WorkItem next_item() {
    behind_[pushed_] = pushed_ + 1;
    return numbered(pushed_++);
  }
  void take(WorkItem item) {
    if (item.is_none()) return;
    model_check(++taken_[item.slot()] == 1, "an item is taken twice");
    model_check(behind_[item.slot()] == item.slot() + 1, "what stands behind the item is not there");
  }

  const std::string script_;
  const std::uint32_t steals_;
  D deque_;
  std::uint32_t pushed_ = 0;
  std::array<int, 8> taken_{};
  std::array<Plain<std::uint32_t>, 8> behind_;  // what the owner wrote before it pushed the item
};

using Real = DequeScenario<Deque>;

const char* const kLoadBuffering =
    "a thief must not read from a slot what the owner puts there once it has seen the thief's swap: a load "
    "that reads from a later "
    "store, which the explorer leaves out";
Cases deque_cases() {
  Cases cases = {
      holds<Real>("OwnerAndOneThief", "++--", 1u, 2u),
      holds<Real>("OwnerAndTwoThievesRaceForTheLastItem", "+-", 2u, 1u),
      holds<Real>("OwnerReusesTheIndexItPopped", "+-+-", 1u, 2u),
      holds<Real>("TwoThievesWhileTheOwnerPushesAndPops", "++-", 2u, 1u),
      holds<Real>("TheRingGrowsUnderAThief", "+++-", 1u, 2u, std::size_t{1}),
      holds<Real>("TheRingWrapsUnderAThief", "+-+++-", 1u, 2u, std::size_t{2}),
      holds<Real>("AThiefTakesHalfWhileTheOwnerPops", "bb--", 1u, 0u),
      holds<Real>("TwoThievesTakeHalfOfABatch", "bb-", 2u, 0u),
  };
  for (Case& one : sleepers_at_a_deque()) cases.push_back(std::move(one));
  return cases;
}
const Model deque_model("DequeModel", {"core/sched/deque.h"}, deque_cases(),
                        {
                            {"core/sched/deque.h", "top_.load(std::memory_order_acquire);", kLoadBuffering},
                            {"core/sched/deque.h", "t + 1, std::memory_order_release", kLoadBuffering},
                        });

// The same deque on a ring of fixed size, with one of three planted bugs.
enum class Bug { half_at_once, weak_pop, blind_pop };

template <Bug kBug>
class BrokenDeque {
 public:
  explicit BrokenDeque(std::size_t) {}

  void push(WorkItem item) {
    const std::int64_t b = bottom_.load(std::memory_order_relaxed);
    slot(b).store(item.word, std::memory_order_relaxed);
    bottom_.store(b + 1, std::memory_order_seq_cst);
  }
  void push_bulk(std::span<const WorkItem> items) {
    for (const WorkItem item : items) push(item);
  }
  WorkItem pop() {
    const std::int64_t b = bottom_.load(std::memory_order_relaxed) - 1;
    bottom_.store(b, kBug == Bug::weak_pop ? std::memory_order_release : std::memory_order_seq_cst);
    std::int64_t t = top_.load(std::memory_order_seq_cst);
    if (t < b || (kBug == Bug::blind_pop && t == b)) return WorkItem(slot(b).load(std::memory_order_relaxed));
    const bool won = t == b && top_.compare_exchange_strong(t, t + 1);
    bottom_.store(b + 1, std::memory_order_release);
    return won ? WorkItem(slot(b).load(std::memory_order_relaxed)) : WorkItem();
  }
  WorkItem steal() {
    WorkItem result;
    steal_at_once(1, [&](WorkItem item) { result = item; });
    return result;
  }
  template <class Take>
  void steal_up_to_half(std::size_t, Take&& take) {
    steal_at_once(kBug == Bug::half_at_once ? 2 : 1, take);
  }

 private:
  template <class Take>
  void steal_at_once(std::int64_t wanted, Take&& take) {
    std::int64_t t = top_.load(std::memory_order_seq_cst);
    const std::int64_t b = bottom_.load(std::memory_order_seq_cst);
    const std::int64_t count = wanted < (b - t + 1) / 2 ? wanted : (b - t + 1) / 2;
    if (count <= 0) return;
    std::array<WorkItem, 2> items;
    for (std::int64_t i = 0; i < count; ++i) {
      items[static_cast<std::size_t>(i)] = WorkItem(slot(t + i).load(std::memory_order_relaxed));
    }
    if (!top_.compare_exchange_strong(t, t + count)) return;
    for (std::int64_t i = 0; i < count; ++i) take(items[static_cast<std::size_t>(i)]);
  }

  Atomic<std::uint64_t>& slot(std::int64_t index) { return slots_[static_cast<std::size_t>(index) % 8]; }

  Atomic<std::int64_t> top_{0};
  Atomic<std::int64_t> bottom_{0};
  std::array<Atomic<std::uint64_t>, 8> slots_;
};

TEST(DequeModel, FindsHalfTakenInOneSwap) {
  expect_found<DequeScenario<BrokenDeque<Bug::half_at_once>>>("bb---", 1u, 0u);
}
TEST(DequeModel, FindsAPopWhoseStoreIsTooWeak) {
  expect_found<DequeScenario<BrokenDeque<Bug::weak_pop>>>("++--", 1u, 2u);
}
TEST(DequeModel, FindsAPopThatTakesTheLastItemWithoutASwap) {
  expect_found<DequeScenario<BrokenDeque<Bug::blind_pop>>>("+-", 1u, 1u);
}

}  // namespace
}  // namespace tenuto::testing
