// The newest runs that a filter lets through.
//
// Ended runs come from their blocks, and a block that the filter or a full selection rules out by its zone map is not read.
// Live runs are looked at afterwards, newest first, and replayed only where nothing cheaper rules them out.
//
// Thread safety: that of View. Errors: those of View, and invalid_argument for a condition that is not true or false.
#pragma once

#include <string>
#include <vector>

#include "core/query/run_filter.h"
#include "core/query/view.h"

namespace tenuto {

struct SelectedRun {
  RunNumber number;
  std::string id;
  Bytes row;  // JSON, one line (core/query/run_row.h)
};

// At most filter.limit runs, newest first.
[[nodiscard]] Result<std::vector<SelectedRun>> select_runs(const View& view, const RunFilter& filter);

// True if an id begins with `prefix`; case counts only for ids that callers chose.
[[nodiscard]] bool id_begins_with(std::string_view id, bool chosen, std::string_view prefix);

}  // namespace tenuto
