#include "core/plan/sources.h"

#include <utility>

namespace tenuto {

Sources::Sources(const Outline& outline, NormalTexts& texts) : outline_(outline), texts_(texts) {
  const Result<std::uint32_t> empty = template_of("{}");
  TN_CHECK(empty.ok());
  TN_CHECK(*empty == 0);
}

Result<std::uint32_t> Sources::template_of(ByteView text) {
  if (text.empty()) return 0;
  TN_ASSIGN(const std::uint32_t number, texts_.number_of(text));
  if (number >= template_index_.size()) template_index_.resize(number + 1, kNoNode);
  std::uint32_t& index = template_index_[number];
  if (index != kNoNode) return index;
  // From the normal text, which is what a store keeps: a plan made from that again is the same.
  TN_ASSIGN(const json::Value* value, parser_.parse(texts_.normal(number)));
  TN_ASSIGN(expr::Template pattern, expr::compile_template(*value));
  std::vector<OperandRef> operands = bind(pattern.names());
  index = static_cast<std::uint32_t>(templates_.size());
  templates_.push_back({std::move(pattern), std::move(operands)});
  return index;
}

Result<std::uint32_t> Sources::condition_of(ByteView text) {
  if (const std::uint32_t index = condition_index_.find(text); index != kNoNode) return index;
  TN_ASSIGN(expr::Program program, expr::compile(text));
  std::vector<OperandRef> operands = bind(program.names());
  const auto index = static_cast<std::uint32_t>(conditions_.size());
  conditions_.push_back({std::move(program), std::move(operands)});
  return condition_index_.put(text, index);
}

std::vector<OperandRef> Sources::bind(std::span<const std::string> names) const {
  std::vector<OperandRef> operands;
  operands.reserve(names.size());
  for (const std::string& name : names) {
    if (name == "input") {
      operands.push_back({OperandRef::kInput});
      continue;
    }
    const std::uint32_t node = outline_.find(name);
    operands.push_back({node == kNoNode ? kUnknownNode : node});
  }
  return operands;
}

}  // namespace tenuto
