// That the simulator finds what it must: planted bugs, crashes, uneven executions; and that it shrinks them.
#pragma once

#include <cstdint>

namespace tenuto::testing {

struct Totals {
  std::uint64_t inputs = 0;
  std::uint64_t violations = 0;
  std::uint64_t crashes = 0;
};

// A violation is a bug that was not found.
[[nodiscard]] Totals test_plants();
// A violation is a case that did not become small.
[[nodiscard]] Totals test_shrinking();

}  // namespace tenuto::testing
