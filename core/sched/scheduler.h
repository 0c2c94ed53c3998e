// Runs work items on worker threads, or on none: a simulator calls worker(i).run_one() itself, in an order of
// its choice.
//
// The scheduler knows nothing of runs. Every item that was pushed or injected is executed exactly once,
// unless stop() comes first: what is still queued then is dropped. (Queues hold no state of their own:
// whatever is durable recreates its items when the store is opened again.)
//
// Lifecycle: constructed -> start() -> stop(). Without start() no thread exists and workers are driven by hand.
//
// Shutdown, in stop():
//   1. `stopping_` is set. From here on a worker executes the item it has, and takes no other.
//   2. Every worker gets a token from its parker, whether it sleeps, is about to, or works: none can sleep
//      through 1.
//   3. All threads are joined. After that no handler function runs.
//   4. Queued items stay where they are until the destructor, unexecuted; later injections join them.
// Guarded by: unit/sched scheduler_test (stop while working, while sleeping, twice, without start).
//
// Thread safety: inject, inject_bulk, post_idle_work by any thread during the object's life; start, stop and
// the destructor by one controlling thread, which is no worker.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "core/base/status.h"
#include "core/base/sync.h"
#include "core/sched/idle.h"
#include "core/sched/inject_queue.h"
#include "core/sched/work_item.h"
#include "core/sched/worker.h"

namespace tenuto {

// What the items mean. Called on worker threads, by several at once; must not throw.
struct Handler {
  virtual ~Handler() = default;
  virtual void execute(WorkItem item, Worker& worker) = 0;
  // Called when a worker found nothing to do, before it sleeps. True: did something, search again.
  virtual bool idle_work(Worker& worker) = 0;
};

struct SchedulerOptions {
  // How many threads start() creates, Idle::kWorkersMax at most. There is one worker per thread, and one even
  // for 0 threads.
  std::uint32_t threads = 1;
  // Where the choice of whom to steal from begins. The only randomness of the scheduler.
  std::uint64_t seed = 0;
};

class Scheduler {
 public:
  // `handler` outlives the scheduler.
  Scheduler(SchedulerOptions options, Handler& handler);
  ~Scheduler();  // stops
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Creates the threads, with all signals blocked that aren't faults of the thread itself: handlers of the
  // host never run on them. Codes: invalid_argument (too many threads), wrong_state (second start, or after
  // stop), no_memory (the machine refused a thread; none is left running, and the scheduler counts as
  // stopped).
  Status start();
  // See above. Does nothing the second time.
  void stop();
  // What a thread of start() does: works as worker `index` until stop().
  void run(std::uint32_t index);

  void inject(WorkItem item);
  // Wakes one worker for the whole batch; that one wakes the next.
  void inject_bulk(std::span<const WorkItem> items);

  // Announces that Handler::idle_work() has something to do. Some worker calls it after this; a sleeping one
  // is woken if nobody searches, a busy one calls it when it runs out of items.
  void post_idle_work();

  [[nodiscard]] std::uint32_t worker_count() const { return static_cast<std::uint32_t>(workers_.size()); }
  [[nodiscard]] Worker& worker(std::uint32_t index) { return *workers_[index]; }
  // Moments' pictures.
  [[nodiscard]] std::uint32_t parked_count() const { return idle_.parked_count(); }
  [[nodiscard]] bool has_idle_post() const { return idle_posted_.load(std::memory_order_relaxed); }

 private:
  friend class Worker;

  void thread_main(std::uint32_t index);
  [[nodiscard]] bool stopping() const;
  void wake_one(Visible how, CallSite at = CallSite::here());
  // Whether any item is queued, but for run-next slots. Takes nothing. See "look again" in idle.h.
  [[nodiscard]] bool is_item_pending() const;
  // Whether there is anything a sleeping worker should be woken for: an item or a post of idle work.
  [[nodiscard]] bool is_work_pending() const;
  // True once per post_idle_work(), or for several together.
  bool take_idle_post();

  const SchedulerOptions options_;
  Handler& handler_;
  InjectQueue injected_;
  Idle idle_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  bool started_ = false;
  alignas(64) Atomic<bool> idle_posted_{false};
  Atomic<bool> stopping_{false};
};

}  // namespace tenuto
