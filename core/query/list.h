// Runs as JSON lines.
//
// Thread safety: a function without state.
#pragma once

#include <string_view>

#include "core/query/view.h"

namespace tenuto {

// Newest first. `query` is JSON, or empty for all (core/query/run_filter.h). A row has id, number, workflow, hash, state,
// started, ended, labels, test, error ({type, message} or null), retries and tasks (how many are in each state).
// invalid_argument; those of View. `now` is the present, for what a query says relative to it.
[[nodiscard]] Result<Bytes> list_runs(const View& view, std::string_view query, WallTime now);

}  // namespace tenuto
