#include "core/machine/outstanding.h"

#include "core/machine/apply.h"
#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Changes changes_of(const Run& run) {
  Changes changes;
  outstanding(run, changes);
  return changes;
}

void expect_only_flags(const Changes& changes, bool stop_work, bool ended) {
  EXPECT_THAT(changes.ready, IsEmpty());
  EXPECT_THAT(changes.decidable, IsEmpty());
  EXPECT_THAT(changes.timers, IsEmpty());
  EXPECT_EQ(changes.stop_work, stop_work);
  EXPECT_EQ(changes.ended, ended);
}

TEST(Outstanding, ReadyTasksAndTimers) {
  MachineWorld world(build_plan({{retried(1), a_task(), a_task({0})}}));
  EXPECT_THAT(changes_of(world.run()).ready, ElementsAre(TaskIndex{0}, TaskIndex{1}));
  ASSERT_TRUE(world.fail(0).ok());
  const Changes changes = changes_of(world.run());
  EXPECT_THAT(changes.ready, ElementsAre(TaskIndex{1}));
  EXPECT_THAT(changes.timers, ElementsAre(ArmTimer{TaskIndex{0}, world.run().trouble->retry_waits[0].at}));
  ASSERT_TRUE(world.retry(0).ok());
  EXPECT_THAT(changes_of(world.run()).timers, IsEmpty());
  EXPECT_THAT(changes_of(world.run()).ready, ElementsAre(TaskIndex{0}, TaskIndex{1}));
}

TEST(Outstanding, SwitchesToChooseAndSkipsToRecord) {
  // 1 can be chosen only when 0 is done, 3 at once; 4 is to be skipped before all that it waits for has ended.
  const PlanRef plan = build_plan({{a_task(), a_switch({any_of({0})}), in_arm(1, 0),
                                    a_switch({always_false()}), in_arm(3, 0, a_task({0}))}});
  Changes unused;
  auto run = begin_with_rows(RunNumber{7}, plan, {}, unused);
  EXPECT_THAT(changes_of(run).decidable, ElementsAre(TaskIndex{3}));
  ASSERT_TRUE(apply(run, event_of(3, 0, SwitchChosen{}), unused).ok());
  EXPECT_THAT(changes_of(run).decidable, ElementsAre(TaskIndex{4}));
  ASSERT_TRUE(apply(run, event_of(0, 1, TaskDone{Payload::json("true"), {}}), unused).ok());
  EXPECT_THAT(changes_of(run).decidable, ElementsAre(TaskIndex{1}, TaskIndex{4}));
}

TEST(Outstanding, AfterAStopOnlyTheStop) {
  MachineWorld failing(build_plan({{a_task(), a_task(), retried(1)}}));
  ASSERT_TRUE(failing.fail(2).ok());
  failing.start(1);
  ASSERT_TRUE(failing.fail(0).ok());
  expect_only_flags(changes_of(failing.run()), true, false);
  MachineWorld cancelling(build_plan({{a_task(), a_task()}}));
  cancelling.start(1);
  ASSERT_TRUE(cancelling.cancel().ok());
  expect_only_flags(changes_of(cancelling.run()), true, false);
}

TEST(Outstanding, AfterTheEndOnlyTheAnswer) {
  MachineWorld world(build_plan({{a_task()}}));
  ASSERT_TRUE(world.done(0).ok());
  expect_only_flags(changes_of(world.run()), false, true);
}

TEST(Outstanding, ClearKeepsNothing) {
  Changes changes{{TaskIndex{1}}, {TaskIndex{2}}, {ArmTimer{TaskIndex{3}, {}}}, true, true};
  changes.clear();
  expect_only_flags(changes, false, false);
}

}  // namespace
}  // namespace tenuto::testing
