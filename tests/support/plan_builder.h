// Plans built by hand from a plain shape, so that tests of the machine need no definition text.
//
// A shape is also what the oracle of the machine reads (machine_oracle.h): neither sees the other's arrays.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/payload/json.h"
#include "core/plan/plan.h"
#include "core/plan/stretches.h"

namespace tenuto::testing {

// A condition over results that should be booleans; `nodes` may hold OperandRef::kInput.
struct ConditionShape {
  enum class Op : std::uint8_t { otherwise, any, all };
  Op op = Op::otherwise;
  std::vector<std::uint32_t> nodes = {};
};
[[nodiscard]] inline ConditionShape otherwise() {
  return {};
}
[[nodiscard]] inline ConditionShape any_of(std::vector<std::uint32_t> nodes) {
  return {ConditionShape::Op::any, std::move(nodes)};
}
[[nodiscard]] inline ConditionShape all_of(std::vector<std::uint32_t> nodes) {
  return {ConditionShape::Op::all, std::move(nodes)};
}
[[nodiscard]] inline ConditionShape always_true() {
  return all_of({});
}
[[nodiscard]] inline ConditionShape always_false() {
  return any_of({});
}

struct PlaceShape {
  std::uint32_t switch_node = 0;
  std::uint32_t arm = 0;
};

struct NodeShape {
  std::vector<std::uint32_t> after = {};  // nodes it waits for
  std::vector<std::uint32_t> uses = {};   // tasks whose results it uses
  std::optional<PlaceShape> place = {};   // the arm it stands in
  std::vector<ConditionShape> arms = {};  // of a switch; a task has none
  Policy policy = {};
  [[nodiscard]] bool is_switch() const { return !arms.empty(); }
};

struct PlanShape {
  std::vector<NodeShape> nodes = {};
  std::vector<std::uint32_t> output = {};  // an object of these results; empty: no output
};

// Node 3 is called "n3".
[[nodiscard]] inline std::string node_name(std::uint32_t node) {
  return node == OperandRef::kInput ? "input" : "n" + std::to_string(node);
}

[[nodiscard]] inline std::string to_text(const ConditionShape& condition) {
  const bool any = condition.op == ConditionShape::Op::any;
  if (condition.nodes.empty()) return any ? "false" : "true";
  std::string text;
  for (const std::uint32_t node : condition.nodes) {
    text += (text.empty() ? "" : any ? " || " : " && ") + node_name(node);
  }
  return text;
}

// {"n0": "${n0}", …} as a template text.
[[nodiscard]] inline std::string object_of(const std::vector<std::uint32_t>& nodes) {
  std::string text = "{";
  for (const std::uint32_t node : nodes) {
    text += (text.size() > 1 ? ",\"" : "\"") + node_name(node) + "\":\"${" + node_name(node) + "}\"";
  }
  return text + "}";
}

[[nodiscard]] inline std::vector<OperandRef> bind_names(std::span<const std::string> names) {
  std::vector<OperandRef> refs;
  for (const std::string& name : names) {
    refs.push_back(name == "input" ? OperandRef{}
                                   : OperandRef{static_cast<std::uint32_t>(std::stoul(name.substr(1)))});
  }
  return refs;
}

[[nodiscard]] inline BoundTemplate make_template(const std::string& pattern) {
  auto document = json::Document::parse(pattern);
  TN_CHECK(document.ok());
  auto compiled = expr::compile_template(document->root());
  TN_CHECK(compiled.ok());
  return {*compiled, bind_names(compiled->names())};
}

[[nodiscard]] inline SwitchArm make_arm(const ConditionShape& condition) {
  if (condition.op == ConditionShape::Op::otherwise) return {};
  auto program = expr::compile(to_text(condition));
  TN_CHECK(program.ok());
  return {BoundCondition{*program, bind_names(program->names())}};
}

// The strongest edge of each pair, by source and target.
using EdgeTable = std::vector<std::map<std::uint32_t, Edge>>;

inline void add_edge(EdgeTable& edges, std::uint32_t from, std::uint32_t to, EdgeKind kind,
                     std::uint32_t arm = 0) {
  if (from == OperandRef::kInput) return;
  const Edge edge(TaskIndex{to}, kind, arm);
  const auto [at, added] = edges[from].try_emplace(to, edge);
  if (!added && at->second.kind() < kind) at->second = edge;
}

[[nodiscard]] inline EdgeTable edges_of(const PlanShape& shape) {
  EdgeTable edges(shape.nodes.size());
  for (std::uint32_t i = 0; i < shape.nodes.size(); ++i) {
    const NodeShape& node = shape.nodes[i];
    for (const std::uint32_t from : node.after) add_edge(edges, from, i, EdgeKind::order);
    for (const std::uint32_t from : node.uses) add_edge(edges, from, i, EdgeKind::data);
    // A condition over a skipped value is false, so that the switch waits for it and is not skipped with it.
    for (const ConditionShape& arm : node.arms) {
      for (const std::uint32_t from : arm.nodes) add_edge(edges, from, i, EdgeKind::order);
    }
    if (node.place) add_edge(edges, node.place->switch_node, i, EdgeKind::guard, node.place->arm);
  }
  return edges;
}

// The shape must be free of cycles.
[[nodiscard]] inline PlanRef build_plan(const PlanShape& shape) {
  const auto count = static_cast<std::uint32_t>(shape.nodes.size());
  const EdgeTable edges = edges_of(shape);
  Plan::Parts parts;
  parts.hash = {1, count};
  parts.name = "by_hand";
  parts.pools = {"default"};
  parts.rows.resize(count + 1);
  parts.templates.push_back(make_template("{}"));
  for (std::uint32_t i = 0; i < count; ++i) {
    const NodeShape& node = shape.nodes[i];
    NodeRow& row = parts.rows[i];
    row.kind = node.is_switch() ? NodeKind::switch_node : NodeKind::task;
    row.policy = static_cast<std::uint16_t>(i);
    row.first_edge = static_cast<std::uint32_t>(parts.edges.size());
    row.subject = static_cast<std::uint32_t>(node.is_switch() ? parts.switches.size() : parts.actions.size());
    for (const auto& [to, edge] : edges[i]) {
      parts.edges.push_back(edge);
      ++parts.rows[to].in_degree;
    }
    parts.policies.push_back(node.policy);
    if (node.is_switch()) {
      parts.switches.emplace_back();
      for (const ConditionShape& arm : node.arms) parts.switches.back().push_back(make_arm(arm));
    } else {
      parts.actions.push_back("act_" + node_name(i));
    }
    parts.argument_of.push_back(node.uses.empty() ? 0 : static_cast<std::uint32_t>(parts.templates.size()));
    if (!node.uses.empty()) parts.templates.push_back(make_template(object_of(node.uses)));
    parts.names.offsets.push_back(static_cast<std::uint32_t>(parts.names.text.size()));
    parts.names.text += node_name(i);
  }
  parts.rows[count].first_edge = static_cast<std::uint32_t>(parts.edges.size());
  parts.names.offsets.push_back(static_cast<std::uint32_t>(parts.names.text.size()));
  if (!shape.output.empty()) parts.output = make_template(object_of(shape.output));
  parts.stretch_ends = stretch_ends(parts.rows, parts.argument_of, ordered_end(parts.rows, parts.edges));
  return std::make_shared<const Plan>(std::move(parts));
}

}  // namespace tenuto::testing
