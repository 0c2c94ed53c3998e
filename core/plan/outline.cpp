#include "core/plan/outline.h"

#include "core/base/limits.h"
#include "core/plan/names.h"
#include "core/plan/plan.h"
#include "core/plan/policy.h"

namespace tenuto {

Outline::Outline(const WorkflowSpec& spec, ProblemSink& problems) : problems_(problems) {
  nodes_.reserve(spec.nodes.size());
  names_.reserve(spec.nodes.size());
  add_all(spec.nodes, {kNoNode, 0, 0});
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (nodes_[i].kind == OutlineNode::Kind::made_switch) check_made_name(i);
  }
}

void Outline::append_name(std::uint32_t i, std::string& out) const {
  if (nodes_[i].kind == OutlineNode::Kind::made_switch) out += "if:";
  out += nodes_[i].spec->name;
}

void Outline::add_all(const std::vector<NodeSpec>& nodes, Place place) {
  for (const NodeSpec& node : nodes) {
    const std::size_t rows = node.condition ? 2 : 1;
    if (nodes_.size() + rows > limits::kPlanTasksMax) {
      return stop(node.at, "the workflow has more than " + std::to_string(limits::kPlanTasksMax) +
                               " nodes (an `if` counts as one); split it");
    }
    add(node, place);
    if (!is_complete_) return;
  }
}

void Outline::add(const NodeSpec& node, Place place) {
  check(node);
  OutlineNode row{&node, OutlineNode::Kind::task, place.depth, place.arm, place.arm, place.guard, place.guard,
                  0};
  if (node.is_switch()) {
    row.kind = OutlineNode::Kind::switch_node;
  } else if (node.condition) {
    row.kind = OutlineNode::Kind::made_switch;
    row.end = size() + 2;
    row.guard = place.guard;
    nodes_.push_back(row);
    row.kind = OutlineNode::Kind::task;
    row.guard = size() - 1;
    row.guard_arm = 0;
  }
  const std::uint32_t index = size();
  check_name(node, index);
  row.end = index + 1;
  nodes_.push_back(row);
  if (node.is_switch()) add_arms(node, index, place.depth);
}

void Outline::add_arms(const NodeSpec& node, std::uint32_t index, std::uint8_t depth) {
  if (depth == limits::kDepthMax) {
    return stop(node.at, "arms nest deeper than " + std::to_string(limits::kDepthMax) + " at " +
                             backquoted(node.name));
  }
  if (node.arms.size() > kSwitchArmsMax) {
    return stop(node.at, "switch " + backquoted(node.name) + " has " + std::to_string(node.arms.size()) +
                             " arms, more than " + std::to_string(kSwitchArmsMax) + "; nest switches");
  }
  for (std::size_t arm = 0; arm < node.arms.size(); ++arm) {
    if (arm > 0 && !node.arms[arm - 1].condition) {
      problems_.add(node.arms[arm].at,
                    "this arm of switch " + backquoted(node.name) +
                        " is never taken: the one before it has no `if`; put that one last");
    }
    add_all(node.arms[arm].nodes,
            {index, static_cast<std::uint16_t>(arm), static_cast<std::uint8_t>(depth + 1)});
  }
  nodes_[index].end = size();
}

void Outline::stop(TextPosition at, std::string text) {
  if (is_complete_) problems_.add(at, std::move(text));
  is_complete_ = false;
}

void Outline::check(const NodeSpec& node) {
  const auto problem = [&](const std::string& text) { problems_.add(node.at, text); };
  const bool is_task = !node.is_switch();
  if (is_task && node.action.empty()) {
    return problem("node " + backquoted(node.name) +
                   " has neither an action nor arms; add the action as `use`");
  }
  if (!is_task && (!node.action.empty() || node.condition)) {
    return problem("switch " + backquoted(node.name) +
                   " has an action or a condition of its own; put it into the arms");
  }
  std::string wrong = policy_problem(node.policy);
  if (!wrong.empty()) problem("task " + backquoted(node.name) + ": " + wrong);
  if (is_task && !(wrong = label_problem(node.action)).empty()) {
    problem("task " + backquoted(node.name) + ": the action " + backquoted(node.action) +
            " can't be used: " + wrong);
  }
}

void Outline::check_made_name(std::uint32_t index) {
  const NodeSpec& task = *nodes_[index].spec;
  std::string name;
  append_name(index, name);
  if (name.size() > limits::kNameBytesMax) {
    problems_.add(task.at, "the name " + backquoted(task.name) +
                               " is too long for a task with `if`: at most " +
                               std::to_string(limits::kNameBytesMax - 3) + " bytes");
  }
  if (const std::uint32_t taken = find(name); taken != kNoNode) {
    problems_.add(nodes_[taken].spec->at, "the name " + backquoted(name) +
                                              " is taken by the switch that the `if` of task " +
                                              backquoted(task.name) + " makes; rename this node");
  }
}

void Outline::check_name(const NodeSpec& node, std::uint32_t index) {
  if (const std::string wrong = name_problem(node.name); !wrong.empty()) {
    problems_.add(node.at, "the node name " + backquoted(node.name) + " can't be used: " + wrong);
  }
  if (is_reserved_name(node.name)) {
    problems_.add(node.at,
                  "a node can't be named " + backquoted(node.name) + ": expressions use the word; rename it");
  }
  const std::uint32_t first = names_.put(node.name, index);
  if (first == index) return;
  const TextPosition at = nodes_[first].spec->at;
  const std::string place =
      at.line == 0 ? ""
                   : ": first at line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
  problems_.add(node.at, "the name " + backquoted(node.name) + " is given twice" + place + "; rename one");
}

}  // namespace tenuto
