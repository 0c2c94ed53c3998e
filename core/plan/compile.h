// Spec -> plan: names become dense indices, references become edges, expressions become programs.
#pragma once

#include "core/base/status.h"
#include "core/plan/plan.h"
#include "core/plan/spec.h"

namespace tenuto {

// Validates and compiles. On failure the status is invalid_argument and its message is to_text() of all problems.
Result<PlanRef> compile_workflow(const WorkflowSpec& spec);

// parse_workflow, then compile_workflow.
Result<PlanRef> compile_workflow_text(ByteView text);

}  // namespace tenuto
