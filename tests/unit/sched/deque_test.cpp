#include "core/sched/deque.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tenuto {
namespace {

WorkItem numbered(std::uint32_t slot) {
  return WorkItem(WorkKind::run, 0, slot);
}

TEST(Deque, TheOwnerGetsTheYoungestAThiefTheOldest) {
  Deque deque(4);
  for (std::uint32_t i = 1; i <= 3; ++i) deque.push(numbered(i));
  EXPECT_EQ(deque.size(), 3u);
  EXPECT_EQ(deque.steal(), numbered(1));
  EXPECT_EQ(deque.pop(), numbered(3));
  EXPECT_EQ(deque.pop(), numbered(2));
  EXPECT_TRUE(deque.pop().is_none());
  EXPECT_TRUE(deque.steal().is_none());
  EXPECT_TRUE(deque.is_empty());
}

TEST(Deque, GrowsWithoutLosingOrMovingItems) {
  Deque deque(2);
  std::vector<WorkItem> items;
  for (std::uint32_t i = 0; i < 1000; ++i) items.push_back(numbered(i));
  deque.push(items[0]);
  EXPECT_EQ(deque.steal(), items[0]);  // the indices no longer begin at 0
  for (std::uint32_t i = 1; i < 10; ++i) deque.push(items[i]);
  deque.push_bulk(std::span(items).subspan(10));
  for (std::uint32_t i = 1; i < 500; ++i) EXPECT_EQ(deque.steal(), items[i]);
  for (std::uint32_t i = 999; i >= 500; --i) EXPECT_EQ(deque.pop(), items[i]);
  EXPECT_TRUE(deque.is_empty());
}

TEST(Deque, StealsUpToHalfRoundedUpWithinTheBound) {
  Deque deque;
  std::vector<WorkItem> taken;
  const auto take = [&](WorkItem item) { taken.push_back(item); };
  EXPECT_EQ(deque.steal_up_to_half(10, take), 0u);
  deque.push(numbered(1));
  EXPECT_EQ(deque.steal_up_to_half(10, take), 1u);
  for (std::uint32_t i = 0; i < 9; ++i) deque.push(numbered(i));
  taken.clear();
  EXPECT_EQ(deque.steal_up_to_half(10, take), 5u);
  EXPECT_EQ(taken.front(), numbered(0));
  EXPECT_EQ(taken.back(), numbered(4));
  EXPECT_EQ(deque.steal_up_to_half(1, take), 1u);
  EXPECT_EQ(deque.size(), 3u);
}

// The weak-memory side, which the models can't see: real threads on a tiny ring that wraps and grows.
TEST(Deque, EveryItemIsTakenOnceByTheOwnerAndTwoThieves) {
  constexpr std::uint32_t kItems = 200'000;
  Deque deque(2);
  std::vector<std::atomic<std::uint32_t>> taken(kItems);
  std::atomic<bool> done{false};
  const auto note = [&](WorkItem item) {
    if (!item.is_none()) taken[item.slot()].fetch_add(1, std::memory_order_relaxed);
  };
  const auto thief = [&] {
    while (!done.load(std::memory_order_acquire)) deque.steal_up_to_half(8, note);
  };
  std::thread first(thief);
  std::thread second(thief);
  for (std::uint32_t i = 0; i < kItems; ++i) {
    deque.push(numbered(i));
    if (i % 3 != 0) note(deque.pop());
  }
  while (!deque.is_empty()) note(deque.pop());
  done.store(true, std::memory_order_release);
  first.join();
  second.join();
  for (std::uint32_t i = 0; i < kItems; ++i) ASSERT_EQ(taken[i].load(), 1u) << "item " << i;
}

}  // namespace
}  // namespace tenuto
