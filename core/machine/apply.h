// (state, event) -> state. Total over the events of a run that decide() and follow_up() can make, in any order in which
// they can make them; this is replay.
#pragma once

#include "core/base/status.h"
#include "core/machine/changes.h"
#include "core/machine/event.h"
#include "core/machine/state.h"

namespace tenuto {

// The state of a run that has just started: in order. `plan` is the one that `started` names, and outlives the run.
[[nodiscard]] Run begin_run(RunNumber number, const PlanRef& plan, const RunStarted& started);
Run begin_run(RunNumber number, PlanRef&& plan, const RunStarted& started) = delete;  // the plan would go

// Moves `run` on by one recorded event, other than run_started, and adds what that made possible to `changes`. What may start in
// a run that was in order is not among it: it was possible before, and outstanding() lists it.
// `damaged` when the event does not fit the state: impossible for a history that this machine wrote, so the history is
// not whole. The run is then unchanged, but for its form.
Status apply(Run& run, const Event& event, Changes& changes);

}  // namespace tenuto
