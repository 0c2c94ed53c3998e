// One worker of a scheduler: a deque, a run-next slot, and run_one(), which finds an item and hands it to the
// handler.
//
// Where run_one() looks, in this order:
//   1. every kInjectionInterval items, for fairness: the injection queue; half an interval later its own
//      oldest item
//   2. the run-next slot, at most kRunNextStreakMax times in a row
//   3. its own deque, youngest first
//   4. the injection queue, a batch: the rest goes into its deque
//   5. as a searcher (see idle.h): the deques of the others, from a random one on, up to half of what is
//      there
//   6. Handler::idle_work()
//
// Thread safety: all functions by the thread that runs the worker (its own, or the one thread of a
// simulator), which is where Handler::execute() and idle_work() are called.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/random.h"
#include "core/base/sync.h"
#include "core/sched/deque.h"
#include "core/sched/inject_queue.h"
#include "core/sched/parker.h"
#include "core/sched/work_item.h"

namespace tenuto {

class Scheduler;

class Worker {
 public:
  Worker(Scheduler& scheduler, std::uint32_t index, std::uint64_t seed);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] Scheduler& scheduler() { return scheduler_; }

  // Work for this worker that others may steal. Wakes a sleeper if nobody searches, once per call.
  void push(WorkItem item);
  void push_bulk(std::span<const WorkItem> items);

  // `item` runs next on this worker, its data still in the cache; an item that was there goes into the deque.
  // Others can't steal it, so it must not be set by what goes on running for long. After kRunNextStreakMax
  // uses in a row it queues like any other item.
  void set_next(WorkItem item);

  // `item` goes to the end of the injection queue: what has run long enough lets all others go first.
  void push_global(WorkItem item);

  // For a handler that executes several items of one kind in one call: the next one of this worker's own, or none when something
  // else is due.
  [[nodiscard]] WorkItem take_more(WorkKind kind);

  // Finds one item and executes it, or does idle work. False: there was nothing to do. (True without having
  // done anything when work turned up during the search: call again.)
  bool run_one();

 private:
  friend class Scheduler;

  // The thread's loop body: run_one(), and when there is nothing, spins a little and sleeps until woken.
  void run_one_or_park();
  // True: there may be something, don't sleep yet.
  [[nodiscard]] bool spin();
  void park();

  [[nodiscard]] WorkItem find_work();
  [[nodiscard]] WorkItem take_for_fairness();
  [[nodiscard]] WorkItem take_next();
  [[nodiscard]] WorkItem take_injected_batch();
  [[nodiscard]] WorkItem search();
  [[nodiscard]] WorkItem steal_from(Worker& victim);

  [[nodiscard]] bool start_searching();
  // After work was found: the last searcher wakes another worker.
  void stop_searching_with_work();
  // After none was found. True: this was the last searcher and there is an item after all.
  [[nodiscard]] bool stop_searching_without_work();

  Scheduler& scheduler_;
  const std::uint32_t index_;
  Random random_;
  InjectQueue::Producer producer_;
  InjectQueue::Consumer consumer_;
  WorkItem next_;
  std::uint32_t next_streak_ = 0;
  std::uint32_t tick_ = 0;  // counts items; wraps
  bool searching_ = false;
  Deque deque_;    // the only member that other workers touch, with
  Parker parker_;  // this one
};

}  // namespace tenuto
