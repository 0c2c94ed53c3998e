// The recorded events of a run -> its state, with the times that the machine does not keep.
//
// Thread safety: a function without state.
#pragma once

#include <optional>
#include <vector>

#include "core/machine/state.h"
#include "core/query/view.h"

namespace tenuto {

// What happened to one node. Times are 0 when they have not come.
struct NodeTimes {
  WallTime started;                // of its first attempt whose body began
  WallTime ended;                  // when it reached a final state; not of nodes that were never reached
  std::uint32_t attempts = 0;      // that have ended
  std::optional<Failure> failure;  // of the last failed attempt, unless the node is done
  WallTime retry_at;               // of a node that waits for its next attempt
};

struct ReplayedRun {
  PlanRef plan;
  Run run;  // with rows
  RunStarted started;
  WallTime started_at;
  WallTime ended_at;             // 0: it is live
  std::vector<NodeTimes> nodes;  // as many as the plan has
};

// not_found; damaged when the events don't fit one after the other.
[[nodiscard]] Result<ReplayedRun> replay(const View& view, RunNumber run);

// What people are told: a run is waiting when it has nothing to start and waits for a time to come.
[[nodiscard]] RunState shown_state(const Run& run);

}  // namespace tenuto
