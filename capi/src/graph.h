// Workflows from the arrays of a host.
#pragma once

#include "core/base/status.h"
#include "core/plan/plan.h"
#include "tenuto/tenuto.h"

namespace tenuto::capi {

Result<PlanRef> compile_arrays(const tenuto_graph* graph);

}  // namespace tenuto::capi
