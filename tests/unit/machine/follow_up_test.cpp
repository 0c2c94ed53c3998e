#include "core/machine/apply.h"
#include "core/machine/decide.h"
#include "core/machine/outstanding.h"
#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

using ::testing::HasSubstr;

const RunEnded& end_of(const MachineWorld& world) {
  return std::get<RunEnded>(world.events().back().body);
}

TEST(FollowUp, ACompletedRunHasItsOutput) {
  PlanShape shape{{a_task(), a_switch({always_false()}), in_arm(1, 0)}, {0, 2}};
  MachineWorld world(build_plan(shape));
  ASSERT_TRUE(world.done(0, "[1,2]").ok());
  EXPECT_EQ(end_of(world).state, RunState::completed);
  EXPECT_EQ(end_of(world).output.view(), R"({"n0":[1,2],"n2":null})");
  EXPECT_EQ(end_of(world).culprit, kNoTask);
  EXPECT_EQ(world.run().output(), end_of(world).output);
}

TEST(FollowUp, AnOutputThatCannotBeMadeFailsTheRun) {
  Plan::Parts parts;
  parts.rows.resize(1);
  parts.names.offsets = {0};
  parts.output = make_template(R"({"a":"${input.nowhere}"})");
  MachineWorld world(std::make_shared<const Plan>(std::move(parts)), Payload::json("{}"));
  EXPECT_EQ(end_of(world).state, RunState::failed);
  EXPECT_EQ(end_of(world).culprit, kNoTask);
  EXPECT_EQ(end_of(world).failure.type, "ExpressionError");
  EXPECT_THAT(end_of(world).failure.message, HasSubstr("output: "));
  EXPECT_EQ(world.run().state, RunState::failed);
}

TEST(FollowUp, AFailedRunNamesItsCulprit) {
  MachineWorld world(build_plan({{a_task(), a_task()}}));
  ASSERT_TRUE(world.fail(1, FailureKind::stop).ok());
  EXPECT_EQ(end_of(world).state, RunState::failed);
  EXPECT_EQ(end_of(world).culprit, TaskIndex{1});
  EXPECT_EQ(end_of(world).failure, (Failure{"E", "it broke", ""}));
  EXPECT_TRUE(end_of(world).output.is_null_json());
}

TEST(FollowUp, ACancelledRunSaysWhy) {
  MachineWorld with_reason(build_plan({{a_task()}}));
  ASSERT_TRUE(with_reason.cancel().ok());
  EXPECT_EQ(end_of(with_reason).state, RunState::cancelled);
  EXPECT_EQ(end_of(with_reason).failure, (Failure{"Cancelled", "enough", ""}));
  MachineWorld without(build_plan({{a_task()}}));
  ASSERT_TRUE(without.feed(CancelAsked{}).ok());
  EXPECT_EQ(end_of(without).failure.message, "the run was cancelled");
}

TEST(FollowUp, TheEndWaitsForBodiesThatRun) {
  MachineWorld world(build_plan({{a_task(), a_task()}}));
  world.start(0);
  world.start(1);
  ASSERT_TRUE(world.cancel().ok());
  ASSERT_TRUE(world.done(0).ok());
  EXPECT_FALSE(world.ended());
  ASSERT_TRUE(world.done(1).ok());
  EXPECT_EQ(end_of(world).state, RunState::cancelled);
}

TEST(FollowUp, TheCountsAreThoseAfterTheEnd) {
  MachineWorld world(build_plan(
      {{retried(1), a_task(), a_task({1}), a_switch({always_false()}), in_arm(3, 0), retried(1)}}));
  ASSERT_TRUE(world.fail(0).ok());
  ASSERT_TRUE(world.retry(0).ok());
  ASSERT_TRUE(world.done(0).ok());
  ASSERT_TRUE(world.fail(5).ok());  // waits
  ASSERT_TRUE(world.fail(1, FailureKind::stop).ok());
  const RunCounts& counts = end_of(world).counts;
  EXPECT_EQ(counts, count_rows(world.run()));
  EXPECT_EQ(counts.done, 1u);
  EXPECT_EQ(counts.skipped, 1u);
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.cancelled, 1u);
  EXPECT_EQ(counts.not_reached, 1u);
  EXPECT_EQ(counts.retries, 1u);
}

TEST(FollowUp, SkipsNameTheirReason) {
  MachineWorld world(build_plan(
      {{a_switch({always_false()}), in_arm(0, 0), in_arm(0, 0, a_task({}, {1})), a_task({}, {1})}}));
  std::map<std::uint32_t, SkipReason> reasons;
  for (const Event& event : world.events()) {
    if (const auto* skipped = std::get_if<TaskSkipped>(&event.body))
      reasons[event.task.value] = skipped->reason;
  }
  // 2 has both reasons: the arm is the stronger one.
  EXPECT_EQ(reasons, (std::map<std::uint32_t, SkipReason>{{1, SkipReason::arm_not_taken},
                                                          {2, SkipReason::arm_not_taken},
                                                          {3, SkipReason::value_skipped}}));
}

TEST(FollowUp, ANodeThatIsListedButDecidedIsPassedOver) {
  Evaluation evaluation;
  MachineWorld world(build_plan({{a_switch({always_true()}), in_arm(0, 0)}}));
  Changes changes;
  changes.decidable = {TaskIndex{0}, TaskIndex{0}};
  EXPECT_FALSE(follow_up(world.run(), changes, 0, WallTime{}, evaluation).has_value());
  EXPECT_TRUE(changes.decidable.empty());
}

TEST(FollowUp, NothingFollowsAnEndedRun) {
  Evaluation evaluation;
  MachineWorld world(build_plan({{a_task()}}));
  ASSERT_TRUE(world.done(0).ok());
  Changes changes;
  changes.decidable = {TaskIndex{0}};
  EXPECT_FALSE(follow_up(world.run(), changes, 0, WallTime{}, evaluation).has_value());
}

TEST(FollowUp, AfterARecoveryItGoesOnFromWhatIsOutstanding) {
  // The process dies between the last result and what follows from it.
  Evaluation evaluation;
  Changes unused;
  const PlanRef plan = build_plan({{a_task(), a_switch({any_of({0})}), in_arm(1, 0)}});
  auto run = begin_with_rows(RunNumber{7}, plan, {}, unused);
  ASSERT_TRUE(apply(run, event_of(0, 1, TaskDone{Payload::json("false"), {}}), unused).ok());
  Changes changes;
  outstanding(run, changes);
  std::vector<EventType> types;
  while (auto event = follow_up(run, changes, 0, WallTime{}, evaluation)) {
    types.push_back(event->type());
    ASSERT_TRUE(apply(run, *event, changes).ok());
  }
  EXPECT_EQ(types, (std::vector<EventType>{EventType::switch_chosen, EventType::task_skipped,
                                           EventType::run_ended}));
  EXPECT_EQ(run.state, RunState::completed);
}

}  // namespace
}  // namespace tenuto::testing
