#include "core/plan/task_graph.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/plan/canonical.h"
#include "core/plan/compile.h"
#include "tests/support/random_graph.h"

namespace tenuto {
namespace {

using List = std::vector<std::uint32_t>;

// Three tasks of which the last needs both others, unless a test changes something.
struct Arrays {
  List begin{0, 0, 0, 2};
  List needs{0, 1};
  std::vector<ByteView> names, actions{"f"};
  List action_of, policy_of;
  std::vector<PolicySpec> policies;
  ByteView name = "w";

  [[nodiscard]] Result<PlanRef> compile() const {
    return compile_graph({name, begin, needs, names, actions, action_of, policies, policy_of});
  }
  [[nodiscard]] std::string refusal() const {
    const Result<PlanRef> plan = compile();
    if (plan.ok()) return "it was accepted";
    EXPECT_EQ(plan.code(), Code::invalid_argument);
    return plan.status().message();
  }
};

Arrays with(const std::function<void(Arrays&)>& change) {
  Arrays arrays;
  change(arrays);
  return arrays;
}

TEST(TaskGraph, SaysWhatItsDefinitionSays) {
  Arrays arrays;
  arrays.actions = {"unused", "g", "f", "f"};
  arrays.action_of = {2, 3, 1};
  arrays.policies.resize(2);
  arrays.policies[1].pure = true;
  arrays.policy_of = {1, 1, 0};
  const PlanRef plan = *arrays.compile();
  EXPECT_EQ(plan->definition(),
            R"({"name":"w","tasks":{"t0":{"pure":true,"use":"f"},"t1":{"pure":true,"use":"f"},)"
            R"("t2":{"needs":["t0","t1"],"use":"g"}},"tenuto":1})");
  EXPECT_EQ(plan->hash(), hash_of(plan->definition()));
  EXPECT_EQ(plan->actions(), (std::vector<std::string>{"f", "g"}));
  EXPECT_EQ(List(plan->stretch_ends().begin(), plan->stretch_ends().end()), (List{2, 3}));
  testing::expect_same_plan(*plan, **compile_workflow_text(plan->definition()));
}

TEST(TaskGraph, NothingAtAllIsAWorkflow) {
  Arrays arrays = with([](Arrays& a) {
    a.begin = {0};
    a.needs.clear();
    a.actions.clear();
  });
  const PlanRef plan = *arrays.compile();
  EXPECT_EQ(plan->definition(), R"({"name":"w","tasks":{},"tenuto":1})");
  testing::expect_same_plan(*plan, **compile_workflow_text(plan->definition()));
}

TEST(TaskGraph, NeedsAreSortedByNameAndCountOnce) {
  Arrays arrays;
  arrays.begin = {0, 3};
  arrays.begin.resize(13, 5);
  arrays.needs = {10, 9, 10, 11, 11};
  EXPECT_EQ((*arrays.compile())->definition().substr(0, 75),
            R"({"name":"w","tasks":{"t0":{"needs":["t10","t9"],"use":"f"},"t1":{"needs":[")");
  EXPECT_EQ((*arrays.compile())->edge_count(), 3u);
}

TEST(TaskGraph, LargeOnesTakeFewBytes) {
  constexpr std::uint32_t kTasks = 100'000;
  Arrays arrays = with([](Arrays& a) {
    a.begin = {0};
    a.needs.clear();
  });
  for (std::uint32_t i = 0; i < kTasks; ++i) {
    for (std::uint32_t back = 1; back <= 3 && back <= i; ++back) arrays.needs.push_back(i - back);
    arrays.begin.push_back(static_cast<std::uint32_t>(arrays.needs.size()));
  }
  const PlanRef plan = *arrays.compile();
  EXPECT_EQ(plan->ordered_end(), kTasks);
  EXPECT_EQ(plan->hash(), hash_of(plan->definition()));
  testing::expect_same_plan(*plan, **compile_workflow_text(plan->definition()));
}

TEST(TaskGraph, ProblemsNameTheirTask) {
  EXPECT_EQ(with([](Arrays& a) {
              a.needs = {0, 3};
            }).refusal(),
            "task `t2` needs the task number 3, but there are only 3, counted from 0; correct its needs");
  EXPECT_EQ(with([](Arrays& a) {
              a.needs = {0, 2};
            }).refusal(),
            "task `t2` needs itself; remove it from its needs");
  EXPECT_EQ(with([](Arrays& a) {
              a.begin = {0, 1, 2, 2};
              a.needs = {1, 0};
            }).refusal(),
            "task `t0` waits for itself: t0 -> t1 -> t0; remove one of these references");
  EXPECT_EQ(with([](Arrays& a) {
              a.begin = {0, 2, 1, 2};
            }).refusal(),
            "task `t0` needs itself; remove it from its needs\n"
            "task `t1`: its needs begin at 2 and end at 1; `needs_begin` must not go down");
  EXPECT_EQ(with([](Arrays& a) {
              a.begin = {0, 0, 5, 2};
            }).refusal(),
            "task `t1`: its needs end at 5, but there are 2 needs; correct `needs_begin`\n"
            "task `t2`: its needs begin at 5 and end at 2; `needs_begin` must not go down");
  EXPECT_EQ(with([](Arrays& a) {
              a.begin = {1, 1, 1, 2};
            }).refusal(),
            "`needs_begin` begins with 1; the needs of the first task begin at 0");
  EXPECT_EQ(with([](Arrays& a) {
              a.begin = {0, 0, 0, 1};
            }).refusal(),
            "`needs_begin` ends with 1, but there are 2 needs; its last entry is their number");
  EXPECT_EQ(with([](Arrays& a) {
              a.names = {"a", "b", "a"};
            }).refusal(),
            "the name `a` is given twice: to the tasks number 0 and 2; rename one");
  EXPECT_EQ(
      with([](Arrays& a) {
        a.names = {"a", "x/y", "input"};
      }).refusal(),
      "task number 1: the name `x/y` can't be used: it holds a `/`, which separates the parts of a path\n"
      "task number 2 can't be named `input`: expressions use the word; rename it");
  EXPECT_EQ(with([](Arrays& a) { a.names = {"a"}; }).refusal(),
            "`names` has 1 entries for 3 tasks; give one each, or none");
  EXPECT_EQ(with([](Arrays& a) {
              a.action_of = {0, 1, 0};
            }).refusal(),
            "task `t1` has the action number 1, but there is only 1, counted from 0; correct `action_of`");
  EXPECT_EQ(with([](Arrays& a) { a.actions.clear(); }).refusal(), "there is no action; give one at least");
  EXPECT_EQ(with([](Arrays& a) { a.actions = {""}; }).refusal(), "the action `` can't be used: it is empty");
  EXPECT_EQ(with([](Arrays& a) {
              a.policy_of = {0, 0, 9};
              a.policies = std::vector<PolicySpec>(2);
            }).refusal(),
            "task `t2` has the policy number 9, but there are only 2, counted from 0; correct `policy_of`");
  EXPECT_EQ(with([](Arrays& a) { a.name = ""; }).refusal(),
            "the workflow name `` can't be used: it is empty");
  PolicySpec wrong;
  wrong.pool = "";
  EXPECT_EQ(with([&](Arrays& a) { a.policies = {wrong}; }).refusal(),
            "policy number 0: the pool `` can't be used: it is empty");
}

TEST(TaskGraph, LimitsAreThoseOfWorkflows) {
  EXPECT_EQ(with([](Arrays& a) {
              a.begin = List(limits::kPlanTasksMax + 2);
              a.needs.clear();
            }).refusal(),
            "the workflow has 1000001 tasks, more than 1000000; split it");
  EXPECT_TRUE(with([](Arrays& a) {
                a.begin = List(limits::kPlanTasksMax + 1);
                a.needs.clear();
              })
                  .compile()
                  .ok());
  EXPECT_EQ(graph_size_problem(2, kPlanEdgesMax + std::size_t{1}),
            "the workflow has 16777217 needs, more than 16777216; let several tasks need one that joins");
}

TEST(TaskGraph, ManyThreadsMayAskForTheHashAndTheNames) {
  Arrays arrays = with([](Arrays& a) {
    a.begin = List(1001);
    a.needs.clear();
  });
  const PlanRef plan = *arrays.compile();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(plan->hash(), hash_of(plan->definition()));
      EXPECT_EQ(plan->name_of(TaskIndex{999}), "t999");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tenuto
