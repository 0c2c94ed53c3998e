// Random graphs of tasks from a seed, as arrays and as specs that say the same; and whether two plans are the same.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/plan/plan.h"
#include "core/plan/spec.h"
#include "core/plan/task_graph.h"

namespace tenuto::testing {

struct RandomGraph {
  explicit RandomGraph(std::uint64_t seed, std::uint64_t tasks_max = 40) {
    Random random(seed);
    const auto tasks = static_cast<std::uint32_t>(random.below(tasks_max + 1));
    // Tasks in any order: the one at place[i] may need those at places before i.
    std::vector<std::uint32_t> place(tasks);
    for (std::uint32_t i = 0; i < tasks; ++i) place[i] = i;
    const bool is_shuffled = random.chance(1, 2);
    for (std::uint32_t i = tasks; is_shuffled && i > 1; --i) std::swap(place[i - 1], place[random.below(i)]);
    std::vector<std::vector<std::uint32_t>> needs_of(tasks);
    for (std::uint32_t i = 1; i < tasks; ++i) {
      for (std::uint64_t k = random.below(4); k > 0; --k)
        needs_of[place[i]].push_back(place[random.below(i)]);
    }
    for (const auto& list : needs_of) {
      needs.insert(needs.end(), list.begin(), list.end());
      begin.push_back(static_cast<std::uint32_t>(needs.size()));
    }
    is_named = random.chance(1, 2);
    for (std::uint32_t i = 0; i < tasks; ++i) {
      names.push_back(is_named
                          ? std::string(random.chance(1, 5) ? "n\"é " : "n") + std::to_string(i * 7 % 1000)
                          : "t" + std::to_string(i));
    }
    // Some equal and some that nobody uses.
    for (std::uint64_t i = 1 + random.below(4); i > 0; --i)
      actions.push_back("f" + std::to_string(random.below(3)));
    for (std::uint64_t i = random.below(4); i > 0; --i) policies.push_back(policy(random));
    has_action_of = random.chance(2, 3);
    has_policy_of = !policies.empty() && random.chance(2, 3);
    for (std::uint32_t i = 0; i < tasks; ++i) {
      action_of.push_back(static_cast<std::uint32_t>(has_action_of ? random.below(actions.size()) : 0));
      policy_of.push_back(static_cast<std::uint32_t>(has_policy_of ? random.below(policies.size()) : 0));
    }
    name_views.assign(names.begin(), names.end());
    action_views.assign(actions.begin(), actions.end());
  }
  RandomGraph(const RandomGraph&) = delete;
  RandomGraph& operator=(const RandomGraph&) = delete;

  // Borrowed from this object.
  [[nodiscard]] TaskGraph arrays() const {
    TaskGraph graph;
    graph.name = "w";
    graph.needs_begin = begin;
    graph.needs = needs;
    if (is_named) graph.names = name_views;
    graph.actions = action_views;
    if (has_action_of) graph.action_of = action_of;
    graph.policies = policies;
    if (has_policy_of) graph.policy_of = policy_of;
    return graph;
  }

  [[nodiscard]] WorkflowSpec spec() const {
    WorkflowSpec spec;
    spec.name = "w";
    for (std::size_t i = 0; i < names.size(); ++i) {
      NodeSpec& node = spec.nodes.emplace_back();
      node.name = names[i];
      node.action = actions[action_of[i]];
      if (!policies.empty()) node.policy = policies[policy_of[i]];
      for (std::uint32_t k = begin[i]; k < begin[i + 1]; ++k) node.needs.push_back({names[needs[k]], {}});
    }
    return spec;
  }

  std::vector<std::uint32_t> begin{0}, needs, action_of, policy_of;
  std::vector<std::string> names, actions;
  std::vector<PolicySpec> policies;
  bool is_named, has_action_of, has_policy_of;

 private:
  static PolicySpec policy(Random& random) {
    PolicySpec policy;
    if (random.chance(1, 2)) policy.pure = random.chance(1, 2);
    if (random.chance(1, 2)) policy.pool = random.chance(1, 2) ? "default" : "docker";
    if (random.chance(1, 3)) policy.retry.emplace().attempts = static_cast<std::uint32_t>(random.below(3));
    if (random.chance(1, 3)) policy.timeout = 5 * kSecond;
    return policy;
  }

  std::vector<ByteView> name_views, action_views;
};

inline void expect_same_plan(const Plan& a, const Plan& b) {
  EXPECT_EQ(a.definition(), b.definition());
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_EQ(a.name(), b.name());
  EXPECT_EQ(a.actions(), b.actions());
  EXPECT_EQ(a.pools(), b.pools());
  ASSERT_EQ(a.node_count(), b.node_count());
  EXPECT_EQ(a.edge_count(), b.edge_count());
  EXPECT_EQ(a.ordered_end(), b.ordered_end());
  EXPECT_TRUE(std::equal(a.stretch_ends().begin(), a.stretch_ends().end(), b.stretch_ends().begin(),
                         b.stretch_ends().end()));
  for (TaskIndex i{0}; i.value < a.node_count(); ++i.value) {
    SCOPED_TRACE(a.name_of(i));
    EXPECT_EQ(a.name_of(i), b.name_of(i));
    EXPECT_EQ(a.row(i).kind, b.row(i).kind);
    EXPECT_EQ(a.row(i).in_degree, b.row(i).in_degree);
    EXPECT_EQ(a.row(i).subject, b.row(i).subject);
    EXPECT_EQ(a.row(i).policy, b.row(i).policy);
    if (a.row(i).kind == NodeKind::task) {
      EXPECT_EQ(a.policy_of(i), b.policy_of(i));
      EXPECT_EQ(a.argument_of(i).pattern.is_constant(), b.argument_of(i).pattern.is_constant());
    }
    ASSERT_EQ(a.edges_of(i).size(), b.edges_of(i).size());
    for (std::size_t e = 0; e < a.edges_of(i).size(); ++e) {
      EXPECT_EQ(a.edges_of(i)[e].target(), b.edges_of(i)[e].target());
      EXPECT_EQ(a.edges_of(i)[e].kind(), b.edges_of(i)[e].kind());
      EXPECT_EQ(a.edges_of(i)[e].arm(), b.edges_of(i)[e].arm());
    }
  }
}

}  // namespace tenuto::testing
