// Simulations in child processes: a crash ends one of them, is counted, and the next seed goes on.
#pragma once

#include <functional>
#include <string>

#include "tests/sim/simulation.h"

namespace tenuto::testing {

// What came of one seed.
struct Verdict {
  enum class Kind : std::uint8_t { fine, violation, crash };
  Kind kind = Kind::fine;
  std::string text;         // what is wrong
  std::uint64_t steps = 0;  // until then; not of a crash
  Tally tally;
};

// Simulates `options.seed` and `count - 1` more, each in one of a few child processes, `twice` comparing the traces.
// `visit(seed, verdict)` is called in the order of the seeds; false: enough.
void simulate_apart(SimOptions options, std::uint64_t count, bool twice,
                    const std::function<bool(std::uint64_t, const Verdict&)>& visit);
// One seed.
[[nodiscard]] Verdict simulate_apart(const SimOptions& options, bool twice);

// The options as arguments of the program.
[[nodiscard]] std::string arguments_of(const SimOptions& options);

}  // namespace tenuto::testing
