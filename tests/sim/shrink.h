// A smaller case that fails in the same way.
#pragma once

#include "tests/sim/campaign.h"

namespace tenuto::testing {

// How large a case is.
struct CaseSize {
  std::size_t steps = 0;  // that are not passed over
  std::size_t runs = 0;
  std::size_t nodes = 0;  // of all workflows
};
[[nodiscard]] CaseSize size_of(const SimOptions& options);

// `found` is what came of `options`. Leaves out runs, nodes of workflows and steps, as long as the same goes wrong.
[[nodiscard]] SimOptions shrink(SimOptions options, const Verdict& found, bool twice);

}  // namespace tenuto::testing
