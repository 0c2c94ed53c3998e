// A graph from arrays is the graph that its definition says; arrays of nonsense are refused or mean something, and do no harm.
#include "core/plan/task_graph.h"

#include <gtest/gtest.h>

#include <string>

#include "core/plan/canonical.h"
#include "core/plan/compile.h"
#include "tests/property/plan/definition_writer.h"
#include "tests/support/random_graph.h"

namespace tenuto {
namespace {

TEST(TaskGraphProperty, ArraysTextAndSpecMakeTheSamePlan) {
  std::uint64_t in_disorder = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    const testing::RandomGraph graph(seed);
    const Result<PlanRef> plan = compile_graph(graph.arrays());
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    const WorkflowSpec spec = graph.spec();
    NormalTexts texts;
    EXPECT_EQ((*plan)->definition(), canonical_form(spec, texts));
    EXPECT_EQ((*plan)->hash(), hash_of((*plan)->definition()));
    const Result<PlanRef> from_spec = compile_workflow(spec);
    ASSERT_TRUE(from_spec.ok()) << from_spec.status().message();
    testing::expect_same_plan(**plan, **from_spec);
    const Result<PlanRef> from_text = compile_workflow_text(testing::DefinitionWriter(seed).write(spec));
    ASSERT_TRUE(from_text.ok()) << from_text.status().message();
    testing::expect_same_plan(**plan, **from_text);
    // What a store keeps.
    const Result<PlanRef> stored = compile_workflow_text((*plan)->definition());
    ASSERT_TRUE(stored.ok()) << stored.status().message();
    testing::expect_same_plan(**plan, **stored);
    if ((*plan)->ordered_end() < (*plan)->node_count()) ++in_disorder;
  }
  EXPECT_GT(in_disorder, 300u);
}

TEST(TaskGraphProperty, DamagedArraysAreRefusedOrMeanSomething) {
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    testing::RandomGraph graph(seed % 200);
    Random random(seed);
    for (auto* list : {&graph.begin, &graph.needs, &graph.action_of, &graph.policy_of}) {
      for (std::uint64_t i = random.below(3); i > 0 && !list->empty(); --i) {
        std::uint32_t& number = (*list)[random.below(list->size())];
        const std::uint32_t choices[] = {number + 1, number - 1, static_cast<std::uint32_t>(random.below(40)),
                                         0xFFFF'FFFFu, static_cast<std::uint32_t>(random.next())};
        number = choices[random.below(std::size(choices))];
      }
    }
    TaskGraph arrays = graph.arrays();
    if (random.chance(1, 10) && !arrays.needs.empty())
      arrays.needs = arrays.needs.first(arrays.needs.size() - 1);
    if (random.chance(1, 10) && !arrays.names.empty())
      arrays.names = arrays.names.first(arrays.names.size() - 1);
    const Result<PlanRef> plan = compile_graph(arrays);
    if (!plan.ok()) {
      ++refused;
      EXPECT_EQ(plan.code(), Code::invalid_argument);
      EXPECT_FALSE(plan.status().message().empty());
      continue;
    }
    const Result<PlanRef> again = compile_workflow_text((*plan)->definition());
    ASSERT_TRUE(again.ok()) << again.status().message();
    testing::expect_same_plan(**plan, **again);
  }
  EXPECT_GT(refused, 5'000u);
  EXPECT_LT(refused, 19'500u);
}

}  // namespace
}  // namespace tenuto
