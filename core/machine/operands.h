// What expressions see of a run: its input and the results of its nodes.
#pragma once

#include "core/base/status.h"
#include "core/expr/eval.h"
#include "core/machine/state.h"

namespace tenuto {

// Evaluator and operand buffer of one thread, used again by each evaluation.
struct Evaluation {
  expr::Evaluator evaluator;
  std::vector<expr::Operand> operands;
};

// The argument object of a ready task. Pure: the same state gives the same bytes. Fails when an expression does (a key
// that is not there, a wrong type) or when the value is too large.
[[nodiscard]] Result<Payload> argument_of(const Run& run, TaskIndex task, Evaluation& evaluation);

// The output of a run whose nodes have all ended; skipped values count as null.
[[nodiscard]] Result<Payload> output_of(const Run& run, Evaluation& evaluation);

// The first arm whose condition holds, or SwitchChosen::kNoArm. Fails when a condition does.
[[nodiscard]] Result<std::uint32_t> choose_arm(const Run& run, TaskIndex switch_node, Evaluation& evaluation);

}  // namespace tenuto
