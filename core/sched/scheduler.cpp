#include "core/sched/scheduler.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "core/base/check.h"
#include "core/base/fork_guard.h"

namespace tenuto {
namespace {

// Blocks signals on this thread while it lives; threads created meanwhile inherit the mask, without a gap.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    // A fault must reach the host's crash handler on the thread that faulted; blocked, it would only kill
    // without report.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

std::uint32_t worker_count_for(const SchedulerOptions& options) {
  return std::clamp<std::uint32_t>(options.threads, 1, Idle::kWorkersMax);
}

}  // namespace

Scheduler::Scheduler(SchedulerOptions options, Handler& handler)
    : options_(options), handler_(handler), idle_(worker_count_for(options)) {
  for (std::uint32_t i = 0; i < worker_count_for(options); ++i) {
    workers_.push_back(std::make_unique<Worker>(*this, i, options.seed));
  }
}

Scheduler::~Scheduler() {
  stop();
}

Status Scheduler::start() {
  if (options_.threads > Idle::kWorkersMax) {
    return Status(Code::invalid_argument, "scheduler: " + std::to_string(options_.threads) +
                                              " threads are too many; choose " +
                                              std::to_string(Idle::kWorkersMax) + " or fewer");
  }
  if (started_ || stopping()) {
    return Status(Code::wrong_state, "scheduler: it was started or stopped before; create a new one");
  }
  started_ = true;
  const SignalsBlocked blocked;
  for (std::uint32_t i = 0; i < options_.threads; ++i) {
    try {
      threads_.emplace_back([this, i] { thread_main(i); });
    } catch (const std::system_error& error) {
      stop();
      return Status(Code::no_memory, "scheduler: the system refused worker thread " + std::to_string(i + 1) +
                                         " of " + std::to_string(options_.threads) + " (" +
                                         error.code().message() +
                                         "); ask for fewer threads or raise the process limit");
    }
  }
  return Status();
}

void Scheduler::stop() {
  // Step 1. Relaxed: a sleeper sees it by the token of step 2, and nothing is handed over.
  stopping_.store(true, std::memory_order_relaxed);
  for (const auto& worker : workers_) worker->parker_.unpark();  // step 2
  for (std::thread& thread : threads_) {                         // step 3
    TN_CHECK(thread.get_id() != std::this_thread::get_id());
    thread.join();
  }
  threads_.clear();
}

void Scheduler::thread_main(std::uint32_t index) {
  pthread_setname_np(pthread_self(), ("tenuto-" + std::to_string(index)).c_str());
  try {
    run(index);
  } catch (const fork_guard::CameBack&) {  // in a child that was forked in a body: it has no other workers
  }
}

void Scheduler::run(std::uint32_t index) {
  while (!stopping()) workers_[index]->run_one_or_park();
}

bool Scheduler::stopping() const {
  return stopping_.load(std::memory_order_relaxed);
}

void Scheduler::inject(WorkItem item) {
  injected_.push(item);
  wake_one(Visible::by_release);
}

void Scheduler::inject_bulk(std::span<const WorkItem> items) {
  if (items.empty()) return;
  injected_.push_bulk(items);
  wake_one(Visible::by_release);
}

void Scheduler::post_idle_work() {
  // Release: pairs with take_idle_post(). An exchange, so that of two posts that merge the later is part of the earlier one's release
  // sequence and carries on what it released.
  idle_posted_.exchange(true, std::memory_order_release);
  wake_one(Visible::by_release);
}

bool Scheduler::take_idle_post() {
  // The plain load keeps idle workers from writing a shared line for nothing.
  if (!idle_posted_.load(std::memory_order_relaxed)) return false;
  return idle_posted_.exchange(false, std::memory_order_acquire);
}

void Scheduler::wake_one(Visible how, CallSite at) {
  if (model_drops_wake_up(at)) return;
  if (const auto worker = idle_.parked_to_searching(how)) workers_[*worker]->parker_.unpark();
}

bool Scheduler::is_item_pending() const {
  if (!injected_.is_empty()) return true;
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const std::unique_ptr<Worker>& worker) { return !worker->deque_.is_empty(); });
}

bool Scheduler::is_work_pending() const {
  // Relaxed: what Idle promises makes the post visible; take_idle_post() acquires it.
  return idle_posted_.load(std::memory_order_relaxed) || is_item_pending();
}

}  // namespace tenuto
