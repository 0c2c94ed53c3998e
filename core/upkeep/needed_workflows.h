// Which definitions of workflows the runs of a store need.
//
// Thread safety: a function; nobody may own the store meanwhile.
#pragma once

#include <unordered_set>

#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/store/log.h"
#include "core/store/state.h"

namespace tenuto {

// Those of live and of ended runs, and of runs that start in the journal behind the tables; damaged, newer_format.
[[nodiscard]] Result<std::unordered_set<WorkflowHash>> needed_workflows(const StateRead& tables,
                                                                        const Log& log);

}  // namespace tenuto
