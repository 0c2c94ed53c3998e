// Random shapes of plans: order and data edges, nested switches, retries.
#pragma once

#include <numeric>

#include "core/base/random.h"
#include "tests/support/plan_builder.h"

namespace tenuto::testing {

// A number in [low, high].
[[nodiscard]] inline std::uint32_t between(Random& random, std::uint32_t low, std::uint32_t high) {
  return low + static_cast<std::uint32_t>(random.below(high - low + 1));
}

[[nodiscard]] inline ConditionShape random_condition(Random& random,
                                                     const std::vector<std::uint32_t>& tasks) {
  ConditionShape condition;
  condition.op = random.chance(1, 2) ? ConditionShape::Op::any : ConditionShape::Op::all;
  for (std::uint32_t n = between(random, 0, 2); n > 0; --n) {
    if (tasks.empty() || random.chance(1, 8)) {
      condition.nodes.push_back(OperandRef::kInput);
    } else {
      condition.nodes.push_back(tasks[random.below(tasks.size())]);
    }
  }
  return condition;
}

[[nodiscard]] inline RetrySpec random_retry(Random& random) {
  RetrySpec retry;
  if (random.chance(1, 2)) retry.attempts = between(random, 1, 2);
  retry.backoff = between(random, 1, 5) * kSecond;
  retry.max = between(random, 1, 10) * kSecond;
  retry.full_jitter = random.chance(1, 2);
  return retry;
}

// A node that depends on earlier ones only. `tasks` and `switches` are the nodes before it.
[[nodiscard]] inline NodeShape random_node(Random& random, const PlanShape& before,
                                           const std::vector<std::uint32_t>& tasks,
                                           const std::vector<std::uint32_t>& switches) {
  NodeShape node;
  const auto count = static_cast<std::uint32_t>(before.nodes.size());
  if (count > 0) {
    for (std::uint32_t n = between(random, 0, 2); n > 0; --n)
      node.after.push_back(between(random, 0, count - 1));
  }
  if (!switches.empty() && random.chance(1, 2)) {
    const std::uint32_t chosen = switches[random.below(switches.size())];
    const auto arms = static_cast<std::uint32_t>(before.nodes[chosen].arms.size());
    node.place = PlaceShape{chosen, between(random, 0, arms - 1)};
  }
  if (random.chance(1, 4)) {
    for (std::uint32_t n = between(random, 1, 3); n > 0; --n)
      node.arms.push_back(random_condition(random, tasks));
    if (random.chance(1, 3)) node.arms.push_back(otherwise());
    return node;
  }
  if (!tasks.empty()) {
    for (std::uint32_t n = between(random, 0, 2); n > 0; --n) {
      const std::uint32_t used = tasks[random.below(tasks.size())];
      if (std::count(node.uses.begin(), node.uses.end(), used) == 0) node.uses.push_back(used);
    }
  }
  node.policy.retry = random_retry(random);
  return node;
}

// The same shape with node i called to[i], so that indices say nothing about order.
[[nodiscard]] inline PlanShape relabelled(const PlanShape& shape, const std::vector<std::uint32_t>& to) {
  const auto move_all = [&](std::vector<std::uint32_t>& nodes) {
    for (std::uint32_t& node : nodes) {
      if (node != OperandRef::kInput) node = to[node];
    }
  };
  PlanShape moved;
  moved.nodes.resize(shape.nodes.size());
  for (std::uint32_t i = 0; i < shape.nodes.size(); ++i) {
    NodeShape node = shape.nodes[i];
    move_all(node.after);
    move_all(node.uses);
    for (ConditionShape& arm : node.arms) move_all(arm.nodes);
    if (node.place) node.place->switch_node = to[node.place->switch_node];
    moved.nodes[to[i]] = std::move(node);
  }
  moved.output = shape.output;
  move_all(moved.output);
  return moved;
}

[[nodiscard]] inline PlanShape random_shape(Random& random, std::uint32_t nodes_max) {
  PlanShape shape;
  std::vector<std::uint32_t> tasks;
  std::vector<std::uint32_t> switches;
  const std::uint32_t count = between(random, 1, nodes_max);
  for (std::uint32_t i = 0; i < count; ++i) {
    shape.nodes.push_back(random_node(random, shape, tasks, switches));
    (shape.nodes.back().is_switch() ? switches : tasks).push_back(i);
  }
  for (const std::uint32_t task : tasks) {
    if (random.chance(1, 3)) shape.output.push_back(task);
  }
  std::vector<std::uint32_t> to(count);
  std::iota(to.begin(), to.end(), 0u);
  for (std::uint32_t i = count; i > 1; --i) std::swap(to[i - 1], to[random.below(i)]);
  return relabelled(shape, to);
}

}  // namespace tenuto::testing
