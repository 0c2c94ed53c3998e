// Events that do not fit the state they meet: each is refused as damage, and the run stays as it was.
#include "core/machine/apply.h"
#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

void expect_misfit(const MachineWorld& world, const Event& event, const std::string& why) {
  auto run = world.replay();
  Changes changes;
  const Status status = apply(run, event, changes);
  EXPECT_EQ(status.code(), Code::damaged) << why;
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("run 7"), HasSubstr(std::string(to_text(event.type()))), HasSubstr(why)));
  EXPECT_TRUE(same_state(run, world.run())) << why;
  EXPECT_TRUE(changes.ready.empty() && changes.decidable.empty() && changes.timers.empty()) << why;
  EXPECT_FALSE(changes.stop_work || changes.ended) << why;
}

void expect_fits(const MachineWorld& world, const Event& event) {
  auto run = world.replay();
  Changes changes;
  const Status status = apply(run, event, changes);
  EXPECT_TRUE(status.ok()) << status.message();
}

// 0 -> 1, and a switch 2 on the result of 0 with 3 and 4 in its arms.
PlanRef small_plan() {
  return build_plan(
      {{retried(1), a_task({0}), a_switch({any_of({0}), otherwise()}), in_arm(2, 0), in_arm(2, 1)}});
}

TEST(ApplyDamaged, AnEventOfAnotherRunOrScope) {
  const MachineWorld world(small_plan());
  Event event = event_of(0, 1, TaskDone{});
  expect_fits(world, event);
  event.run = RunNumber{8};
  expect_misfit(world, event, "run 8");
  event = event_of(0, 1, TaskDone{});
  event.scope = ScopeNumber{1};
  expect_misfit(world, event, "no such scope");
}

TEST(ApplyDamaged, EventsThatAreNotOfALiveRun) {
  const MachineWorld world(small_plan());
  for (const EventBody& body :
       {EventBody(EngineOpened{}), EventBody(WorkflowStored{}), EventBody(CommandApplied{}),
        EventBody(CommandRefused{}), EventBody(PoolUsed{}), EventBody(NumbersReserved{}),
        EventBody(RunStarted{})}) {
    expect_misfit(world, event_of(0, 1, body), "not an event of a live run");
  }
}

TEST(ApplyDamaged, ANodeThatIsNotThere) {
  const MachineWorld world(small_plan());
  for (const EventBody& body : {EventBody(TaskDone{}), EventBody(AttemptFailed{}), EventBody(TaskSkipped{}),
                                EventBody(SwitchChosen{}), EventBody(TimerFired{})}) {
    expect_misfit(world, event_of(5, 1, body), "no such node");
    expect_misfit(world, event_of(kNoTask.value, 1, body), "no such node");
  }
}

TEST(ApplyDamaged, AnythingAfterTheEnd) {
  MachineWorld world(build_plan({{a_task()}}));
  ASSERT_TRUE(world.done(0).ok());
  ASSERT_TRUE(world.ended());
  for (const EventBody& body : {EventBody(TaskDone{}), EventBody(AttemptFailed{}), EventBody(TaskSkipped{}),
                                EventBody(SwitchChosen{}), EventBody(TimerFired{}),
                                EventBody(CancelRequested{}), EventBody(RunEnded{})}) {
    expect_misfit(world, event_of(0, 1, body), "the run has ended");
  }
}

TEST(ApplyDamaged, AResultThatIsNotAwaited) {
  MachineWorld world(small_plan());
  for (const EventBody& body : {EventBody(TaskDone{}), EventBody(failed_as(FailureKind::error))}) {
    expect_misfit(world, event_of(0, 2, body), "ready");  // another attempt
    expect_misfit(world, event_of(0, 0, body), "ready");
    expect_misfit(world, event_of(1, 1, body), "pending");  // not begun
    expect_misfit(world, event_of(1, 0, body), "pending");
  }
  expect_misfit(world, event_of(2, 0, TaskDone{}), "pending");  // a switch has no body
  ASSERT_TRUE(world.fail(0).ok());
  expect_misfit(world, event_of(0, 1, TaskDone{}), "waiting");
  ASSERT_TRUE(world.retry(0).ok());
  expect_misfit(world, event_of(0, 1, TaskDone{}), "ready");  // of the first attempt
  ASSERT_TRUE(world.done(0, "true").ok());
  expect_misfit(world, event_of(0, 2, TaskDone{}), "done");
}

TEST(ApplyDamaged, ARetryThatNobodyMakes) {
  MachineWorld world(small_plan());
  expect_fits(world, event_of(0, 1, failed_as(FailureKind::error, false)));
  expect_fits(world, event_of(0, 1, failed_as(FailureKind::timed_out, false)));
  for (const FailureKind kind : {FailureKind::stop, FailureKind::cancelled, FailureKind::expression}) {
    expect_misfit(world, event_of(0, 1, failed_as(kind, false)), "ready");
  }
  MachineWorld cancelling(small_plan());
  cancelling.start(0);
  ASSERT_TRUE(cancelling.cancel().ok());
  expect_fits(cancelling, event_of(0, 1, failed_as(FailureKind::error)));
  expect_misfit(cancelling, event_of(0, 1, failed_as(FailureKind::error, false)), "ready");
}

TEST(ApplyDamaged, ASkipWithoutAReason) {
  MachineWorld world(small_plan());
  expect_misfit(world, event_of(0, 0, TaskSkipped{}), "ready");
  expect_misfit(world, event_of(3, 0, TaskSkipped{}), "pending");
  expect_misfit(world, event_of(2, 0, TaskSkipped{}), "pending");
}

// 0 -> the switch 1 -> 2 in its only arm; and 3, which keeps the run open.
PlanShape waiting_switch() {
  return {{a_task(), a_switch({any_of({0})}), in_arm(1, 0), a_task()}};
}

// The run before the switch is decided: a world would decide at once.
Run before_the_switch(const MachineWorld& world, const char* result) {
  auto run = world.replay();
  Changes changes;
  TN_CHECK(apply(run, event_of(0, 1, TaskDone{Payload::json(result), {}}), changes).ok());
  return run;
}

Code applied_to_copy(const MachineWorld& world, const Event& event) {
  auto run = before_the_switch(world, "true");
  Changes changes;
  return apply(run, event, changes).code();
}

TEST(ApplyDamaged, AChoiceThatCannotBeMade) {
  const MachineWorld world(build_plan(waiting_switch()));
  expect_misfit(world, event_of(1, 0, SwitchChosen{0}), "pending");  // 0 has not ended
  expect_misfit(world, event_of(3, 0, SwitchChosen{0}), "ready");    // no switch
  EXPECT_EQ(applied_to_copy(world, event_of(1, 0, SwitchChosen{0})), Code::ok);
  EXPECT_EQ(applied_to_copy(world, event_of(1, 0, SwitchChosen{})), Code::ok);
  EXPECT_EQ(applied_to_copy(world, event_of(1, 0, SwitchChosen{1})), Code::damaged);  // no such arm
}

TEST(ApplyDamaged, AWrongConditionFailsInOneWayOnly) {
  const MachineWorld world(build_plan(waiting_switch()));
  expect_misfit(world, event_of(1, 0, failed_as(FailureKind::expression)), "pending");  // 0 has not ended
  EXPECT_EQ(applied_to_copy(world, event_of(1, 0, failed_as(FailureKind::expression))), Code::ok);
  EXPECT_EQ(applied_to_copy(world, event_of(1, 0, failed_as(FailureKind::expression, false))), Code::damaged);
  for (const FailureKind kind :
       {FailureKind::error, FailureKind::stop, FailureKind::timed_out, FailureKind::cancelled}) {
    EXPECT_EQ(applied_to_copy(world, event_of(1, 0, failed_as(kind))), Code::damaged) << to_text(kind);
  }
}

TEST(ApplyDamaged, ASwitchThatMustBeSkippedIsNotDecided) {
  // 1 stands in an arm of 0 that is not taken.
  const PlanRef plan =
      build_plan({{a_switch({always_false()}), in_arm(0, 0, a_switch({always_true()})), a_task()}});
  Changes changes;
  auto run = begin_with_rows(RunNumber{7}, plan, {}, changes);
  ASSERT_TRUE(apply(run, event_of(0, 0, SwitchChosen{}), changes).ok());
  EXPECT_EQ(apply(run, event_of(1, 0, SwitchChosen{0}), changes).code(), Code::damaged);
  EXPECT_EQ(apply(run, event_of(1, 0, failed_as(FailureKind::expression)), changes).code(), Code::damaged);
  EXPECT_TRUE(apply(run, event_of(1, 0, TaskSkipped{}), changes).ok());
}

TEST(ApplyDamaged, NothingFollowsByItselfAfterAFailureOrACancel) {
  const PlanRef plan =
      build_plan({{a_switch({always_false()}), in_arm(0, 0), a_switch({always_true()}), a_task()}});
  for (const Event& stop :
       {event_of(3, 1, failed_as(FailureKind::stop)), event_of(kNoTask.value, 0, CancelRequested{})}) {
    Changes changes;
    auto run = begin_with_rows(RunNumber{7}, plan, {}, changes);
    ASSERT_TRUE(apply(run, event_of(0, 0, SwitchChosen{}), changes).ok());
    ASSERT_TRUE(apply(run, stop, changes).ok());
    EXPECT_EQ(apply(run, event_of(1, 0, TaskSkipped{}), changes).code(), Code::damaged);
    EXPECT_EQ(apply(run, event_of(2, 0, SwitchChosen{0}), changes).code(), Code::damaged);
    EXPECT_EQ(apply(run, event_of(2, 0, failed_as(FailureKind::expression)), changes).code(), Code::damaged);
  }
}

TEST(ApplyDamaged, ATimerThatNobodyAwaits) {
  MachineWorld world(build_plan({{retried(1), a_task()}}));
  expect_misfit(world, event_of(0, 1, TimerFired{}), "ready");
  ASSERT_TRUE(world.fail(0).ok());
  expect_fits(world, event_of(0, 1, TimerFired{}));
  expect_misfit(world, event_of(0, 2, TimerFired{}), "waiting");
  world.start(1);
  ASSERT_TRUE(world.cancel().ok());
  expect_misfit(world, event_of(0, 1, TimerFired{}), "waiting");
}

TEST(ApplyDamaged, ASecondCancel) {
  MachineWorld world(small_plan());
  world.start(0);
  ASSERT_TRUE(world.cancel().ok());
  expect_misfit(world, event_of(kNoTask.value, 0, CancelRequested{}), "being cancelled already");
}

TEST(ApplyDamaged, AnEndThatIsNone) {
  MachineWorld world(small_plan());
  for (const RunState state :
       {RunState::queued, RunState::running, RunState::waiting, RunState::paused, RunState::cancelling}) {
    expect_misfit(world, event_of(kNoTask.value, 0, ended_as(state)), "can't end as");
  }
  // Completed means that everything has ended well.
  expect_misfit(world, event_of(kNoTask.value, 0, RunEnded{}), "can't end as completed");
  MachineWorld cancelling(build_plan({{a_task()}}));
  cancelling.start(0);
  ASSERT_TRUE(cancelling.cancel().ok());
  auto run = cancelling.replay();
  Changes changes;
  ASSERT_TRUE(apply(run, event_of(0, 1, TaskDone{}), changes).ok());
  EXPECT_EQ(apply(run, event_of(kNoTask.value, 0, RunEnded{}), changes).code(), Code::damaged);
  EXPECT_TRUE(apply(run, event_of(kNoTask.value, 0, ended_as(RunState::cancelled)), changes).ok());
}

}  // namespace
}  // namespace tenuto::testing
