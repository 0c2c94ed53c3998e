// Finishes the steps of several runs together: their records are one batch of the ring, and what other threads look at (gates,
// queues, the scheduler) is touched once for all of them. So of a short run little is left but its own work.
//
// A run is held from the end of its step until release(): we are its mailbox's processor, its records are in the context, and
// nothing else of it is pending. Messages that come meanwhile wait in its mailbox, so who holds runs must release them soon: at the
// latest before anything that may take long.
//
// Thread safety: one thread, that of the context.
#pragma once

#include <vector>

#include "core/engine/processor.h"

namespace tenuto {

class EngineCore::HeldRuns {
 public:
  HeldRuns(EngineCore& core, Context& context) : core_(core), context_(context) {}
  ~HeldRuns() { TN_DCHECK(slots_.empty()); }
  HeldRuns(const HeldRuns&) = delete;
  HeldRuns& operator=(const HeldRuns&) = delete;

  // Begins a run whose mailbox was claimed.
  void begin(std::uint32_t slot, StartRun&& start) {
    if (Processor(core_, slot, context_).begin_held(std::move(start))) slots_.push_back(slot);
  }
  // Drains the mailbox of a run, at the time `now` or a later one. The run was this worker's by then, so nothing of it is younger.
  void drain(std::uint32_t slot, WallTime now) {
    if (Processor(core_, slot, context_).drain_held(now)) slots_.push_back(slot);
  }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

  // Appends the records; then the runs go on, retire, or wait for messages.
  void release();

 private:
  void let_go(std::uint32_t slot);

  EngineCore& core_;
  Context& context_;
  std::vector<std::uint32_t>& slots_ = context_.held;
};

}  // namespace tenuto
