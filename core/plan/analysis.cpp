#include "core/plan/analysis.h"

#include <cstddef>

#include "core/plan/names.h"

namespace tenuto {
namespace {

// Problems of a text are shown where it begins, or where its node does.
TextPosition place(TextPosition text, TextPosition node) {
  return text.line != 0 ? text : node;
}

// Expressions are mostly of one line: then only the column tells something.
std::string within_text(const std::string& message) {
  constexpr std::string_view kFirstLine = "line 1, ";
  return message.starts_with(kFirstLine) ? message.substr(kFirstLine.size()) : message;
}

}  // namespace

Analysis::Analysis(const WorkflowSpec& spec)
    : spec_(spec), outline_(spec, problems_), sources_(outline_, texts_), references_(outline_, problems_) {
  check_workflow();
  if (!outline_.is_complete()) return;
  argument_of_.assign(outline_.size(), 0);
  policy_of_.assign(outline_.size(), 0);
  for (std::uint32_t i = 0; i < outline_.size(); ++i) node(i);
  if (spec_.output) output_ = pattern({"output", spec_.output->at, kNoNode, EdgeKind::data}, *spec_.output);
  if (!references_.is_complete()) return;
  graph_ = build_graph(outline_.size(), references_.links());
  for (const std::vector<std::uint32_t>& found : find_cycles(graph_)) cycle(found);
}

void Analysis::check_workflow() {
  if (const std::string wrong = name_problem(spec_.name); !wrong.empty()) {
    problems_.add(spec_.at, "the workflow name " + backquoted(spec_.name) + " can't be used: " + wrong);
  }
  check_object(spec_.at, "`input`", spec_.input_schema);
  check_object(spec_.at, "`labels`", spec_.labels);
  const std::string wrong = policy_problem(spec_.defaults);
  if (!wrong.empty()) problems_.add(spec_.at, "`defaults`: " + wrong);
}

// False, with a problem, unless `text` is an object or empty.
bool Analysis::check_object(TextPosition at, const std::string& what, const std::string& text) {
  if (text.empty()) return true;
  const Result<ByteView> normal = texts_.normal(text);
  if (!normal.ok()) {
    problems_.add(at, what + " is no JSON: " + normal.status().message());
  } else if (!normal->starts_with('{')) {
    problems_.add(at, what + " must be an object");
  } else {
    return true;
  }
  return false;
}

void Analysis::node(std::uint32_t i) {
  const OutlineNode& row = outline_[i];
  const NodeSpec& spec = *row.spec;
  references_.guard(i);
  switch (row.kind) {
    case OutlineNode::Kind::made_switch:
      condition(i, *spec.condition);
      references_.needs(i);
      return;
    case OutlineNode::Kind::switch_node:
      for (const ArmSpec& arm : spec.arms) {
        if (arm.condition) {
          condition(i, *arm.condition);
        } else {
          arm_conditions_.push_back(kNoNode);
        }
      }
      references_.needs(i);
      return;
    case OutlineNode::Kind::task:
      task(i);
      return;
  }
}

void Analysis::task(std::uint32_t i) {
  const NodeSpec& spec = *outline_[i].spec;
  const TextUse with{"with", place(spec.with.at, spec.at), i, EdgeKind::data};
  if (!spec.labels.empty()) check_object(spec.at, "`labels` of " + references_.describe(i), spec.labels);
  if (!spec.with.text.empty() && check_object(with.at, references_.describe(with), spec.with.text)) {
    argument_of_[i] = pattern(with, spec.with);
  }
  // A task with `if` waits through its made switch.
  if (!spec.condition) references_.needs(i);
  const std::uint32_t policy = policies_.add(spec.policy, spec_.defaults);
  if (policy == PolicyTable::kPoliciesMax) {
    problems_.add(spec.at, "the workflow has more than " + std::to_string(policy) +
                               " different policies; let tasks share theirs");
  }
  policy_of_[i] = static_cast<std::uint16_t>(policy);
}

// The index of the template; 0 with a problem if there is something wrong with it.
std::uint32_t Analysis::pattern(const TextUse& use, const SourceText& text) {
  const Result<std::uint32_t> index = sources_.template_of(text.text);
  if (!index.ok()) {
    problems_.add(use.at, references_.describe(use) + ": " + within_text(index.status().message()));
    return 0;
  }
  const BoundTemplate& bound = sources_.pattern(*index);
  references_.use(use, bound.pattern.names(), bound.operands);
  return *index;
}

void Analysis::condition(std::uint32_t i, const SourceText& condition) {
  const TextUse use{"if", place(condition.at, outline_[i].spec->at), i, EdgeKind::order};
  const Result<std::uint32_t> index = sources_.condition_of(condition.text);
  arm_conditions_.push_back(index.ok() ? *index : kNoNode);
  if (!index.ok()) {
    problems_.add(use.at, references_.describe(use) + ": " + within_text(index.status().message()));
    return;
  }
  const BoundCondition& bound = sources_.condition(*index);
  references_.use(use, bound.program.names(), bound.operands);
}

void Analysis::cycle(std::vector<std::uint32_t> cycle) {
  const std::uint32_t begin = cycle.front();
  // What stands for the `if` of a task is not written anywhere; the task itself follows it.
  std::erase_if(cycle, [&](std::uint32_t i) { return outline_[i].kind == OutlineNode::Kind::made_switch; });
  const auto name_of = [&](std::uint32_t i) { return outline_[i].spec->name; };
  problems_.add(outline_[begin].spec->at, references_.describe(begin) + cycle_text(cycle, name_of));
}

}  // namespace tenuto
