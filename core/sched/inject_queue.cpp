#include "core/sched/inject_queue.h"

#include <concurrentqueue/concurrentqueue.h>

#include "core/base/check.h"

namespace tenuto {

struct InjectQueue::Impl {
  moodycamel::ConcurrentQueue<WorkItem> queue;
};

struct InjectQueue::Producer::Token {
  moodycamel::ProducerToken token;
};

struct InjectQueue::Consumer::Token {
  moodycamel::ConsumerToken token;
};

InjectQueue::Producer::Producer(InjectQueue& queue)
    : token_(new Token{moodycamel::ProducerToken(queue.impl_->queue)}) {}
InjectQueue::Producer::Producer(Producer&&) noexcept = default;
InjectQueue::Producer::~Producer() = default;

InjectQueue::Consumer::Consumer(InjectQueue& queue)
    : token_(new Token{moodycamel::ConsumerToken(queue.impl_->queue)}) {}
InjectQueue::Consumer::Consumer(Consumer&&) noexcept = default;
InjectQueue::Consumer::~Consumer() = default;

InjectQueue::InjectQueue() : impl_(std::make_unique<Impl>()) {}
InjectQueue::~InjectQueue() = default;

void InjectQueue::push(WorkItem item) {
  TN_CHECK(impl_->queue.enqueue(item));
}

void InjectQueue::push(Producer& producer, WorkItem item) {
  TN_CHECK(impl_->queue.enqueue(producer.token_->token, item));
}

void InjectQueue::push_bulk(std::span<const WorkItem> items) {
  if (items.empty()) return;
  TN_CHECK(impl_->queue.enqueue_bulk(items.data(), items.size()));
}

void InjectQueue::push_bulk(Producer& producer, std::span<const WorkItem> items) {
  if (items.empty()) return;
  TN_CHECK(impl_->queue.enqueue_bulk(producer.token_->token, items.data(), items.size()));
}

WorkItem InjectQueue::pop(Consumer& consumer) {
  WorkItem item;
  return impl_->queue.try_dequeue(consumer.token_->token, item) ? item : WorkItem();
}

std::size_t InjectQueue::pop_bulk(Consumer& consumer, std::span<WorkItem> out) {
  return impl_->queue.try_dequeue_bulk(consumer.token_->token, out.data(), out.size());
}

std::size_t InjectQueue::size_approx() const {
  return impl_->queue.size_approx();
}
bool InjectQueue::is_empty() const {
  return size_approx() == 0;
}

}  // namespace tenuto
