// The functions of expressions, by name and number of arguments.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/bytes.h"
#include "core/expr/value.h"

namespace tenuto::expr {

class Workspace;

// A strict function: it sees usable values only, an error or skipped argument is the result before it is called.
struct Function {
  ByteView name;
  std::uint8_t arity_min;  // a method's target counts
  std::uint8_t arity_max;
  bool as_call;    // f(x)
  bool as_method;  // x.f()
  Value (*apply)(Workspace& work, std::span<const Value> arguments);
};

// nullptr if there is none.
[[nodiscard]] const Function* find_function(ByteView name, std::size_t arity, bool method);
// True if a function of this name exists with another arity or in the other form.
[[nodiscard]] bool is_function_name(ByteView name);

}  // namespace tenuto::expr
