// The metrics of a store over a window of time, as docs/operations.md defines them.
//
// Thread safety: a function without state.
#pragma once

#include <string_view>

#include "core/query/view.h"

namespace tenuto {

// One JSON object. `query` is JSON, or empty for all: {"workflow", "since", "until"}. The window holds the runs that ended
// in it, test runs left out; with a `since` the window of equal length before it stands beside it as `previous`, otherwise that is
// null. `now` ends an open window and ages open runs. invalid_argument; those of View.
[[nodiscard]] Result<Bytes> run_stats(const View& view, std::string_view query, WallTime now);

}  // namespace tenuto
