// Which node may refer to which, and the links that follow from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/graph.h"
#include "core/plan/outline.h"
#include "core/plan/plan.h"
#include "core/plan/problem_sink.h"

namespace tenuto {

// Where a text with expressions stands: for messages, and for the node that waits for what it refers to.
struct TextUse {
  std::string_view key;  // "with", "if", "output"
  TextPosition at;
  std::uint32_t node = kNoNode;  // kNoNode: of the workflow
  EdgeKind kind = EdgeKind::data;
};

class References {
 public:
  // All must outlive this object.
  References(const Outline& outline, ProblemSink& problems) : outline_(outline), problems_(problems) {}

  // The names of a text and what they are bound to: reports those that the text may not refer to, links the others.
  void use(const TextUse& use, std::span<const std::string> names, std::span<const OperandRef> operands);
  // `node` waits for all nodes of its `needs`.
  void needs(std::uint32_t node);
  // `node` waits for the switch in whose arm it stands.
  void guard(std::uint32_t node);

  // "task `a`", "switch `s`"; "`with` of task `a`", "`output`".
  [[nodiscard]] std::string describe(std::uint32_t node) const;
  [[nodiscard]] std::string describe(const TextUse& use) const;
  // False if there were more links than kPlanEdgesMax, which is reported.
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  [[nodiscard]] const std::vector<Link>& links() const { return links_; }

 private:
  void use_one(const TextUse& use, std::string_view name, std::uint32_t source);
  // "", or why `use` can't refer to `source`: the sequel of "refers to `a`, ".
  [[nodiscard]] std::string refusal(const TextUse& use, std::uint32_t source) const;
  void need(std::uint32_t node, const NameRef& ref);
  void unknown(TextPosition at, const std::string& text, std::string_view name, bool may_be_input);
  void link(std::uint32_t source, std::uint32_t target, EdgeKind kind, std::uint16_t arm = 0);

  const Outline& outline_;
  ProblemSink& problems_;
  std::vector<Link> links_;
  bool is_complete_ = true;
};

}  // namespace tenuto
