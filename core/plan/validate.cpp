#include "core/plan/validate.h"

#include "core/plan/analysis.h"

namespace tenuto {

Problems validate(const WorkflowSpec& spec) {
  return Analysis(spec).problems().take();
}

}  // namespace tenuto
