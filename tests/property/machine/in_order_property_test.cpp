// A run that was in order is the run that it would be had each of its tasks been recorded by itself.
#include <gtest/gtest.h>

#include "tests/support/begin_with_rows.h"
#include "tests/support/machine_world.h"
#include "tests/support/plan_builder.h"
#include "tests/support/plan_generator.h"

namespace tenuto::testing {
namespace {

Event event_at(std::uint32_t node, EventBody body) {
  return {WallTime{9'000}, RunNumber{7}, kRootScope, TaskIndex{node}, Attempt{1}, std::move(body)};
}

// Half of the plans are made of tasks that wait for earlier ones alone; a switch now and then ends the order.
PlanShape any_shape(Random& random) {
  if (random.chance(1, 2)) return random_shape(random, 12);
  PlanShape shape;
  const std::uint64_t count = 1 + random.below(30);
  for (std::uint32_t i = 0; i < count; ++i) {
    NodeShape node;
    if (i > 0 && random.chance(1, 20)) node.arms = {always_true()};
    for (std::uint64_t k = i == 0 ? 0 : random.below(3); k > 0; --k) {
      const auto before = static_cast<std::uint32_t>(random.below(i));
      if (std::find(node.after.begin(), node.after.end(), before) == node.after.end())
        node.after.push_back(before);
    }
    shape.nodes.push_back(std::move(node));
  }
  return shape;
}

TEST(InOrderProperty, ItIsTheSameStateAndOwesTheSame) {
  std::uint32_t longest = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PlanRef plan = build_plan(any_shape(random));
    const RunStarted started;
    Changes unused;
    auto run = begin_run(RunNumber{7}, plan, started);
    auto twin = begin_with_rows(RunNumber{7}, plan, started, unused);
    const auto end = static_cast<std::uint32_t>(random.below(plan->ordered_end() + 1));
    while (run.front < end) {
      const auto count = static_cast<std::uint32_t>(1 + random.below(end - run.front));
      const std::uint32_t first = run.front;
      ASSERT_TRUE(apply(run, event_at(first, TasksDone{count, WallTime{8'000}}), unused).ok());
      for (std::uint32_t i = first; i < first + count; ++i) {
        // The time in bodies is theirs together.
        const WallTime began{i == first ? 8'000 : 9'000};
        ASSERT_TRUE(apply(twin, event_at(i, TaskDone{{}, began}), unused).ok());
      }
    }
    longest = std::max(longest, end);
    ASSERT_TRUE(same_state(run, twin));
    ASSERT_EQ(owed_in(run), owed_in(twin));
    leave_order(run);
    ASSERT_TRUE(same_state(run, twin));
    ASSERT_EQ(owed_in(run), owed_in(twin));
  }
  EXPECT_GT(longest, 5u) << "the plans are too simple";
}

}  // namespace
}  // namespace tenuto::testing
