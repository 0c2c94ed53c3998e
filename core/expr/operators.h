// The operators of expressions. Each is total: an operand that is an error or skipped is passed on. Internal to
// core/expr.
#pragma once

#include "core/expr/parse.h"
#include "core/expr/value.h"

namespace tenuto::expr {

class Workspace;

// "+", "in", "&&" …
[[nodiscard]] ByteView op_text(BinaryOp op);

// Every binary operator but && and ||.
[[nodiscard]] Value apply_binary(Workspace& work, BinaryOp op, const Value& left, const Value& right);
// && (`absorbing` false) and || (`absorbing` true): the absorbing value wins over anything on the other side.
[[nodiscard]] Value join_logical(Workspace& work, bool absorbing, const Value& left, const Value& right);
[[nodiscard]] Value negate(Workspace& work, const Value& v);
[[nodiscard]] Value logical_not(Workspace& work, const Value& v);
// target.key and has(target.key); `key` is a string.
[[nodiscard]] Value select(Workspace& work, const Value& target, const Value& key);
[[nodiscard]] Value has_member(Workspace& work, const Value& target, const Value& key);
// target[key]
[[nodiscard]] Value index(Workspace& work, const Value& target, const Value& key);

}  // namespace tenuto::expr
