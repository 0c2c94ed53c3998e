// Syntax tree -> program: a flat list of instructions for a stack machine, run by core/expr/eval.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/expr/parse.h"

namespace tenuto::expr {

struct Bytecode;

// Thread safety: immutable; copies share the code and may be used from many threads.
class Program {
 public:
  explicit Program(std::shared_ptr<const Bytecode> code) : code_(std::move(code)) {}

  // The free names in order of first use: operand i of an evaluation is the value of names()[i]. `tasks["deploy-prod"]`
  // is the name `deploy-prod`.
  [[nodiscard]] std::span<const std::string> names() const;
  // The source of the expression.
  [[nodiscard]] ByteView text() const;
  // If the whole expression is one name: its slot, else -1.
  [[nodiscard]] std::int32_t single_name() const;
  // For the evaluator.
  [[nodiscard]] const Bytecode& code() const { return *code_; }

 private:
  std::shared_ptr<const Bytecode> code_;
};

// invalid_argument or too_large as parse(), and for functions that do not exist: "line 1, column 1: unknown function
// `f` with 1 argument".
[[nodiscard]] Result<Program> compile(ByteView text);
// The same for the bytes [begin, end) of a longer text, of which the places in messages are then, and with names
// numbered together with those of other programs: new ones are appended to `names`; names() is the table as it was
// afterwards.
[[nodiscard]] Result<Program> compile_within(ByteView whole, std::size_t begin, std::size_t end,
                                             std::vector<std::string>& names);

}  // namespace tenuto::expr
