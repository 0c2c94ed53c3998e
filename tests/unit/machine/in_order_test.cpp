#include "core/machine/decide.h"
#include "core/machine/operands.h"
#include "core/machine/outstanding.h"
#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

// a → b → c → d, and a switch behind them.
PlanShape chain_and_switch() {
  return {{a_task(), a_task({0}), a_task({1}), a_task({2}), a_switch({always_true()}), in_arm(4, 0)}};
}

Run begun(const PlanShape& shape) {
  static std::vector<PlanRef> plans;  // of which the runs only borrow
  plans.push_back(build_plan(shape));
  return begin_run(RunNumber{7}, plans.back(), RunStarted{});
}

Status done(Run& run, std::uint32_t first, std::uint32_t count) {
  Changes changes;
  const Status status = apply(run, event_of(first, 1, TasksDone{count, WallTime{4'000'000}}), changes);
  EXPECT_TRUE(changes.ready.empty() && changes.decidable.empty() && !changes.ended);
  return status;
}

TEST(InOrder, OneNumberMovesOn) {
  auto run = begun(chain_and_switch());
  EXPECT_TRUE(run.in_order());
  EXPECT_EQ(run.open, 6u);
  ASSERT_TRUE(done(run, 0, 1).ok());
  ASSERT_TRUE(done(run, 1, 3).ok());
  EXPECT_TRUE(run.in_order());
  EXPECT_EQ(run.front, 4u);
  EXPECT_EQ(run.open, 2u);
  EXPECT_EQ(run.busy_ns, 2'000'000);
}

TEST(InOrder, ARunThatCompletesInOrderNeverHasRows) {
  auto run = begun({{a_task(), a_task({0})}});
  ASSERT_TRUE(done(run, 0, 2).ok());
  Changes changes;
  Evaluation evaluation;
  const auto end = follow_up(run, changes, 0, WallTime{6'000'000}, evaluation);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(std::get<RunEnded>(end->body).counts.done, 2u);
  ASSERT_TRUE(apply(run, *end, changes).ok());
  EXPECT_EQ(run.state, RunState::completed);
  EXPECT_TRUE(run.in_order());
  EXPECT_TRUE(changes.ended);
}

TEST(InOrder, ItsOutputSeesTheEmptyResults) {
  PlanShape shape{{a_task(), a_task({0})}};
  shape.output = {0, 1};
  auto run = begun(shape);
  ASSERT_TRUE(done(run, 0, 2).ok());
  Evaluation evaluation;
  const auto output = output_of(run, evaluation);
  ASSERT_TRUE(output.ok()) << output.status().message();
  auto twin = begun(shape);
  ASSERT_TRUE(done(twin, 0, 2).ok());
  leave_order(twin);
  EXPECT_EQ(*output, *output_of(twin, evaluation));
}

TEST(InOrder, WhatIsNotTheirTurnIsDamage) {
  const auto refused = [](std::uint32_t before, std::uint32_t first, std::uint32_t count,
                          std::uint32_t attempt = 1) {
    auto run = begun(chain_and_switch());
    EXPECT_TRUE(before == 0 || done(run, 0, before).ok());
    Changes changes;
    const Status status = apply(run, event_of(first, attempt, TasksDone{count, {}}), changes);
    EXPECT_EQ(run.front, before);
    return status.code() == Code::damaged;
  };
  EXPECT_TRUE(refused(0, 1, 1)) << "one was left out";
  EXPECT_TRUE(refused(2, 1, 1)) << "one was done twice";
  EXPECT_TRUE(refused(0, 0, 0)) << "none";
  EXPECT_TRUE(refused(0, 0, 5)) << "into the switch";
  EXPECT_TRUE(refused(0, 0, 0xFFFF'FFFF));
  EXPECT_TRUE(refused(0, 0, 1, 2)) << "a second attempt";
  EXPECT_TRUE(refused(0, 6, 1)) << "no such node";
}

TEST(InOrder, ARunThatHasLeftItDoesNotReturn) {
  auto run = begun(chain_and_switch());
  Changes changes;
  ASSERT_TRUE(apply(run, event_of(0, 1, TaskDone{Payload::json("1"), {}}), changes).ok());
  EXPECT_FALSE(run.in_order());
  EXPECT_EQ(apply(run, event_of(1, 1, TasksDone{1, {}}), changes).code(), Code::damaged);
  EXPECT_EQ(run.row(TaskIndex{1}).state, TaskState::ready);
}

TEST(InOrder, ACancelledRunHasRows) {
  auto run = begun(chain_and_switch());
  ASSERT_TRUE(done(run, 0, 2).ok());
  Changes changes;
  ASSERT_TRUE(apply(run, event_of(kNoTask.value, 0, CancelRequested{"enough", "ann", {}}), changes).ok());
  EXPECT_TRUE(changes.stop_work);
  EXPECT_EQ(apply(run, event_of(2, 1, TasksDone{1, {}}), changes).code(), Code::damaged);
  Evaluation evaluation;
  const auto end = follow_up(run, changes, 0, WallTime{6'000'000}, evaluation);
  ASSERT_TRUE(end.has_value());
  const RunCounts& counts = std::get<RunEnded>(end->body).counts;
  EXPECT_EQ(counts.done, 2u);
  EXPECT_EQ(counts.cancelled, 1u) << "the one that was ready";
  EXPECT_EQ(counts.not_reached, 2u);
}

TEST(InOrder, NobodyAwaitsAnOutcome) {
  const auto run = begun(chain_and_switch());
  EXPECT_EQ(decide(run, BodyDone{TaskIndex{0}, Attempt{1}, {}, {}}, WallTime{1}, 3).code(),
            Code::wrong_state);
  EXPECT_EQ(decide(run, RetryDue{TaskIndex{0}}, WallTime{1}, 3).code(), Code::wrong_state);
}

TEST(InOrder, AResultOfWhatHasNotRunIsMissing) {
  PlanShape shape{{a_task(), a_task({0})}};
  shape.output = {0, 1};
  auto run = begun(shape);
  ASSERT_TRUE(done(run, 0, 1).ok());
  Evaluation evaluation;
  EXPECT_EQ(output_of(run, evaluation).code(), Code::invalid_argument);
  leave_order(run);
  EXPECT_EQ(output_of(run, evaluation).code(), Code::invalid_argument) << "with rows it is the same";
}

TEST(InOrder, TheFormOfARunIsNoDifference) {
  for (const std::uint32_t front : {0u, 2u, 4u}) {
    auto in_order = begun(chain_and_switch());
    auto with_rows = begun(chain_and_switch());
    if (front > 0) {
      ASSERT_TRUE(done(in_order, 0, front).ok());
      ASSERT_TRUE(done(with_rows, 0, front).ok());
    }
    EXPECT_TRUE(same_state(in_order, with_rows));
    leave_order(with_rows);
    EXPECT_TRUE(same_state(in_order, with_rows));
    EXPECT_TRUE(same_state(with_rows, in_order));
    Changes of_one;
    Changes of_other;
    outstanding(in_order, of_one);
    outstanding(with_rows, of_other);
    EXPECT_EQ(of_one.ready, of_other.ready);
    EXPECT_EQ(of_one.decidable, of_other.decidable);
    EXPECT_EQ(of_one.ready.size(), front < 4 ? 1u : 0u);
    EXPECT_EQ(of_one.decidable.size(), 1u) << "the switch waits for nobody";
    ++with_rows.rows[5].waits_for;
    EXPECT_FALSE(same_state(in_order, with_rows));
    EXPECT_FALSE(same_state(with_rows, in_order));
  }
}

TEST(InOrder, IsWhatTheSameTasksOneByOneWouldBe) {
  const PlanShape shape = chain_and_switch();
  auto in_order = begun(shape);
  auto one_by_one = begun(shape);
  leave_order(one_by_one);
  for (std::uint32_t task = 0; task < 4; ++task) {
    EXPECT_EQ(one_by_one.row(TaskIndex{task}).state, TaskState::ready);
    EXPECT_EQ(one_by_one.row(TaskIndex{task}).attempt, 1) << "attempts count from 1";
    ASSERT_TRUE(done(in_order, task, 1).ok());
    Changes changes;
    ASSERT_TRUE(apply(one_by_one, event_of(task, 1, TaskDone{Payload(), WallTime{4'000'000}}), changes).ok());
    EXPECT_TRUE(same_state(in_order, one_by_one)) << task;
    EXPECT_EQ(count_rows(one_by_one), count_rows(in_order)) << task;
  }
  EXPECT_EQ(count_rows(in_order).busy_ns, 4'000'000);
}

TEST(InOrder, RunsThatHaveComeToDifferentPlacesDiffer) {
  auto one = begun(chain_and_switch());
  auto other = begun(chain_and_switch());
  ASSERT_TRUE(done(one, 0, 2).ok());
  ASSERT_TRUE(done(other, 0, 1).ok());
  other.open = one.open;
  other.busy_ns = one.busy_ns;
  EXPECT_FALSE(same_state(one, other));
}

TEST(InOrder, TasksThatNeverSaidWhenTheyBeganWereNotBusy) {
  auto run = begun(chain_and_switch());
  Changes changes;
  ASSERT_TRUE(apply(run, event_of(0, 1, TasksDone{2, {}}), changes).ok());
  EXPECT_EQ(run.busy_ns, 0);
  ASSERT_TRUE(apply(run, event_of(2, 1, TasksDone{1, WallTime{9'000'000}}), changes).ok());
  EXPECT_EQ(run.busy_ns, 0) << "a clock that went back takes nothing away";
  ASSERT_TRUE(apply(run, event_of(3, 1, TasksDone{1, WallTime{4'999'998}}), changes).ok());
  EXPECT_EQ(run.busy_ns, 2);
}

}  // namespace
}  // namespace tenuto::testing
