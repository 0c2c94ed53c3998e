// Runs programs over operands.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/expr/compile.h"
#include "core/expr/value.h"

namespace tenuto::expr {

// The value of one free name. `json` is borrowed for the call and for as long as its outcome is read; it must be valid
// JSON (what is not gives an error or a wrong value, never worse).
struct Operand {
  enum class Kind : std::uint8_t {
    value,
    skipped,  // the task was skipped
    missing,  // nothing is known by this name: an error when it is needed
  };
  Kind kind = Kind::missing;
  ByteView json = {};
};

// What an evaluation came to. `value` is valid until the evaluator's next use or end.
struct Outcome {
  enum class Kind : std::uint8_t { value, skipped, error };
  Kind kind = Kind::value;
  Value value;        // of a value
  std::string error;  // of an error: "line 1, column 8: no such key `role` in `input.person`"

  [[nodiscard]] bool is_true() const { return kind == Kind::value && value.is_true(); }
  // Appends the value as JSON; for the other kinds, and where JSON cannot say it, invalid_argument.
  [[nodiscard]] Status append_json(Bytes& out) const;
};

// Memory and parser for evaluations, used again by each. Evaluation is total: it takes time and memory bounded by
// limits::kEvaluationStepsMax and kEvaluationBytesMax and ends in one of the three kinds.
//
// Thread safety: one evaluator per thread.
// Skipped operands: an operator over a skipped value is skipped; `true || skipped` is true, `false && skipped` is
// false, in either order. An error beats a skipped value, of two errors the left one is reported.
class Evaluator {
 public:
  Evaluator();
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  // One operand per program.names(); a missing tail counts as Operand::Kind::missing.
  [[nodiscard]] Outcome evaluate(const Program& program, std::span<const Operand> operands);

  // The same in two steps, for several programs over the same operands: each operand is parsed at most once.
  // Outcomes stay valid until the next begin().
  void begin(std::span<const Operand> operands);
  [[nodiscard]] Outcome run(const Program& program);

 private:
  std::unique_ptr<class Machine> machine_;
};

// A condition must be true or false: skipped counts as false, anything else is invalid_argument.
[[nodiscard]] Result<bool> evaluate_condition(const Program& program, std::span<const Operand> operands,
                                              Evaluator& evaluator);

}  // namespace tenuto::expr
