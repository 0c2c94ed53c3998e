// Workers driven by hand, on one thread: order, fairness and stealing are exact here.
#include "core/sched/worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "core/sched/scheduler.h"

namespace tenuto {
namespace {

WorkItem numbered(std::uint32_t slot) {
  return WorkItem(WorkKind::run, 0, slot);
}

struct Recorder final : Handler {
  void execute(WorkItem item, Worker& worker) override {
    order.emplace_back(worker.index(), item.slot());
    if (on_item) on_item(item, worker);
  }
  bool idle_work(Worker&) override {
    ++idle_calls;
    return idle_rounds > 0 && idle_rounds-- > 0;
  }
  [[nodiscard]] std::vector<std::uint32_t> slots() const {
    std::vector<std::uint32_t> result;
    for (const auto& [worker, slot] : order) result.push_back(slot);
    return result;
  }

  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;  // worker, slot
  std::function<void(WorkItem, Worker&)> on_item;
  int idle_rounds = 0;
  int idle_calls = 0;
};

void run_dry(Worker& worker) {
  while (worker.run_one()) {
  }
}

TEST(Worker, RunsInjectedItemsInOrderAndItsOwnYoungestFirst) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  EXPECT_EQ(scheduler.worker_count(), 1u) << "without threads there is one worker to drive";
  Worker& worker = scheduler.worker(0);
  for (std::uint32_t i = 1; i <= 3; ++i) scheduler.inject(numbered(i));
  run_dry(worker);
  for (std::uint32_t i = 4; i <= 6; ++i) worker.push(numbered(i));
  run_dry(worker);
  EXPECT_EQ(handler.slots(), (std::vector<std::uint32_t>{1, 2, 3, 6, 5, 4}));
}

TEST(Worker, DoesIdleWorkOnlyWhenThereIsNoOther) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  scheduler.inject(numbered(1));
  EXPECT_TRUE(worker.run_one());
  EXPECT_EQ(handler.idle_calls, 0);
  handler.idle_rounds = 1;
  EXPECT_TRUE(worker.run_one());
  EXPECT_FALSE(worker.run_one());
  EXPECT_EQ(handler.idle_calls, 2);
}

TEST(Worker, APostOfIdleWorkIsARoundOfItsOwn) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  scheduler.post_idle_work();
  scheduler.post_idle_work();
  EXPECT_TRUE(worker.run_one());
  EXPECT_FALSE(worker.run_one());
}

TEST(Worker, RunsTheNextSlotFirstAndPushesOutWhatWasThere) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  worker.push(numbered(1));
  worker.set_next(numbered(2));
  worker.set_next(numbered(3));
  run_dry(worker);
  EXPECT_EQ(handler.slots(), (std::vector<std::uint32_t>{3, 2, 1}));
}

TEST(Worker, TheNextSlotLetsTheOldestItemInAfterAStreak) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  // Item 0 sets itself again for ever; 100 and 101 wait in the deque.
  handler.on_item = [](WorkItem item, Worker& w) {
    if (item.slot() == 0) w.set_next(item);
  };
  worker.push(numbered(100));
  worker.push(numbered(101));
  worker.set_next(numbered(0));
  for (std::uint32_t i = 0; i <= limits::kRunNextStreakMax; ++i) worker.run_one();
  const std::vector<std::uint32_t> slots = handler.slots();
  for (std::uint32_t i = 0; i < limits::kRunNextStreakMax; ++i) EXPECT_EQ(slots[i], 0u);
  EXPECT_EQ(slots[limits::kRunNextStreakMax], 100u) << "the oldest, not the youngest";
}

TEST(Worker, TheNextSlotGoesOnWhenNobodyElseWaits) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  handler.on_item = [](WorkItem item, Worker& w) {
    if (item.slot() < 20) w.set_next(numbered(item.slot() + 1));
  };
  worker.set_next(numbered(1));
  run_dry(worker);
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 1; i <= 20; ++i) expected.push_back(i);
  EXPECT_EQ(handler.slots(), expected);
}

TEST(Worker, TakesMoreOfOneKindUntilSomethingElseIsDue) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  std::vector<std::uint32_t> taken;
  handler.on_item = [&](WorkItem, Worker& w) {
    for (WorkItem more = w.take_more(WorkKind::run); !more.is_none(); more = w.take_more(WorkKind::run)) {
      taken.push_back(more.slot());
    }
  };
  const WorkItem other(WorkKind::body, 0, 50);
  const std::vector<WorkItem> items = {numbered(1), other, numbered(2), numbered(3), numbered(4)};
  worker.push_bulk(items);
  EXPECT_TRUE(worker.run_one());
  EXPECT_EQ(taken, (std::vector<std::uint32_t>{3, 2})) << "the youngest first, up to one of another kind";
  handler.on_item = nullptr;
  EXPECT_TRUE(worker.run_one());
  EXPECT_TRUE(worker.run_one());
  EXPECT_FALSE(worker.run_one());
  EXPECT_EQ(handler.slots(), (std::vector<std::uint32_t>{4, 50, 1}));
}

// The looks at the injection queue and at the oldest item come when they would have come without it.
TEST(Worker, TakesNoMoreWhenFairnessIsDue) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  std::uint32_t in_a_row = 0;
  std::uint32_t longest = 0;
  handler.on_item = [&](WorkItem, Worker& w) {
    in_a_row = 1;
    while (!w.take_more(WorkKind::run).is_none()) ++in_a_row;
    longest = std::max(longest, in_a_row);
  };
  std::vector<WorkItem> items(4 * limits::kInjectionInterval, numbered(1));
  worker.push_bulk(items);
  run_dry(worker);
  EXPECT_LE(longest, limits::kInjectionInterval / 2 + 1);
  EXPECT_GE(longest, limits::kInjectionInterval / 2 - 1);
}

// The item that set itself again is not lost when the oldest goes first, and others can get it meanwhile.
TEST(Worker, AfterAStreakTheNextItemQueuesUp) {
  Recorder handler;
  Scheduler scheduler({.threads = 2}, handler);
  Worker& worker = scheduler.worker(0);
  handler.on_item = [](WorkItem item, Worker& w) {
    if (item.slot() > 0 && item.slot() < 10) w.set_next(numbered(item.slot() + 1));
  };
  worker.push(numbered(0));
  worker.set_next(numbered(1));
  for (std::uint32_t i = 0; i <= limits::kRunNextStreakMax; ++i) EXPECT_TRUE(worker.run_one());
  EXPECT_EQ(handler.slots().back(), 0u);
  EXPECT_TRUE(scheduler.worker(1).run_one());
  EXPECT_EQ(handler.order.back(), std::make_pair(1u, limits::kRunNextStreakMax + 1)) << "it could be stolen";
}

TEST(Worker, LooksAtTheInjectionQueueHoweverMuchItHasItself) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  handler.on_item = [](WorkItem item, Worker& w) {
    if (item.slot() == 0) w.push(item);
  };
  worker.push(numbered(7));  // the oldest: buried under an item that always comes back on top
  worker.push(numbered(0));
  EXPECT_TRUE(worker.run_one());
  scheduler.inject(numbered(9));
  for (std::uint32_t i = 0; i <= limits::kInjectionInterval; ++i) worker.run_one();
  const std::vector<std::uint32_t> slots = handler.slots();
  EXPECT_NE(std::find(slots.begin(), slots.end(), 9u), slots.end());
  EXPECT_NE(std::find(slots.begin(), slots.end(), 7u), slots.end());
}

TEST(Worker, PushGlobalLetsEverythingElseGoFirst) {
  Recorder handler;
  Scheduler scheduler({.threads = 0}, handler);
  Worker& worker = scheduler.worker(0);
  worker.push(numbered(0));
  EXPECT_TRUE(worker.run_one());  // past the first look at the injection queue
  worker.push_global(numbered(1));
  worker.push(numbered(2));
  worker.push(numbered(3));
  run_dry(worker);
  EXPECT_EQ(handler.slots(), (std::vector<std::uint32_t>{0, 3, 2, 1}));
}

TEST(Worker, AThiefTakesHalfAndRunsTheOldestFirst) {
  Recorder handler;
  Scheduler scheduler({.threads = 2}, handler);
  std::vector<WorkItem> items;
  for (std::uint32_t i = 0; i < 8; ++i) items.push_back(numbered(i));
  scheduler.worker(0).push_bulk(items);
  scheduler.worker(0).push_bulk(std::span<const WorkItem>());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(scheduler.worker(1).run_one());
  run_dry(scheduler.worker(0));
  EXPECT_FALSE(scheduler.worker(1).run_one());
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> expected = {{1, 0}, {1, 1}, {1, 2}, {1, 3},
                                                                         {0, 7}, {0, 6}, {0, 5}, {0, 4}};
  EXPECT_EQ(handler.order, expected);
}

TEST(Worker, ABatchFromTheInjectionQueueLeavesTheOthersTheirShare) {
  Recorder handler;
  Scheduler scheduler({.threads = 4}, handler);
  std::vector<WorkItem> items;
  for (std::uint32_t i = 0; i < 41; ++i) items.push_back(numbered(i));
  scheduler.inject_bulk(items);
  scheduler.inject_bulk(std::span<const WorkItem>());
  EXPECT_TRUE(scheduler.worker(0).run_one());  // the look for fairness: one item
  EXPECT_TRUE(scheduler.worker(0).run_one());  // a batch of 40 / 4 + 1
  EXPECT_TRUE(scheduler.worker(1).run_one());
  EXPECT_EQ(handler.slots(), (std::vector<std::uint32_t>{0, 1, 12}));
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> run_with_seed(std::uint64_t seed) {
  Recorder handler;
  Scheduler scheduler({.threads = 4, .seed = seed}, handler);
  handler.on_item = [](WorkItem item, Worker& worker) {
    for (std::uint32_t child = 2 * item.slot(); child < 2 * item.slot() + 2 && child < 500; ++child) {
      worker.push(numbered(child));
    }
  };
  scheduler.inject(numbered(1));
  Random choose(seed);
  for (int idle = 0; idle < 100; ++idle) {
    while (scheduler.worker(static_cast<std::uint32_t>(choose.below(4))).run_one()) idle = 0;
  }
  return handler.order;
}

TEST(Worker, TheSameSeedGivesTheSameRun) {
  const auto order = run_with_seed(7);
  EXPECT_EQ(order.size(), 499u);
  EXPECT_EQ(run_with_seed(7), order);
  EXPECT_NE(run_with_seed(8), order);
}

}  // namespace
}  // namespace tenuto
