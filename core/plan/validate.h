// The rules of docs/workflow-format.md beyond the shape of a definition: names, references, arms, cycles, limits.
#pragma once

#include "core/plan/spec.h"

namespace tenuto {

// Everything that is wrong with `spec`, at most ProblemSink::kKeptMax problems and one that counts the others; empty
// exactly if compile_workflow() can compile it.
[[nodiscard]] Problems validate(const WorkflowSpec& spec);

}  // namespace tenuto
