// What one thread needs to process runs: buffers that keep their memory, and its gate.
#pragma once

#include <memory>
#include <vector>

#include "core/base/sync.h"
#include "core/engine/gate.h"
#include "core/journal/batch_writer.h"
#include "core/machine/changes.h"
#include "core/machine/operands.h"

namespace tenuto {

class Worker;

// Thread safety: one thread at a time, but for `gate`.
struct Context {
  BatchWriter writer;
  Changes changes;
  Evaluation evaluation;
  std::vector<TicketToken> offers;  // made in this step, to be released or gated
  std::vector<Effect> effects;      // of this step, to be gated
  std::vector<Effect> opened;       // scratch of opening gates
  GateQueue gate;
  Worker* worker = nullptr;         // the scheduler's worker that this thread is, if it is one
};

// The contexts of one engine: one per worker, and as many for other threads as were ever in use at the same time.
class Contexts {
 public:
  explicit Contexts(std::size_t workers) {
    for (std::size_t i = 0; i < workers; ++i) all_.push_back(std::make_unique<Context>());
    worker_count_ = workers;
  }
  [[nodiscard]] Context& of_worker(std::size_t index) { return *all_[index]; }

  // Lends a context to a thread that is no worker.
  class Lease {
   public:
    explicit Lease(Contexts& contexts) : contexts_(contexts), context_(contexts.borrow()) {}
    ~Lease() { contexts_.give_back(context_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Context& operator*() { return *context_; }

   private:
    Contexts& contexts_;
    Context* context_;
  };

  // Calls `visit(Context&)` for every context there is. Gates may be used; the rest belongs to its thread.
  template <class Visit>
  void for_each(Visit&& visit) TN_EXCLUDES(mutex_) {
    std::size_t count;
    {
      MutexLock lock(mutex_);
      count = all_.size();
    }
    for (std::size_t i = 0; i < count; ++i) visit(at(i));
  }

 private:
  Context& at(std::size_t i) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return *all_[i];
  }
  Context* borrow() TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.empty()) {
      all_.push_back(std::make_unique<Context>());
      return all_.back().get();
    }
    Context* context = free_.back();
    free_.pop_back();
    return context;
  }
  void give_back(Context* context) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    free_.push_back(context);
  }

  Mutex mutex_;
  // Only grows; the first worker_count_ never move and are read by their workers without the lock.
  std::deque<std::unique_ptr<Context>> all_;
  std::vector<Context*> free_ TN_GUARDED_BY(mutex_);
  std::size_t worker_count_ = 0;
};

}  // namespace tenuto
