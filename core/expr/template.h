// A JSON pattern with expressions in its strings: `{"cmd": "ship ${input.ref}", "image": "${build.image}"}`.
//
// A string that is exactly one `${…}` stands for the value itself, with its type. Within longer text a value is
// inserted: a string as it is, anything else as JSON text. `$${` is a literal `${`. Keys are literal.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/expr/eval.h"
#include "core/payload/json.h"

namespace tenuto::expr {

struct TemplateCode;

// Thread safety: immutable; copies share the code and may be used from many threads.
class Template {
 public:
  explicit Template(std::shared_ptr<const TemplateCode> code) : code_(std::move(code)) {}

  // The free names of all expressions in order of first use, which are the operand slots of render().
  [[nodiscard]] std::span<const std::string> names() const;
  // True if there is no `${…}` in it: render() then only copies.
  [[nodiscard]] bool is_constant() const;
  // For render().
  [[nodiscard]] const TemplateCode& code() const { return *code_; }

 private:
  std::shared_ptr<const TemplateCode> code_;
};

// The template keeps nothing of `pattern`. invalid_argument names the string and the place within it.
[[nodiscard]] Result<Template> compile_template(const json::Value& pattern);

enum class Skipped : std::uint8_t {
  spreads,  // one skipped value makes the whole render skipped, even if another expression fails
  as_null,  // a skipped value counts as null: for the outputs of runs
};

enum class Rendered : std::uint8_t { value, skipped };

// Appends the JSON text of the pattern with its values to `out`. With Rendered::skipped and on failure `out` is as it
// was. invalid_argument if an expression fails or its value is not JSON; too_large beyond limits::kValueBytesMax.
[[nodiscard]] Result<Rendered> render(const Template& pattern, std::span<const Operand> operands,
                                      Evaluator& evaluator, Bytes& out, Skipped skipped = Skipped::spreads);

}  // namespace tenuto::expr
