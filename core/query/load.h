// Single things from the state tables, by key.
//
// Thread safety: functions without state; PlanCache by any thread. Errors: damaged, newer_format, storage_error.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/status.h"
#include "core/base/sync.h"
#include "core/journal/command_row.h"
#include "core/machine/event.h"
#include "core/plan/plan.h"
#include "core/store/state.h"

namespace tenuto {

// Plans by hash, compiled at first use. A definition never changes under its hash, so nothing is ever stale.
class PlanCache {
 public:
  // not_found when the tables don't have it. `state` is read at the first use of a hash only.
  Result<PlanRef> get(const StateRead& state, const WorkflowHash& hash) TN_EXCLUDES(mutex_);
  // For definitions that stand in the journal's tail.
  Result<PlanRef> add(const WorkflowHash& hash, ByteView definition) TN_EXCLUDES(mutex_);
  [[nodiscard]] PlanRef find(const WorkflowHash& hash) const TN_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::unordered_map<WorkflowHash, PlanRef> plans_ TN_GUARDED_BY(mutex_);
};

// The run behind a caller-chosen id.
Result<std::optional<RunNumber>> find_chosen_id(const StateRead& state, std::string_view id);

// Calls `visit(event) -> bool` (false: enough) for the events of a run that are in the tables, oldest first. The event lives as
// long as the call. damaged also when a part in the middle is missing.
Status for_each_event(const StateRead& state, RunNumber run, const std::function<bool(const Event&)>& visit);

// Every event of a run that is in the tables, oldest first; empty when there is none. damaged also when the end is missing.
Result<std::vector<Event>> load_events(const StateRead& state, RunNumber run);

// The first event of a run; not_found when the tables have nothing of it.
Result<RunStarted> load_started(const StateRead& state, RunNumber run);

struct EndedRun {
  RunEnded event;
  std::string culprit;  // path of the node that failed; may be empty
  std::uint32_t culprit_attempt = 0;
};
// How a run ended; not_found when the tables have no end of it.
Result<EndedRun> load_ended(const StateRead& state, RunNumber run, PlanCache& plans);

// What became of a command.
Result<std::optional<CommandOutcome>> load_command(const StateRead& state, const CommandId& command);

}  // namespace tenuto
