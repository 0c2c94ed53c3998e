// The expressions and templates of a workflow: each distinct text is compiled once and its names are bound once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/expr/compile.h"
#include "core/expr/template.h"
#include "core/payload/json.h"
#include "core/plan/name_table.h"
#include "core/plan/normal_json.h"
#include "core/plan/outline.h"
#include "core/plan/plan.h"

namespace tenuto {

// Operand of a name that no node has.
inline constexpr std::uint32_t kUnknownNode = 0xFFFF'FFFEu;
static_assert(kUnknownNode != OperandRef::kInput && kUnknownNode > limits::kPlanTasksMax);

class Sources {
 public:
  // Both must outlive this object.
  Sources(const Outline& outline, NormalTexts& texts);

  // The index of a template or condition with this text, which must outlive this object; empty text is the template {}.
  // The status says what is wrong with the text, the same for every use of it.
  [[nodiscard]] Result<std::uint32_t> template_of(ByteView text);
  [[nodiscard]] Result<std::uint32_t> condition_of(ByteView text);

  [[nodiscard]] const BoundTemplate& pattern(std::uint32_t index) const { return templates_[index]; }
  [[nodiscard]] const BoundCondition& condition(std::uint32_t index) const { return conditions_[index]; }
  // Ends the use of pattern().
  [[nodiscard]] std::vector<BoundTemplate> take_templates() { return std::move(templates_); }

 private:
  [[nodiscard]] std::vector<OperandRef> bind(std::span<const std::string> names) const;

  const Outline& outline_;
  NormalTexts& texts_;
  std::vector<std::uint32_t>
      template_index_;         // number of a text -> templates_; kNoNode or beyond: not compiled
  NameTable condition_index_;  // text -> conditions_
  std::vector<BoundTemplate> templates_;
  std::vector<BoundCondition> conditions_;
  json::Parser parser_;
};

}  // namespace tenuto
