// A run as it is once it has left its order: what most tests of the machine look at.
#pragma once

#include "core/machine/apply.h"
#include "core/machine/outstanding.h"

namespace tenuto::testing {

// `changes` receives what may start.
[[nodiscard]] inline Run begin_with_rows(RunNumber number, const PlanRef& plan, const RunStarted& started,
                                         Changes& changes) {
  Run run = begin_run(number, plan, started);
  leave_order(run);
  outstanding(run, changes);
  return run;
}

}  // namespace tenuto::testing
