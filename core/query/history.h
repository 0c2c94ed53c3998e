// The recorded events of a run as JSON lines.
//
// Thread safety: a function without state.
#pragma once

#include "core/query/view.h"

namespace tenuto {

// One object a line, oldest first: at, event, node and attempt where there are some, and the fields of the event. not_found.
[[nodiscard]] Result<Bytes> history_lines(const View& view, RunNumber run);

}  // namespace tenuto
