// What the unit tests of the machine share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/begin_with_rows.h"
#include "tests/support/machine_world.h"
#include "tests/support/plan_builder.h"

namespace tenuto::testing {

// A task that waits for `after` and uses the results of `uses`.
[[nodiscard]] inline NodeShape a_task(std::vector<std::uint32_t> after = {},
                                      std::vector<std::uint32_t> uses = {}) {
  return {.after = std::move(after), .uses = std::move(uses)};
}
[[nodiscard]] inline NodeShape in_arm(std::uint32_t switch_node, std::uint32_t arm, NodeShape node = {}) {
  node.place = PlaceShape{switch_node, arm};
  return node;
}
[[nodiscard]] inline NodeShape a_switch(std::vector<ConditionShape> arms) {
  return {.arms = std::move(arms)};
}
// Tried `attempts` times more, one second apart.
[[nodiscard]] inline NodeShape retried(std::uint32_t attempts, NodeShape node = {}) {
  node.policy.retry = {
      .attempts = attempts, .backoff = kSecond, .factor = 1, .max = kSecond, .full_jitter = false};
  return node;
}

// An event of the run of a MachineWorld.
[[nodiscard]] inline Event event_of(std::uint32_t node, std::uint32_t attempt, EventBody body) {
  return {WallTime{5'000'000}, RunNumber{7}, kRootScope, TaskIndex{node}, Attempt{attempt}, std::move(body)};
}

[[nodiscard]] inline AttemptFailed failed_as(FailureKind kind, bool final = true) {
  return {kind, {"E", "it broke", ""}, {}, final, {}};
}

[[nodiscard]] inline RunEnded ended_as(RunState state) {
  RunEnded ended;
  ended.state = state;
  return ended;
}

}  // namespace tenuto::testing
