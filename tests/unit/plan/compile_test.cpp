#include "core/plan/compile.h"

#include <gtest/gtest.h>

#include "core/base/limits.h"
#include "tests/support/roots.h"
#include "tests/unit/plan/plan_text.h"

namespace tenuto {
namespace {

using testing::compiled;
using testing::workflow;

PlanRef plan_of(const std::string& definition) {
  Result<PlanRef> plan = compile_workflow_text(definition);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan.ok() ? *plan : nullptr;
}

TEST(Compile, EmptyWorkflow) {
  const PlanRef plan = plan_of(workflow(""));
  EXPECT_EQ(plan->node_count(), 0u);
  EXPECT_TRUE(testing::roots_of(*plan).empty());
  EXPECT_FALSE(plan->output());
}

TEST(Compile, OrderAndDataBecomeEdges) {
  EXPECT_EQ(compiled(workflow(R"("c": {"use": "f", "needs": ["a"], "with": {"x": "${b.y}", "z": "${input}"}},
                                 "a": {"use": "f"}, "b": {"use": "f", "needs": ["a", "a"]})")),
            "c ->\n"
            "a -> c(order) b(order)\n"
            "b -> c(data)\n");
}

TEST(Compile, TheStrongerOfTwoEdgesStays) {
  EXPECT_EQ(
      compiled(workflow(
          R"("a": {"use": "f"}, "b": {"use": "f", "needs": ["a"], "with": {"x": "${a}", "y": "${a}"}})")),
      "a -> b(data)\n"
      "b ->\n");
}

TEST(Compile, IfBecomesASwitchBeforeTheTask) {
  EXPECT_EQ(compiled(workflow(R"("a": {"use": "f"}, "n": {"use": "f"},
                                 "b": {"use": "f", "if": "a.x", "needs": ["n"], "with": {"y": "${a}"}})")),
            "a -> if:b(order) b(data)\n"
            "n -> if:b(order)\n"
            "if:b -> b(arm 0)\n"
            "b ->\n");
}

TEST(Compile, ArmsAreGuarded) {
  EXPECT_EQ(compiled(workflow(R"("a": {"use": "f"}, "s": {"needs": ["a"], "switch": [
      {"if": "input.x", "tasks": {"b": {"use": "f"}, "t": {"switch": [{"tasks": {"c": {"use": "f", "with": {"x": "${b}"}}}}]}}},
      {"tasks": {"d": {"use": "f", "if": "input.y", "needs": ["b"]}}}]})")),
            "a -> s(order)\n"
            "s -> b(arm 0) t(arm 0) if:d(arm 1)\n"
            "b -> c(data) if:d(order)\n"
            "t -> c(arm 0)\n"
            "c ->\n"
            "if:d -> d(arm 0)\n"
            "d ->\n");
}

TEST(Compile, NeedingASwitchIsNeedingAllInIt) {
  EXPECT_EQ(compiled(workflow(
                R"("s": {"switch": [{"tasks": {"a": {"use": "f"}, "b": {"use": "f", "needs": ["a"]}}}]},
                                 "e": {"switch": [{"tasks": {}}]}, "c": {"use": "f", "needs": ["s", "e"]})")),
            "s -> a(arm 0) b(arm 0) c(order)\n"
            "a -> b(order) c(order)\n"
            "b -> c(order)\n"
            "e -> c(order)\n"
            "c ->\n");
}

TEST(Compile, RowsAndRoots) {
  const PlanRef plan =
      plan_of(workflow(R"("c": {"use": "f", "needs": ["a", "b"]}, "a": {"use": "g"}, "b": {"use": "f"},
                                           "s": {"switch": [{"if": "input.x", "tasks": {}}, {"tasks": {}}]})"));
  EXPECT_EQ(plan->row(TaskIndex{0}).in_degree, 2u);
  EXPECT_EQ(testing::roots_of(*plan), (std::vector<TaskIndex>{TaskIndex{1}, TaskIndex{2}, TaskIndex{3}}));
  EXPECT_EQ(plan->actions(), (std::vector<std::string>{"f", "g"}));
  EXPECT_EQ(plan->action_of(TaskIndex{1}), "g");
  EXPECT_EQ(plan->row(TaskIndex{3}).kind, NodeKind::switch_node);
  ASSERT_EQ(plan->arms_of(TaskIndex{3}).size(), 2u);
  EXPECT_EQ(plan->arms_of(TaskIndex{3})[0].condition->program.text(), "input.x");
  EXPECT_TRUE(plan->arms_of(TaskIndex{3})[0].condition->operands[0].is_input());
  EXPECT_FALSE(plan->arms_of(TaskIndex{3})[1].condition);
}

TEST(Compile, PoliciesAndPoolsAreShared) {
  const PlanRef plan =
      plan_of(R"({"tenuto": 1, "name": "w", "defaults": {"retry": 2, "pool": "docker"}, "tasks": {
      "a": {"use": "f"}, "b": {"use": "f", "pool": "default", "retry": 0}, "c": {"use": "f", "timeout": "1m", "pure": true},
      "d": {"use": "f", "retry": {"attempts": 0, "backoff": "9s"}, "pool": "default"}, "e": {"use": "f", "retry": 2}}})");
  EXPECT_EQ(plan->pools(), (std::vector<std::string>{"default", "docker"}));
  EXPECT_EQ(plan->pool_of(TaskIndex{0}), "docker");
  EXPECT_EQ(plan->policy_of(TaskIndex{0}).retry.attempts, 2u);
  EXPECT_EQ(plan->pool_of(TaskIndex{1}), "default");
  EXPECT_EQ(plan->policy_of(TaskIndex{1}).retry.attempts, 0u);
  EXPECT_EQ(plan->policy_of(TaskIndex{2}).timeout_ns, 60 * kSecond);
  EXPECT_TRUE(plan->policy_of(TaskIndex{2}).pure);
  EXPECT_EQ(plan->row(TaskIndex{3}).policy, plan->row(TaskIndex{1}).policy);
  EXPECT_EQ(plan->row(TaskIndex{4}).policy, plan->row(TaskIndex{0}).policy);
}

TEST(Compile, TemplatesAreBound) {
  const PlanRef plan = plan_of(R"({"tenuto": 1, "name": "w", "tasks": {
      "deploy-prod": {"use": "f", "with": {"a": 1}}, "b": {"use": "f", "with": {"a": 1}},
      "c": {"use": "f", "with": {"x": "${tasks[\"deploy-prod\"].y + input.z}"}}, "d": {"use": "f"}}, "output": {"r": "${c}"}})");
  EXPECT_EQ(&plan->argument_of(TaskIndex{0}), &plan->argument_of(TaskIndex{1}));
  EXPECT_TRUE(plan->argument_of(TaskIndex{3}).pattern.is_constant());
  const BoundTemplate& c = plan->argument_of(TaskIndex{2});
  ASSERT_EQ(c.operands.size(), 2u);
  EXPECT_EQ(c.operands[0].node, 0u);
  EXPECT_TRUE(c.operands[1].is_input());
  ASSERT_TRUE(plan->output());
  EXPECT_EQ(plan->output()->operands[0].node, 2u);
}

TEST(Compile, FailuresListAllProblems) {
  const Result<PlanRef> plan = compile_workflow_text(
      workflow(R"("a": {"use": "f", "needs": ["x1"]}, "b": {"use": "f", "needs": ["x2"]})"));
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.code(), Code::invalid_argument);
  EXPECT_NE(plan.status().message().find("`x1`"), std::string::npos);
  EXPECT_NE(plan.status().message().find("\n"), std::string::npos);
  EXPECT_NE(plan.status().message().find("`x2`"), std::string::npos);
}

WorkflowSpec chain(std::uint32_t length) {
  WorkflowSpec spec;
  spec.name = "chain";
  spec.nodes.resize(length);
  for (std::uint32_t i = 0; i < length; ++i) {
    spec.nodes[i].name = "t" + std::to_string(i);
    spec.nodes[i].action = "noop";
    if (i > 0) spec.nodes[i].needs.push_back({"t" + std::to_string(i - 1), {}});
    if (i > 1) spec.nodes[i].needs.push_back({"t" + std::to_string(i / 2), {}});
  }
  return spec;
}

TEST(Compile, AMillionTasksFit) {
  WorkflowSpec spec = chain(limits::kPlanTasksMax);
  const Result<PlanRef> plan = compile_workflow(spec);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ((*plan)->node_count(), limits::kPlanTasksMax);
  std::size_t edges = 0;
  for (std::uint32_t i = 0; i < (*plan)->node_count(); ++i) edges += (*plan)->edges_of(TaskIndex{i}).size();
  EXPECT_EQ(edges, 2u * limits::kPlanTasksMax -
                       4);  // of tasks 2 and 3 both references are the same or the first is missing
  // Row, edges, argument, name offset.
  const std::size_t bytes = sizeof(NodeRow) + 2 * sizeof(Edge) + 2 * sizeof(std::uint32_t);
  EXPECT_LE(bytes, 64u);
  spec.nodes.emplace_back(spec.nodes.back()).name = "one_more";
  EXPECT_EQ(compile_workflow(spec).status().message(),
            "the workflow has more than 1000000 nodes (an `if` counts as one); split it");
}

TEST(Compile, TooManyPoliciesAreRefused) {
  WorkflowSpec spec = chain((1u << 16) + 2);
  for (std::uint32_t i = 0; i < spec.nodes.size(); ++i) spec.nodes[i].policy.timeout = (i + 1) * kMillisecond;
  EXPECT_EQ(compile_workflow(spec).status().message(),
            "the workflow has more than 65536 different policies; let tasks share theirs");
  spec.nodes.resize(1u << 16);
  EXPECT_TRUE(compile_workflow(spec).ok());
}

TEST(Compile, TooManyEdgesAreRefused) {
  WorkflowSpec spec;
  spec.name = "w";
  NodeSpec& big = spec.nodes.emplace_back();
  big.name = "s";
  big.arms.emplace_back().nodes = chain(4200).nodes;
  for (int i = 0; i < 4200; ++i) {
    NodeSpec& node = spec.nodes.emplace_back();
    node.name = "after" + std::to_string(i);
    node.action = "noop";
    node.needs.push_back({"s", {}});
  }
  EXPECT_EQ(compile_workflow(spec).status().message(),
            "the workflow has more than 16777216 references between its nodes; let several nodes need one "
            "that joins");
}

}  // namespace
}  // namespace tenuto
