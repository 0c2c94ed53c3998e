// Definition text -> spec. Reports all problems, not the first.
#pragma once

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/plan/spec.h"

namespace tenuto {

// Parses the JSON form of docs/workflow-format.md. On failure the status is invalid_argument and its message is
// to_text() of all problems. Checks shape (words, types, bounds, durations), not meaning: see validate.h.
Result<WorkflowSpec> parse_workflow(ByteView text);

// Parses one object of policy keys, as `defaults` is; empty text says nothing. Problems as above.
Result<PolicySpec> parse_policy(ByteView text);

// Parses "90s", "1h30m", "2d", "10ms" into nanoseconds > 0.
Result<Nanos> parse_duration(ByteView text);

}  // namespace tenuto
