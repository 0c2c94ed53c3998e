#include "core/plan/references.h"

#include "core/plan/names.h"
#include "core/plan/sources.h"

namespace tenuto {

void References::use(const TextUse& use, std::span<const std::string> names,
                     std::span<const OperandRef> operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i].is_input()) use_one(use, names[i], operands[i].node);
  }
}

void References::use_one(const TextUse& use, std::string_view name, std::uint32_t source) {
  if (source == kUnknownNode) {
    return unknown(use.at, describe(use) + " refers to " + backquoted(name) + ", which does not exist", name,
                   true);
  }
  if (const std::string why = refusal(use, source); !why.empty()) {
    problems_.add(use.at, describe(use) + " refers to " + backquoted(name) + ", " + why);
  } else if (use.node != kNoNode) {
    link(source, use.node, use.kind);
  }
}

std::string References::refusal(const TextUse& use, std::uint32_t source) const {
  const OutlineNode& made = outline_[source];
  if (made.kind == OutlineNode::Kind::switch_node) {
    return "which is a switch and has no result; refer to a task in its arms";
  }
  if (use.node == kNoNode) return {};
  const OutlineNode& user = outline_[use.node];
  if (user.spec == made.spec) return "which is its own result and does not exist yet; refer to another task";
  if (made.home == kNoNode) return {};
  std::uint16_t arm = user.home_arm;
  for (std::uint32_t home = user.home; home != kNoNode; home = outline_[home].home) {
    if (home == made.home && arm == made.home_arm) return {};
    if (home == made.home) {
      return "which stands in another arm of switch " + backquoted(outline_[home].spec->name) +
             ": only one of them is taken; do both in one arm";
    }
    arm = outline_[home].home_arm;
  }
  return "which is made in an arm of switch " + backquoted(outline_[made.home].spec->name) +
         " that may not be taken; use it inside that arm only";
}

void References::needs(std::uint32_t node) {
  for (const NameRef& ref : outline_[node].spec->needs) need(node, ref);
}

void References::need(std::uint32_t node, const NameRef& ref) {
  const TextPosition at = ref.at.line != 0 ? ref.at : outline_[node].spec->at;
  const auto text = [&] { return describe(node) + " needs " + backquoted(ref.name); };
  const std::uint32_t needed = outline_.find(ref.name);
  if (needed == kNoNode) return unknown(at, text() + ", which does not exist", ref.name, false);
  if (outline_[needed].spec == outline_[node].spec) {
    return problems_.add(at, describe(node) + " needs itself; remove it from `needs`");
  }
  if (outline_[needed].kind == OutlineNode::Kind::task) return link(needed, node, EdgeKind::order);
  if (needed < node && node < outline_[needed].end) {
    return problems_.add(
        at, text() + ", in whose arm it stands and which it waits for anyway; remove it from `needs`");
  }
  // The switch has ended when all nodes in its arms have.
  for (std::uint32_t i = needed; i < outline_[needed].end; ++i) link(i, node, EdgeKind::order);
}

void References::guard(std::uint32_t node) {
  const OutlineNode& row = outline_[node];
  if (row.guard != kNoNode) link(row.guard, node, EdgeKind::guard, row.guard_arm);
}

void References::unknown(TextPosition at, const std::string& text, std::string_view name, bool may_be_input) {
  std::string question;
  if (problems_.wants_suggestion()) {
    NearestName nearest(name);
    for (std::uint32_t i = 0; i < outline_.size(); ++i) nearest.offer(outline_[i].spec->name);
    if (may_be_input) nearest.offer("input");
    question = nearest.question();
  }
  problems_.add(at, text + (question.empty() ? "; define it or remove it" : question));
}

void References::link(std::uint32_t source, std::uint32_t target, EdgeKind kind, std::uint16_t arm) {
  if (links_.size() < kPlanEdgesMax) {
    links_.push_back({source, target, kind, arm});
  } else if (is_complete_) {
    is_complete_ = false;
    problems_.add(outline_[target].spec->at,
                  "the workflow has more than " + std::to_string(kPlanEdgesMax) +
                      " references between its nodes; let several nodes need one that joins");
  }
}

std::string References::describe(std::uint32_t node) const {
  const OutlineNode& row = outline_[node];
  return (row.kind == OutlineNode::Kind::switch_node ? "switch " : "task ") + backquoted(row.spec->name);
}

std::string References::describe(const TextUse& use) const {
  const std::string key = "`" + std::string(use.key) + "`";
  return use.node == kNoNode ? key : key + " of " + describe(use.node);
}

}  // namespace tenuto
