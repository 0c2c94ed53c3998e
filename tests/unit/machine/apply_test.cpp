#include "core/machine/apply.h"

#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kPending = TaskState::pending;
constexpr auto kReady = TaskState::ready;
constexpr auto kDone = TaskState::done;
constexpr auto kSkipped = TaskState::skipped;

std::vector<TaskState> states_of(const MachineWorld& world) {
  std::vector<TaskState> states;
  for (const TaskRow& row : world.run().all_rows()) states.push_back(row.state);
  return states;
}

TEST(Apply, ARunBeginsWithItsRoots) {
  Changes changes;
  const PlanRef plan = build_plan({{a_task({2}), a_switch({always_true()}), a_task()}});
  RunStarted started;
  started.input = Payload::json("1");
  const auto run = begin_with_rows(RunNumber{7}, plan, started, changes);
  EXPECT_THAT(changes.ready, ElementsAre(TaskIndex{2}));
  EXPECT_THAT(changes.decidable, ElementsAre(TaskIndex{1}));
  EXPECT_EQ(run.state, RunState::running);
  EXPECT_EQ(run.number, RunNumber{7});
  EXPECT_EQ(run.input, Payload::json("1"));
  EXPECT_EQ(run.open, 3u);
  EXPECT_EQ(run.row(TaskIndex{2}).attempt, 1);
  EXPECT_EQ(run.row(TaskIndex{0}).waits_for, 1u);
}

TEST(Apply, ATaskStartsWhenAllBeforeItHaveEnded) {
  MachineWorld world(build_plan({{a_task(), a_task(), a_task({0}, {1})}}));
  ASSERT_TRUE(world.done(0).ok());
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kReady, kPending));
  ASSERT_TRUE(world.done(1, "5").ok());
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kDone, kReady));
  EXPECT_EQ(world.run().result_of(TaskIndex{1}), Payload::json("5"));
}

TEST(Apply, ASkippedValueSkipsItsUserAtOnce) {
  // 2 uses 1, which is not taken, and waits for 3, which goes on.
  MachineWorld world(build_plan({{a_switch({always_false()}), in_arm(0, 0), a_task({3}, {1}), a_task()}}));
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kSkipped, kSkipped, kReady));
  const auto& skipped = std::get<TaskSkipped>(world.events().back().body);
  EXPECT_EQ(skipped.reason, SkipReason::value_skipped);
}

TEST(Apply, ASkippedNodeIsAsGoodAsADoneOneForWhatIsMerelyOrdered) {
  MachineWorld world(build_plan({{a_switch({always_false()}), in_arm(0, 0), a_task({1, 3}), a_task()}}));
  EXPECT_EQ(world.state(2), kPending);
  ASSERT_TRUE(world.done(3).ok());
  EXPECT_EQ(world.state(2), kReady);
}

TEST(Apply, SkippingSpreadsThroughAChainOfValues) {
  MachineWorld world(build_plan(
      {{a_switch({always_false()}), in_arm(0, 0), a_task({}, {1}), a_task({}, {2}), a_task({3})}}));
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kSkipped, kSkipped, kSkipped, kReady));
}

TEST(Apply, TheFirstArmThatHoldsIsTaken) {
  MachineWorld world(build_plan({{a_task(), a_switch({any_of({0}), always_true(), otherwise()}), in_arm(1, 0),
                                  in_arm(1, 1), in_arm(1, 2)}}));
  ASSERT_TRUE(world.done(0, "false").ok());
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kDone, kSkipped, kReady, kSkipped));
  EXPECT_EQ(world.run().rows[1].attempt, 2);  // the arm + 1
}

TEST(Apply, WithoutAnArmThatHoldsAllAreSkipped) {
  MachineWorld world(build_plan({{a_task(), a_switch({any_of({0})}), in_arm(1, 0), a_task({1})}}));
  ASSERT_TRUE(world.done(0, "false").ok());
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kDone, kSkipped, kReady));
  EXPECT_EQ(world.run().rows[1].attempt, 0);
}

TEST(Apply, ASkippedSwitchSkipsAllItsArms) {
  MachineWorld world(
      build_plan({{a_switch({always_false()}), in_arm(0, 0, a_switch({always_true(), otherwise()})),
                   in_arm(1, 0), in_arm(1, 1), a_task({1})}}));
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kSkipped, kSkipped, kSkipped, kReady));
}

TEST(Apply, ASkippedConditionIsFalse) {
  // 1 is skipped; the switch 2 asks for it.
  MachineWorld world(build_plan({{a_switch({always_false()}), in_arm(0, 0),
                                  a_switch({any_of({1}), otherwise()}), in_arm(2, 0), in_arm(2, 1)}}));
  EXPECT_THAT(states_of(world), ElementsAre(kDone, kSkipped, kDone, kSkipped, kReady));
}

TEST(Apply, AWrongConditionFailsTheRunAtItsSwitch) {
  MachineWorld world(build_plan({{a_task(), a_switch({any_of({0})}), in_arm(1, 0)}}));
  ASSERT_TRUE(world.done(0, "7").ok());
  EXPECT_THAT(states_of(world), ElementsAre(kDone, TaskState::failed, TaskState::not_reached));
  EXPECT_EQ(world.run().state, RunState::failed);
  EXPECT_EQ(world.run().trouble->culprit, TaskIndex{1});
  EXPECT_EQ(world.run().trouble->failure.type, "ExpressionError");
}

TEST(Apply, AFailureWaitsForItsNextAttempt) {
  MachineWorld world(build_plan({{retried(2)}}));
  ASSERT_TRUE(world.fail(0).ok());
  EXPECT_EQ(world.state(0), TaskState::waiting);
  ASSERT_EQ(world.run().trouble->retry_waits.size(), 1u);
  EXPECT_EQ(world.run().trouble->retry_waits[0].failure.message, "it broke");
  ASSERT_TRUE(world.retry(0).ok());
  EXPECT_EQ(world.state(0), kReady);
  EXPECT_EQ(world.run().rows[0].attempt, 2);
  EXPECT_EQ(world.run().retries, 1u);
  EXPECT_THAT(world.run().trouble->retry_waits, IsEmpty());
  ASSERT_TRUE(world.done(0).ok());
  EXPECT_EQ(world.run().state, RunState::completed);
}

TEST(Apply, FailuresEndTasksByTheirKind) {
  const std::vector<std::pair<FailureKind, TaskState>> kinds = {
      {FailureKind::error, TaskState::failed},
      {FailureKind::stop, TaskState::failed},
      {FailureKind::timed_out, TaskState::timed_out},
      {FailureKind::cancelled, TaskState::cancelled},
      {FailureKind::expression, TaskState::failed}};
  for (const auto& [kind, state] : kinds) {
    MachineWorld world(build_plan({{a_task(), a_task({0})}}));
    ASSERT_TRUE(world.fail(0, kind).ok());
    EXPECT_THAT(states_of(world), ElementsAre(state, TaskState::not_reached)) << to_text(kind);
    EXPECT_EQ(world.run().state, RunState::failed) << to_text(kind);
    EXPECT_EQ(world.run().trouble->culprit, TaskIndex{0}) << to_text(kind);
  }
}

TEST(Apply, AfterAFailureRunningBodiesFinishAndNothingStarts) {
  MachineWorld world(build_plan({{a_task(), a_task(), a_task({1}), retried(1), a_task()}}));
  world.start(1);
  world.start(3);
  ASSERT_TRUE(world.fail(0).ok());
  EXPECT_EQ(world.run().state, RunState::running);
  EXPECT_TRUE(world.owed().stop_work);
  ASSERT_TRUE(world.done(1, "8").ok());
  EXPECT_EQ(world.run().result_of(TaskIndex{1}), Payload::json("8"));
  ASSERT_TRUE(world.fail(3).ok());  // no retry any more; the culprit stays
  EXPECT_THAT(states_of(world), ElementsAre(TaskState::failed, kDone, TaskState::not_reached,
                                            TaskState::failed, TaskState::cancelled));
  EXPECT_EQ(world.run().state, RunState::failed);
  EXPECT_EQ(world.run().trouble->culprit, TaskIndex{0});
}

TEST(Apply, ACancelEndsTheRunWhenTheLastBodyIsBack) {
  MachineWorld world(build_plan({{a_task(), a_task({0}), retried(1), a_task()}}));
  ASSERT_TRUE(world.fail(2).ok());
  world.start(0);
  ASSERT_TRUE(world.cancel().ok());
  EXPECT_EQ(world.run().state, RunState::cancelling);
  ASSERT_TRUE(world.done(0).ok());
  EXPECT_THAT(states_of(world),
              ElementsAre(kDone, TaskState::not_reached, TaskState::cancelled, TaskState::cancelled));
  EXPECT_EQ(world.run().state, RunState::cancelled);
  EXPECT_EQ(world.run().trouble->cancel_reason, "enough");
  EXPECT_EQ(world.run().trouble->cancelled_by, "ann");
}

TEST(Apply, WhatCameFirstDecidesHowTheRunEnds) {
  for (const FailureKind kind :
       {FailureKind::error, FailureKind::stop, FailureKind::timed_out, FailureKind::cancelled}) {
    MachineWorld cancelled_first(build_plan({{a_task(), a_task()}}));
    cancelled_first.start(0);
    ASSERT_TRUE(cancelled_first.cancel().ok());
    ASSERT_TRUE(cancelled_first.fail(0, kind).ok());
    EXPECT_EQ(cancelled_first.run().state, RunState::cancelled) << to_text(kind);

    MachineWorld failed_first(build_plan({{a_task(), a_task()}}));
    failed_first.start(0);
    failed_first.start(1);
    ASSERT_TRUE(failed_first.fail(0, kind).ok());
    ASSERT_TRUE(failed_first.cancel().ok());
    ASSERT_TRUE(failed_first.done(1).ok());
    EXPECT_EQ(failed_first.run().state, RunState::failed) << to_text(kind);
  }
}

TEST(Apply, BusyTimeIsThatOfBodiesThatBegan) {
  Changes changes;
  const PlanRef plan = build_plan({{a_task(), a_task(), a_task(), a_task()}});
  auto run = begin_with_rows(RunNumber{7}, plan, {}, changes);
  const auto at = [](std::uint32_t node, EventBody body) {
    Event event = event_of(node, 1, std::move(body));
    event.at = WallTime{1'000};
    return event;
  };
  ASSERT_TRUE(apply(run, at(0, TaskDone{{}, WallTime{900}}), changes).ok());
  ASSERT_TRUE(apply(run, at(1, TaskDone{{}, WallTime{0}}), changes).ok());      // never began
  ASSERT_TRUE(apply(run, at(2, TaskDone{{}, WallTime{2'000}}), changes).ok());  // the clock went back
  AttemptFailed failed = failed_as(FailureKind::error);
  failed.started = WallTime{990};
  ASSERT_TRUE(apply(run, at(3, failed), changes).ok());
  EXPECT_EQ(run.busy_ns, 110);
}

TEST(Apply, AFailureBeforeItsBodyBeganOrAfterTheClockWentBackWasNotBusy) {
  Changes changes;
  const PlanRef plan = build_plan({{a_task(), a_task()}});
  auto run = begin_with_rows(RunNumber{7}, plan, {}, changes);
  AttemptFailed failed = failed_as(FailureKind::error);
  failed.started = WallTime{9'000'000};
  ASSERT_TRUE(apply(run, event_of(0, 1, failed), changes).ok());
  EXPECT_EQ(run.busy_ns, 0);
  failed.started = WallTime{};
  ASSERT_TRUE(apply(run, event_of(1, 1, failed), changes).ok());
  EXPECT_EQ(run.busy_ns, 0);
}

// What a run failed of may be nothing that one of its nodes did: its output, for example.
TEST(Apply, AnEndedRunSaysWhatItFailedOfAndWaitsForNothing) {
  Changes changes;
  const PlanRef plan = build_plan({{retried(1), a_task()}});
  auto run = begin_with_rows(RunNumber{7}, plan, {}, changes);
  ASSERT_TRUE(apply(run, event_of(0, 1, failed_as(FailureKind::error, false)), changes).ok());
  ASSERT_EQ(run.trouble->retry_waits.size(), 1u);
  RunEnded ended = ended_as(RunState::failed);
  ended.failure = {"ExpressionError", "no output", ""};
  ended.culprit = TaskIndex{1};
  ASSERT_TRUE(apply(run, event_of(kNoTask.value, 0, ended), changes).ok());
  EXPECT_EQ(run.trouble->failure, ended.failure);
  EXPECT_EQ(run.trouble->culprit, TaskIndex{1});
  EXPECT_TRUE(run.trouble->retry_waits.empty());
  EXPECT_EQ(run.open, 0u);
}

TEST(Apply, APlanWithoutNodesIsDoneAtOnce) {
  MachineWorld world(build_plan({}));
  EXPECT_EQ(world.run().state, RunState::completed);
  EXPECT_TRUE(world.run().output().is_null_json());
}

}  // namespace
}  // namespace tenuto::testing
