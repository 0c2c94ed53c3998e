#include "core/sched/inject_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

namespace tenuto {
namespace {

WorkItem numbered(std::uint32_t slot) {
  return WorkItem(WorkKind::run, 0, slot);
}

TEST(InjectQueue, KeepsTheOrderOfOneProducer) {
  InjectQueue queue;
  InjectQueue::Consumer consumer(queue);
  EXPECT_TRUE(queue.is_empty());
  EXPECT_TRUE(queue.pop(consumer).is_none());
  queue.push(numbered(1));
  const std::array<WorkItem, 3> more{numbered(2), numbered(3), numbered(4)};
  queue.push_bulk(more);
  queue.push_bulk(std::span<const WorkItem>());
  EXPECT_EQ(queue.size_approx(), 4u);
  EXPECT_EQ(queue.pop(consumer), numbered(1));
  std::array<WorkItem, 8> out;
  EXPECT_EQ(queue.pop_bulk(consumer, out), 3u);
  EXPECT_EQ(out[0], numbered(2));
  EXPECT_EQ(out[2], numbered(4));
  EXPECT_TRUE(queue.is_empty());
}

TEST(InjectQueue, AProducerOfItsOwnIsServedBesideTheOthers) {
  InjectQueue queue;
  InjectQueue::Consumer consumer(queue);
  {
    InjectQueue::Producer producer(queue);
    const std::array<WorkItem, 2> items{numbered(1), numbered(2)};
    queue.push_bulk(producer, items);
    queue.push(producer, numbered(3));
    queue.push_bulk(producer, std::span<const WorkItem>());
  }
  queue.push(numbered(4));
  std::array<WorkItem, 8> out;
  EXPECT_EQ(queue.pop_bulk(consumer, out), 4u) << "items survive their producer";
}

TEST(InjectQueue, NoProducerStarves) {
  InjectQueue queue;
  InjectQueue::Consumer consumer(queue);
  InjectQueue::Producer busy(queue);
  InjectQueue::Producer modest(queue);
  for (std::uint32_t i = 0; i < 2000; ++i) queue.push(busy, numbered(0));
  queue.push(modest, numbered(1));
  std::uint32_t pops = 1;
  while (queue.pop(consumer) != numbered(1)) {
    ASSERT_LT(++pops, 1000u) << "the second producer waits for the first to run dry";
    queue.push(busy, numbered(0));
  }
}

TEST(InjectQueue, EveryItemComesOutOnce) {
  constexpr std::uint32_t kProducers = 2;
  constexpr std::uint32_t kEach = 50'000;
  InjectQueue queue;
  std::vector<std::thread> producers;
  for (std::uint32_t p = 0; p < kProducers; ++p) {
    producers.emplace_back([&queue, p] {
      InjectQueue::Producer mine(queue);
      for (std::uint32_t i = 0; i < kEach; ++i) {
        const WorkItem item = numbered(p * kEach + i);
        i % 2 == 0 ? queue.push(mine, item) : queue.push(item);
      }
    });
  }
  std::vector<std::uint32_t> seen(kProducers * kEach, 0);
  InjectQueue::Consumer consumer(queue);
  std::array<WorkItem, 64> out;
  for (std::size_t total = 0; total < seen.size();) {
    const std::size_t count = queue.pop_bulk(consumer, out);
    for (std::size_t i = 0; i < count; ++i) ++seen[out[i].slot()];
    total += count;
  }
  for (std::thread& producer : producers) producer.join();
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], 1u) << "item " << i;
  EXPECT_TRUE(queue.is_empty());
}

}  // namespace
}  // namespace tenuto
