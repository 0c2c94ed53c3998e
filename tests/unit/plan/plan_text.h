// Plans and problems as text, so that a test reads as what it expects.
#pragma once

#include <string>

#include "core/plan/compile.h"
#include "core/plan/parse.h"
#include "core/plan/plan.h"

namespace tenuto::testing {

// One line a node: "a -> b(data) c(order)"; an edge of an arm is "d(arm 1)".
inline std::string edges_text(const Plan& plan) {
  std::string text;
  for (std::uint32_t i = 0; i < plan.node_count(); ++i) {
    text += std::string(plan.name_of(TaskIndex{i})) + " ->";
    for (const Edge edge : plan.edges_of(TaskIndex{i})) {
      text += " " + std::string(plan.name_of(edge.target()));
      if (edge.kind() == EdgeKind::order) text += "(order)";
      if (edge.kind() == EdgeKind::data) text += "(data)";
      if (edge.kind() == EdgeKind::guard) text += "(arm " + std::to_string(edge.arm()) + ")";
    }
    text += "\n";
  }
  return text;
}

// A definition with these tasks, given as the inside of the JSON object.
inline std::string workflow(const std::string& tasks) {
  return R"({"tenuto": 1, "name": "w", "tasks": {)" + tasks + "}}";
}

// The plan as edges_text(), or what is wrong.
inline std::string compiled(const std::string& definition) {
  const Result<PlanRef> plan = compile_workflow_text(definition);
  return plan.ok() ? edges_text(**plan) : plan.status().message();
}

}  // namespace tenuto::testing
