// Values of expressions while an evaluation runs.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/payload/json.h"

namespace tenuto::expr {

enum class ValueKind : std::uint8_t {
  null,
  boolean,
  integer,
  number,  // a double; may be infinite or NaN, unlike in JSON
  big,     // a number outside int64 and double, from an operand: passes through, operators refuse it
  string,
  list,
  map,
  skipped,  // the result of a task that was skipped; spreads like an error
  error,
};

// "null", "a boolean", "an integer", "a double", "a string" …: for messages.
[[nodiscard]] ByteView describe(ValueKind kind);

struct Value;
struct Entry;
struct Error;

// 16 bytes, copied freely. What it points to belongs to the evaluator's arena, the program or an operand's text.
// Lists and maps are either made by the expression (items, entries) or stand in an operand (`json` is set and `of_json`
// true).
struct Value {
  ValueKind kind = ValueKind::null;
  bool of_json = false;
  std::uint32_t size = 0;  // bytes of a string or raw number; items of a list; entries of a map
  union {
    bool boolean;
    std::int64_t integer = 0;
    double number;
    const char* text;
    const Value* items;
    const Entry* entries;
    const json::Value* json;
    const Error* error;
  };

  [[nodiscard]] static Value null() { return {}; }
  [[nodiscard]] static Value of(bool v) {
    Value x;
    x.kind = ValueKind::boolean;
    x.boolean = v;
    return x;
  }
  [[nodiscard]] static Value of(std::int64_t v) {
    Value x;
    x.kind = ValueKind::integer;
    x.integer = v;
    return x;
  }
  [[nodiscard]] static Value of(double v) {
    Value x;
    x.kind = ValueKind::number;
    x.number = v;
    return x;
  }
  // Borrows `v`, which must live as long as the value and be shorter than 4 GiB.
  [[nodiscard]] static Value of(ByteView v) {
    Value x;
    x.kind = ValueKind::string;
    x.size = static_cast<std::uint32_t>(v.size());
    x.text = v.data();
    return x;
  }
  [[nodiscard]] static Value of(const json::Value& v);
  [[nodiscard]] static Value skipped() {
    Value x;
    x.kind = ValueKind::skipped;
    return x;
  }

  [[nodiscard]] bool is_true() const { return kind == ValueKind::boolean && boolean; }
  [[nodiscard]] bool is_false() const { return kind == ValueKind::boolean && !boolean; }
  [[nodiscard]] bool is_numeric() const { return kind == ValueKind::integer || kind == ValueKind::number; }
  // Neither skipped nor an error.
  [[nodiscard]] bool is_usable() const { return kind < ValueKind::skipped; }
  [[nodiscard]] ByteView as_text() const { return {text, size}; }  // of a string or a big number
  [[nodiscard]] double as_double() const {                         // of an integer or a number
    return kind == ValueKind::integer ? static_cast<double>(integer) : number;
  }
};
static_assert(sizeof(Value) == 16);

// One pair of a map made by an expression, in source order; keys are strings, integers or booleans, none twice.
struct Entry {
  Value key;
  Value value;
};

// Appends `v` as JSON. invalid_argument if JSON cannot say it: a double that is not finite, a map with a key that is
// not a string; `out` then holds a part of it. Values of operands come out with their own text, byte for byte.
[[nodiscard]] Status append_json(Bytes& out, const Value& v);

}  // namespace tenuto::expr
