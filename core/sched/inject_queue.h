// The queue for work that doesn't come from a worker's own deque: starts and signals from host threads, and
// runs that yield. moodycamel's ConcurrentQueue behind six verbs: push, push_bulk, pop, pop_bulk, is_empty,
// size_approx.
//
// Order: first in, first out per producer. Consumers rotate over the producers, so that none starves.
//
// Thread safety: all functions by any thread; a Producer or Consumer by one thread at a time. Both hold a
// place in the queue and must be gone before it is.
//
// A worker that failed to pop has learnt nothing: an attempt of another thread that fails at the same moment
// can hide an item from it for an instant. Before sleeping it asks is_empty(), which has no such gap (see
// there).
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "core/sched/work_item.h"

namespace tenuto {

class InjectQueue {
 public:
  // A queue of its own inside the queue: faster for a thread that pushes often, and lets it keep its order.
  class Producer {
   public:
    explicit Producer(InjectQueue& queue);
    Producer(Producer&&) noexcept;
    ~Producer();

   private:
    friend class InjectQueue;
    struct Token;
    std::unique_ptr<Token> token_;
  };

  // Remembers which producer is served next.
  class Consumer {
   public:
    explicit Consumer(InjectQueue& queue);
    Consumer(Consumer&&) noexcept;
    ~Consumer();

   private:
    friend class InjectQueue;
    struct Token;
    std::unique_ptr<Token> token_;
  };

  InjectQueue();
  ~InjectQueue();
  InjectQueue(const InjectQueue&) = delete;
  InjectQueue& operator=(const InjectQueue&) = delete;

  // Fatal when memory runs out: to drop work here would lose a run until the next restart.
  void push(WorkItem item);
  void push(Producer& producer, WorkItem item);
  void push_bulk(std::span<const WorkItem> items);
  void push_bulk(Producer& producer, std::span<const WorkItem> items);

  // None when the queue looked empty.
  [[nodiscard]] WorkItem pop(Consumer& consumer);
  // Fills the front of `out`; returns how many.
  [[nodiscard]] std::size_t pop_bulk(Consumer& consumer, std::span<WorkItem> out);

  // False whenever an item is present whose push happened before this call and that no pop has claimed: both
  // come from the indices of the producers, which only successful pops move.
  [[nodiscard]] bool is_empty() const;
  // Exact when nothing moves.
  [[nodiscard]] std::size_t size_approx() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tenuto
