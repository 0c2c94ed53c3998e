// The live runs of the state tables -> their events, run by run; several threads may share the work.
//
// Thread safety: a function; it calls each visitor by one thread at a time, different ones at the same time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/base/status.h"
#include "core/machine/event.h"
#include "core/store/state.h"

namespace tenuto {

class RunVisitor {
 public:
  virtual ~RunVisitor() = default;
  // An event of a live run up to the watermark; those of one run come in a row, in order, and all to the same visitor. It
  // lives as long as the call.
  virtual Status on_run_event(const Event& event) = 0;
  // There are no more for it: by the thread that called it last, also after a problem.
  virtual void on_runs_end() {}
};

// Does all the jobs and returns when they are done: one after the other, or at the same time.
using DoJobs = std::function<void(std::span<const std::function<void()>> jobs)>;

struct LiveRunsVisited {
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
};

// One job per visitor. `read` is a transaction of the calling thread, which sees what a new one would. damaged, newer_format,
// storage_error, and what a visitor returns; of several problems the one of the lowest run.
[[nodiscard]] Result<LiveRunsVisited> visit_live_runs(const State& state, const StateRead& read,
                                                      std::span<RunVisitor* const> visitors,
                                                      const DoJobs& do_jobs);

}  // namespace tenuto
