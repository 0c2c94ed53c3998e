#include "core/expr/functions.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "core/expr/workspace.h"
#include "core/payload/text.h"

namespace tenuto::expr {
namespace {

using Arguments = std::span<const Value>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Value refuse(Workspace& work, ByteView function, const Value& argument) {
  return work.fail(ErrorKind::no_overload, function, argument, {}, true);
}

Value own_text(Workspace& work, ByteView text) {
  char* to = work.allocate(text.size());
  if (to == nullptr) return work.out_of_memory();
  std::memcpy(to, text.data(), text.size());
  return Value::of(ByteView(to, text.size()));
}

Value size_of(Workspace& work, Arguments arguments) {
  const Value& v = arguments[0];
  if (v.kind == ValueKind::list || v.kind == ValueKind::map)
    return Value::of(static_cast<std::int64_t>(v.size));
  if (v.kind != ValueKind::string) return refuse(work, "size", v);
  if (!work.charge_bytes(v.size)) return work.out_of_steps();
  return Value::of(static_cast<std::int64_t>(count_code_points(v.as_text())));
}

Value to_int(Workspace& work, Arguments arguments) {
  const Value& v = arguments[0];
  constexpr double kBound = 9223372036854775808.0;  // 2^63; the specification excludes -2^63 too
  switch (v.kind) {
    case ValueKind::integer:
      return v;
    case ValueKind::number:
      if (!(v.number > -kBound && v.number < kBound)) return work.fail(ErrorKind::not_convertible, "int", v);
      return Value::of(static_cast<std::int64_t>(v.number));
    case ValueKind::string: {
      ByteView text = v.as_text();
      if (text.size() > 1 && text[0] == '+' && is_digit(text[1])) text.remove_prefix(1);
      std::int64_t n = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
      if (error == std::errc() && end == text.data() + text.size()) return Value::of(n);
      return work.fail(ErrorKind::not_convertible, "int", v);
    }
    case ValueKind::big:
      return work.fail(ErrorKind::big_number, {}, v);
    default:
      return refuse(work, "int", v);
  }
}

// [+-] digits [. digits] [e [+-] digits], with a digit before or behind the point.
bool is_decimal(ByteView text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - begin;
  };
  const auto sign = [&] { i += i < text.size() && (text[i] == '+' || text[i] == '-'); };
  sign();
  std::size_t count = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    count += digits();
  }
  if (count == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    sign();
    if (digits() == 0) return false;
  }
  return i == text.size();
}

Value to_double(Workspace& work, Arguments arguments) {
  const Value& v = arguments[0];
  switch (v.kind) {
    case ValueKind::integer:
    case ValueKind::number:
      return Value::of(v.as_double());
    case ValueKind::string: {
      ByteView text = v.as_text();
      if (is_decimal(text)) {
        if (text.front() == '+') text.remove_prefix(1);
        return Value::of(read_double(text));
      }
      if (text == "NaN") return Value::of(std::nan(""));
      if (text == "Infinity" || text == "+Infinity") return Value::of(HUGE_VAL);
      if (text == "-Infinity") return Value::of(-HUGE_VAL);
      return work.fail(ErrorKind::not_convertible, "double", v);
    }
    case ValueKind::big:
      return work.fail(ErrorKind::big_number, {}, v);
    default:
      return refuse(work, "double", v);
  }
}

Value to_string(Workspace& work, Arguments arguments) {
  const Value& v = arguments[0];
  char buffer[32];
  switch (v.kind) {
    case ValueKind::string:
      return v;
    case ValueKind::boolean:
      return Value::of(v.boolean ? ByteView("true") : ByteView("false"));
    case ValueKind::integer:
      return own_text(
          work, ByteView(buffer, std::to_chars(buffer, buffer + sizeof buffer, v.integer).ptr - buffer));
    case ValueKind::number:
      if (std::isnan(v.number)) return Value::of(ByteView("NaN"));
      if (std::isinf(v.number)) return Value::of(v.number > 0 ? ByteView("Infinity") : ByteView("-Infinity"));
      return own_text(work,
                      ByteView(buffer, std::to_chars(buffer, buffer + sizeof buffer, v.number).ptr - buffer));
    case ValueKind::big:
      return work.fail(ErrorKind::big_number, {}, v);
    default:
      return refuse(work, "string", v);
  }
}

Value to_bool(Workspace& work, Arguments arguments) {
  const Value& v = arguments[0];
  if (v.kind == ValueKind::boolean) return v;
  if (v.kind != ValueKind::string) return refuse(work, "bool", v);
  for (const ByteView text : {"true", "True", "TRUE", "t", "1"}) {
    if (v.as_text() == text) return Value::of(true);
  }
  for (const ByteView text : {"false", "False", "FALSE", "f", "0"}) {
    if (v.as_text() == text) return Value::of(false);
  }
  return work.fail(ErrorKind::not_convertible, "bool", v);
}

// In CEL it hides a type from the checker; here all types are dynamic.
Value dyn(Workspace&, Arguments arguments) {
  return arguments[0];
}

constexpr Function kFunctions[] = {
    {"size", 1, 1, true, true, size_of},      {"int", 1, 1, true, false, to_int},
    {"double", 1, 1, true, false, to_double}, {"string", 1, 1, true, false, to_string},
    {"bool", 1, 1, true, false, to_bool},     {"dyn", 1, 1, true, false, dyn},
};

}  // namespace

const Function* find_function(ByteView name, std::size_t arity, bool method) {
  for (const Function& f : kFunctions) {
    if (f.name == name && arity >= f.arity_min && arity <= f.arity_max && (method ? f.as_method : f.as_call))
      return &f;
  }
  return nullptr;
}

bool is_function_name(ByteView name) {
  for (const Function& f : kFunctions) {
    if (f.name == name) return true;
  }
  return false;
}

}  // namespace tenuto::expr
