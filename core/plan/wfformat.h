// Imports WfCommons WfFormat documents, versions 1.5 and 1.4.
#pragma once

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/plan/spec.h"

namespace tenuto {

// Each task of the document becomes a task named by its id, with `use: action`, `with: {id, name}` and its parents as
// `needs`. (Names may repeat in WfFormat; ids may not. Documents of 1.4 may leave out ids and refer to tasks by name.)
// On failure the status is invalid_argument: no JSON, no WfFormat, an id given twice, an unknown parent or child,
// parents and children that do not agree. Cycles are found by compile_workflow().
[[nodiscard]] Result<WorkflowSpec> parse_wfformat(ByteView document, ByteView action);

}  // namespace tenuto
