// Errors of evaluations as text for people. Internal to core/expr.
#pragma once

#include "core/expr/bytecode.h"
#include "core/expr/workspace.h"

namespace tenuto::expr {

// "line 1, column 14: no such key `role` in `input.person`"; `code` is the program that ran.
[[nodiscard]] Bytes error_text(const Bytecode& code, const Error& error);

}  // namespace tenuto::expr
