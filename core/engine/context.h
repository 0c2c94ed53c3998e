// What one thread needs to process runs: buffers that keep their memory, and its gate.
#pragma once

#include <memory>
#include <vector>

#include "core/base/sync.h"
#include "core/engine/gate.h"
#include "core/engine/retired.h"
#include "core/journal/batch_writer.h"
#include "core/machine/changes.h"
#include "core/machine/operands.h"
#include "core/sched/work_item.h"

namespace tenuto {

class Worker;

inline constexpr std::uint32_t kNobody = 0xFFFF'FFFF;

// Thread safety: one thread at a time, but for `gate` and `retired`.
struct Context {
  BatchWriter writer;
  Changes changes;
  Evaluation evaluation;
  std::vector<Offer>
      offers;  // made in this step, to be released at once: of pure tasks, and of what is durable
  std::vector<Effect> effects;  // of this step, to be gated
  std::vector<Effect> opened;   // scratch of opening gates
  GateQueue gate;               // open at all times where effects don't wait for the disk
  GateQueue durable_gate;       // of effects that wait for the disk whatever the durability is
  RetiredQueue retired;
  Position flushed;                 // the end of the newest batch of this context
  std::vector<std::uint32_t> held;  // see core/engine/held_runs.h
  std::vector<WorkItem> go_on;      // scratch of releasing them
  WallTime now;                     // when the step in hand began, or, of runs in order, ended
  std::int64_t busy_less = 0;       // of this step: what EngineCore::busy_ will go down by
  std::uint32_t steps_uncommitted = 0;
  bool commits_itself = false;  // the thread will commit right after: nobody need be woken
  Worker* worker = nullptr;     // the scheduler's worker that this thread is, if it is one
  // How long bodies may run in order here, in a row; 0: not at all. With it goes the ticket that they see.
  Nanos turn_ns = 0;
  std::uint32_t lent_ticket = Slab<Ticket>::kNone;
  // Slot of the run whose turns this thread takes itself (core/engine/attendant.h), and whether it has one.
  std::uint32_t attended = kNobody;
  bool holds_turn = false;
  std::uint32_t spans = 0;  // of bodies that ran in order here
};

// The contexts of one engine: one per worker, and as many for other threads as were ever in use at the same time.
//
// Thread safety: all functions by any thread.
class Contexts {
 public:
  explicit Contexts(std::size_t workers) {
    for (std::size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Context>());
  }
  [[nodiscard]] Context& of_worker(std::size_t index) const { return *workers_[index]; }

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

  // The runs of all contexts that have ended at or before `applied`; appends to `out`.
  void take_retired(Position applied, std::vector<RunRef>& out) TN_EXCLUDES(mutex_) {
    for (const auto& context : workers_) context->retired.take(applied, out);
    MutexLock lock(mutex_);
    for (const auto& context : others_) context->retired.take(applied, out);
  }
  // Opens every gate up to `upto`, and the durable ones up to `durable`; appends the effects to `out`.
  void open_gates(Position upto, Position durable, std::vector<Effect>& out) TN_EXCLUDES(mutex_) {
    const auto open = [&](Context& context) {
      context.gate.open(upto, out);
      context.durable_gate.open(durable, out);
    };
    for (const auto& context : workers_) open(*context);
    MutexLock lock(mutex_);
    for (const auto& context : others_) open(*context);
  }

 private:
  Context* borrow() TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (free_.empty()) {
      others_.push_back(std::make_unique<Context>());
      return others_.back().get();
    }
    Context* context = free_.back();
    free_.pop_back();
    return context;
  }
  void give_back(Context* context) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    free_.push_back(context);
  }

  std::vector<std::unique_ptr<Context>> workers_;  // fixed after construction
  Mutex mutex_;
  std::vector<std::unique_ptr<Context>> others_ TN_GUARDED_BY(mutex_);
  std::vector<Context*> free_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
