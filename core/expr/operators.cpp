#include "core/expr/operators.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/check.h"
#include "core/expr/collections.h"
#include "core/expr/workspace.h"

namespace tenuto::expr {
namespace {

Value no_overload(Workspace& work, BinaryOp op, const Value& left, const Value& right) {
  return work.fail(ErrorKind::no_overload, op_text(op), left, right);
}

Value integer_arithmetic(Workspace& work, BinaryOp op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case BinaryOp::add:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case BinaryOp::subtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case BinaryOp::multiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    default:
      if (b == 0) return work.fail(ErrorKind::divided_by_zero, op_text(op));
      overflow = b == -1 && a == std::numeric_limits<std::int64_t>::min();
      if (!overflow) result = op == BinaryOp::divide ? a / b : a % b;
  }
  return overflow ? work.fail(ErrorKind::overflow, op_text(op)) : Value::of(result);
}

Value arithmetic(Workspace& work, BinaryOp op, const Value& left, const Value& right) {
  if (left.kind == ValueKind::integer && right.kind == ValueKind::integer) {
    return integer_arithmetic(work, op, left.integer, right.integer);
  }
  if (left.is_numeric() && right.is_numeric() && op != BinaryOp::modulo) {
    const double a = left.as_double();
    const double b = right.as_double();
    switch (op) {
      case BinaryOp::add:
        return Value::of(a + b);
      case BinaryOp::subtract:
        return Value::of(a - b);
      case BinaryOp::multiply:
        return Value::of(a * b);
      default:
        return Value::of(a / b);
    }
  }
  if (op == BinaryOp::add && left.kind == right.kind) {
    if (left.kind == ValueKind::string) return concatenate_strings(work, left, right);
    if (left.kind == ValueKind::list) return concatenate_lists(work, left, right);
  }
  return no_overload(work, op, left, right);
}

template <class T>
Value ordered(BinaryOp op, const T& a, const T& b) {
  switch (op) {
    case BinaryOp::less:
      return Value::of(a < b);
    case BinaryOp::less_equal:
      return Value::of(a <= b);
    case BinaryOp::greater:
      return Value::of(a > b);
    default:
      return Value::of(a >= b);
  }
}

Value order(Workspace& work, BinaryOp op, const Value& left, const Value& right) {
  if (left.is_numeric() && right.is_numeric()) {
    if (left.kind == right.kind && left.kind == ValueKind::integer)
      return ordered(op, left.integer, right.integer);
    return ordered(op, left.as_double(), right.as_double());
  }
  if (left.kind == right.kind && left.kind == ValueKind::boolean)
    return ordered(op, left.boolean, right.boolean);
  if (left.kind == right.kind && left.kind == ValueKind::string) {
    if (!work.charge_bytes(std::min(left.size, right.size))) return work.out_of_steps();
    return ordered(op, left.as_text(),
                   right.as_text());  // in UTF-8, the order of bytes is that of code points
  }
  return no_overload(work, op, left, right);
}

Value item_at(Workspace& work, const Value& list, const Value& key) {
  std::int64_t at = -1;
  if (key.kind == ValueKind::integer) {
    at = key.integer;
  } else if (key.kind == ValueKind::number && key.number >= 0 && key.number < 4294967296.0 &&
             key.number == std::floor(key.number)) {
    at = static_cast<std::int64_t>(key.number);
  } else {
    return work.fail(ErrorKind::no_overload, "[]", list, key);
  }
  if (at < 0 || at >= list.size) return work.fail(ErrorKind::no_index, {}, Value::of(at), list);
  const auto position = static_cast<std::uint32_t>(at);
  if (!list.of_json) return list.items[position];
  if (!work.charge(1 + position / 8)) return work.out_of_steps();
  return Value::of(list.json->at(position));
}

}  // namespace

ByteView op_text(BinaryOp op) {
  constexpr std::array<ByteView, 14> kTexts = {
      "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"};
  return kTexts[static_cast<std::size_t>(op)];
}

Value apply_binary(Workspace& work, BinaryOp op, const Value& left, const Value& right) {
  if (!left.is_usable() || !right.is_usable()) return first_unusable(std::array{left, right});
  switch (op) {
    case BinaryOp::equal:
      return equal(work, left, right);
    case BinaryOp::not_equal: {
      const Value same = equal(work, left, right);
      return same.kind == ValueKind::boolean ? Value::of(!same.boolean) : same;
    }
    case BinaryOp::in:
      if (right.kind == ValueKind::list || right.kind == ValueKind::map) return contains(work, left, right);
      return no_overload(work, op, left, right);
    default:
      break;
  }
  if (left.kind == ValueKind::big || right.kind == ValueKind::big) {
    return work.fail(ErrorKind::big_number, {}, left.kind == ValueKind::big ? left : right);
  }
  const bool ordering = op == BinaryOp::less || op == BinaryOp::less_equal || op == BinaryOp::greater ||
                        op == BinaryOp::greater_equal;
  return ordering ? order(work, op, left, right) : arithmetic(work, op, left, right);
}

Value join_logical(Workspace& work, bool absorbing, const Value& left, const Value& right) {
  for (const Value* v : {&left, &right}) {
    if (v->kind == ValueKind::boolean && v->boolean == absorbing) return *v;
  }
  if (!left.is_usable() || !right.is_usable()) {
    // A wrong type beside a skipped value is an error all the same: order must not matter.
    for (const Value* v : {&left, &right}) {
      if (v->is_usable() && v->kind != ValueKind::boolean) return work.fail(ErrorKind::not_boolean, {}, *v);
      if (v->kind == ValueKind::error) return *v;
    }
    return first_unusable(std::array{left, right});
  }
  for (const Value* v : {&left, &right}) {
    if (v->kind != ValueKind::boolean) return work.fail(ErrorKind::not_boolean, {}, *v);
  }
  return Value::of(!absorbing);
}

Value negate(Workspace& work, const Value& v) {
  if (!v.is_usable()) return v;
  if (v.kind == ValueKind::number) return Value::of(-v.number);
  if (v.kind == ValueKind::big) return work.fail(ErrorKind::big_number, {}, v);
  if (v.kind != ValueKind::integer) return work.fail(ErrorKind::no_overload, "-", v, {}, true);
  if (v.integer == std::numeric_limits<std::int64_t>::min()) return work.fail(ErrorKind::overflow, "-");
  return Value::of(-v.integer);
}

Value logical_not(Workspace& work, const Value& v) {
  if (!v.is_usable()) return v;
  if (v.kind != ValueKind::boolean) return work.fail(ErrorKind::not_boolean, {}, v);
  return Value::of(!v.boolean);
}

Value select(Workspace& work, const Value& target, const Value& key) {
  if (!target.is_usable()) return target;
  if (target.kind != ValueKind::map) return work.fail(ErrorKind::no_member, key.as_text(), target);
  const std::optional<Value> found = find_key(work, target, key);
  return found.has_value() ? *found : work.fail(ErrorKind::no_key, {}, key);
}

Value has_member(Workspace& work, const Value& target, const Value& key) {
  if (!target.is_usable()) return target;
  if (target.kind != ValueKind::map) return work.fail(ErrorKind::no_member, key.as_text(), target);
  return contains(work, key, target);
}

Value index(Workspace& work, const Value& target, const Value& key) {
  if (!target.is_usable() || !key.is_usable()) return first_unusable(std::array{target, key});
  if (target.kind == ValueKind::list) return item_at(work, target, key);
  if (target.kind != ValueKind::map) return work.fail(ErrorKind::no_overload, "[]", target, key);
  const std::optional<Value> found = find_key(work, target, key);
  return found.has_value() ? *found : work.fail(ErrorKind::no_key, {}, key);
}

}  // namespace tenuto::expr
