#include "core/machine/state.h"

#include <functional>

#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

TEST(State, TheTableIsTheOnlyTruthAboutTasks) {
  EXPECT_TRUE(is_transition(TaskState::pending, TaskCause::predecessors_ended, TaskState::ready));
  EXPECT_FALSE(is_transition(TaskState::pending, TaskCause::task_done, TaskState::done));
  for (const TaskTransition& t : kTaskTransitions) {
    EXPECT_FALSE(is_final(t.from));
    EXPECT_NE(t.from, t.to);
    // Running is for views: it is never recorded.
    EXPECT_NE(t.from, TaskState::running);
    EXPECT_NE(t.to, TaskState::running);
  }
}

TEST(State, NothingHappensThatIsNotInTheTable) {
  std::size_t possible = 0;
  for (int from = 0; from <= 11; ++from) {
    for (int cause = 0; cause <= 8; ++cause) {
      for (int to = 0; to <= 11; ++to) {
        possible += is_transition(static_cast<TaskState>(from), static_cast<TaskCause>(cause),
                                  static_cast<TaskState>(to))
                        ? 1
                        : 0;
      }
    }
  }
  EXPECT_EQ(possible, std::size(kTaskTransitions));
}

TEST(State, AnEndedRunNeverChanges) {
  for (int from = 1; from <= 10; ++from) {
    for (int to = 1; to <= 10; ++to) {
      const auto a = static_cast<RunState>(from);
      const auto b = static_cast<RunState>(to);
      const bool possible =
          !is_final(a) && (is_final(b) || (a == RunState::running && b == RunState::cancelling));
      EXPECT_EQ(is_transition(a, b), possible) << from << " " << to;
    }
  }
}

TEST(State, CountsLeaveSwitchesOut) {
  // 0 is done, 1 is a switch, 2 is in its other arm, 3 fails, 4 waits for 3.
  MachineWorld world(
      build_plan({{a_task(), a_switch({always_false()}), in_arm(1, 0), a_task(), a_task({3})}}));
  ASSERT_TRUE(world.done(0).ok());
  const RunCounts before = count_rows(world.run());
  EXPECT_EQ(before.done, 1u);
  EXPECT_EQ(before.skipped, 1u);
  EXPECT_EQ(before.failed + before.cancelled + before.not_reached, 0u);
  ASSERT_TRUE(world.fail(3, FailureKind::timed_out).ok());
  const RunCounts after = count_rows(world.run());
  EXPECT_EQ(after.failed, 1u);
  EXPECT_EQ(after.not_reached, 1u);
  EXPECT_EQ(after.manual_actions, 0u);
}

// One change to each field of a run.
const std::vector<std::function<void(Run&)>> kEdits = {
    [](Run& r) { r.number = RunNumber{8}; },
    [](Run& r) { r.state = RunState::waiting; },
    [](Run& r) {
      static const PlanRef kOther = build_plan({{a_task(), a_task(), a_task()}});
      r.plan = kOther.get();
    },
    [](Run& r) { r.input = Payload::json("2"); },
    [](Run& r) { r.set_output(Payload::json("2")); },
    [](Run& r) { ++r.open; },
    [](Run& r) { ++r.retries; },
    [](Run& r) { ++r.busy_ns; },
    [](Run& r) { r.set_result(TaskIndex{1}, Payload::json("2")); },
    [](Run& r) { ++r.rows[1].waits_for; },
    [](Run& r) { ++r.rows[1].attempt; },
    [](Run& r) { r.rows[1].state = TaskState::done; },
    [](Run& r) { r.rows[1].marks = TaskRow::kArmNotTaken; },
    [](Run& r) { r.trouble->retry_waits.clear(); },
    [](Run& r) { r.trouble->retry_waits[0].failure.message = "?"; },
    [](Run& r) { r.trouble->failing = true; },
    [](Run& r) { r.trouble->culprit = TaskIndex{0}; },
    [](Run& r) { r.trouble->failed_as = RunState::timed_out; },
    [](Run& r) { r.trouble->failure.type = "?"; },
    [](Run& r) { r.trouble->cancel_reason = "?"; },
    [](Run& r) { r.trouble->cancelled_by = "?"; },
};

TEST(State, SameStateSeesEveryField) {
  MachineWorld world(build_plan({{retried(1), a_task()}}), Payload::json("1"));
  ASSERT_TRUE(world.fail(0).ok());
  for (std::size_t i = 0; i < kEdits.size(); ++i) {
    auto run = world.replay();
    ASSERT_TRUE(same_state(run, world.run()));
    kEdits[i](run);
    EXPECT_FALSE(same_state(run, world.run())) << "edit " << i;
    EXPECT_FALSE(same_state(world.run(), run)) << "edit " << i;
  }
}

TEST(State, NoTroubleEqualsAnEmptyOne) {
  MachineWorld world(build_plan({{a_task()}}));
  auto run = world.replay();
  (void)run.make_trouble();
  EXPECT_TRUE(same_state(run, world.run()));
}

TEST(State, WorkMayStartOnlyWhileRunningAndNotFailing) {
  MachineWorld world(build_plan({{a_task()}}));
  auto run = world.replay();
  EXPECT_TRUE(run.may_start_work());
  run.make_trouble().failing = true;
  EXPECT_TRUE(run.failing());
  EXPECT_FALSE(run.may_start_work());
  run.trouble->failing = false;
  run.state = RunState::cancelling;
  EXPECT_FALSE(run.may_start_work());
}

}  // namespace
}  // namespace tenuto::testing
