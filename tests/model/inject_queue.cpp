// core/sched/inject_queue.h in model programs: what its contract promises and no more, in place of a library that the explorer
// can't look into. Pushes come one at a time; what they order is handed over by release and acquire.
#include "core/sched/inject_queue.h"

#include <array>

#include "core/base/sync.h"

namespace tenuto {

struct InjectQueue::Impl {
  static constexpr std::size_t kItemsMax = 8;
  Mutex pushing;
  std::array<testing::Plain<std::uint64_t>, kItemsMax> items;
  Atomic<std::size_t> tail{0};
  Atomic<std::size_t> head{0};
};
struct InjectQueue::Producer::Token {};
struct InjectQueue::Consumer::Token {};

InjectQueue::Producer::Producer(InjectQueue&) {}
InjectQueue::Producer::Producer(Producer&&) noexcept = default;
InjectQueue::Producer::~Producer() = default;
InjectQueue::Consumer::Consumer(InjectQueue&) {}
InjectQueue::Consumer::Consumer(Consumer&&) noexcept = default;
InjectQueue::Consumer::~Consumer() = default;
InjectQueue::InjectQueue() : impl_(std::make_unique<Impl>()) {}
InjectQueue::~InjectQueue() = default;

void InjectQueue::push(WorkItem item) {
  push_bulk(std::span<const WorkItem>(&item, 1));
}
void InjectQueue::push(Producer&, WorkItem item) {
  push(item);
}
void InjectQueue::push_bulk(Producer&, std::span<const WorkItem> items) {
  push_bulk(items);
}
void InjectQueue::push_bulk(std::span<const WorkItem> items) {
  const MutexLock lock(impl_->pushing);
  const std::size_t tail = impl_->tail.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < items.size(); ++i) impl_->items.at(tail + i) = items[i].word;
  impl_->tail.store(tail + items.size(), std::memory_order_release);
}

WorkItem InjectQueue::pop(Consumer&) {
  std::size_t head = impl_->head.load(std::memory_order_relaxed);
  if (head >= impl_->tail.load(std::memory_order_acquire)) return WorkItem();
  // Fails when another pop came first: then this one has learnt nothing.
  if (!impl_->head.compare_exchange_strong(head, head + 1, std::memory_order_relaxed)) return WorkItem();
  return WorkItem(impl_->items.at(head));
}
std::size_t InjectQueue::pop_bulk(Consumer& consumer, std::span<WorkItem> out) {
  std::size_t count = 0;
  while (count < out.size()) {
    const WorkItem item = pop(consumer);
    if (item.is_none()) break;
    out[count++] = item;
  }
  return count;
}

std::size_t InjectQueue::size_approx() const {
  const std::size_t head = impl_->head.load(std::memory_order_relaxed);
  const std::size_t tail = impl_->tail.load(std::memory_order_relaxed);
  return tail > head ? tail - head : 0;
}
bool InjectQueue::is_empty() const {
  return size_approx() == 0;
}

}  // namespace tenuto
