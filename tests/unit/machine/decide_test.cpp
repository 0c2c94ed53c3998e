#include "core/machine/decide.h"

#include "core/machine/retry.h"
#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

using ::testing::HasSubstr;

void expect_refused(const Status& status, const std::string& part) {
  EXPECT_EQ(status.code(), Code::wrong_state);
  EXPECT_THAT(status.message(), HasSubstr("run 7"));
  EXPECT_THAT(status.message(), HasSubstr(part));
}

// Every way to hand in an outcome of this attempt is refused, and records nothing.
void expect_late(MachineWorld& world, std::uint32_t node, std::uint32_t attempt,
                 const std::string& part = "late") {
  const std::size_t events = world.events().size();
  expect_refused(world.feed(BodyDone{TaskIndex{node}, Attempt{attempt}, Payload::json("1"), {}}), part);
  for (int kind = 1; kind <= 5; ++kind) {
    expect_refused(
        world.feed(BodyFailed{TaskIndex{node}, Attempt{attempt}, static_cast<FailureKind>(kind), {}, {}}),
        part);
  }
  EXPECT_EQ(world.events().size(), events);
}

TEST(Decide, AResultBecomesItsEvent) {
  const MachineWorld world(build_plan({{a_task()}}));
  const auto event = decide(
      world.run(), BodyDone{TaskIndex{0}, Attempt{1}, Payload::json("[1]"), WallTime{4}}, WallTime{9}, 1);
  ASSERT_TRUE(event.ok());
  const Event expected{WallTime{9},  RunNumber{7}, kRootScope,
                       TaskIndex{0}, Attempt{1},   TaskDone{Payload::json("[1]"), WallTime{4}}};
  EXPECT_EQ(*event, expected);
}

TEST(Decide, LateResultsAreRefused) {
  MachineWorld world(build_plan({{retried(1), a_task({0}), a_switch({any_of({0})})}}));
  expect_late(world, 0, 0);
  expect_late(world, 0, 2);
  expect_late(world, 1, 0);  // not begun
  expect_late(world, 1, 1);
  expect_late(world, 2, 0);  // a switch has no body
  expect_late(world, 3, 1, "no such node");
  expect_late(world, kNoTask.value, 1, "no such node");
  ASSERT_TRUE(world.fail(0).ok());
  expect_late(world, 0, 1);
  ASSERT_TRUE(world.retry(0).ok());
  expect_late(world, 0, 1);  // of the attempt before
  ASSERT_TRUE(world.done(0, "true").ok());
  expect_late(world, 0, 2);
  ASSERT_TRUE(world.done(1).ok());
  ASSERT_TRUE(world.ended());
  expect_late(world, 1, 1);
}

TEST(Decide, OnlyErrorsAndTimeOutsAreRetried) {
  for (int number = 1; number <= 5; ++number) {
    const auto kind = static_cast<FailureKind>(number);
    const bool again = kind == FailureKind::error || kind == FailureKind::timed_out;
    EXPECT_EQ(is_retryable(kind), again);
    const MachineWorld world(build_plan({{retried(1)}}));
    const auto event =
        decide(world.run(), BodyFailed{TaskIndex{0}, Attempt{1}, kind, {}, {}}, WallTime{9}, 1);
    ASSERT_TRUE(event.ok());
    const auto& failed = std::get<AttemptFailed>(event->body);
    EXPECT_EQ(failed.final, !again) << to_text(kind);
    EXPECT_EQ(failed.retry_at.ns, again ? 9 + kSecond : 0) << to_text(kind);
    EXPECT_EQ(failed.kind, kind);
  }
}

TEST(Decide, RetriesAreUsedUp) {
  MachineWorld world(build_plan({{retried(2)}}));
  for (int tries = 0; tries < 2; ++tries) {
    ASSERT_TRUE(world.fail(0).ok());
    ASSERT_TRUE(world.retry(0).ok());
  }
  ASSERT_TRUE(world.fail(0).ok());
  EXPECT_EQ(world.run().state, RunState::failed);
  EXPECT_EQ(world.run().retries, 2u);
}

TEST(Decide, AttemptsFitTheirRow) {
  MachineWorld world(build_plan({{retried(0xFFFF'FFFF)}}));
  auto run = world.replay();
  const auto is_final_at = [&](std::uint16_t attempt) {
    run.rows[0].attempt = attempt;
    const BodyFailed failed{TaskIndex{0}, Attempt{attempt}, FailureKind::error, {}, {}};
    return std::get<AttemptFailed>(decide(run, failed, WallTime{}, 1)->body).final;
  };
  EXPECT_FALSE(is_final_at(limits::kAttemptsMax - 1));
  EXPECT_TRUE(is_final_at(limits::kAttemptsMax));
}

TEST(Decide, NothingIsRetriedAfterAStop) {
  MachineWorld world(build_plan({{retried(1), a_task(), retried(1)}}));
  ASSERT_TRUE(world.fail(2).ok());
  world.start(0);
  ASSERT_TRUE(world.fail(1).ok());
  expect_refused(world.retry(2), "no task waits");
  const auto event =
      decide(world.run(), BodyFailed{TaskIndex{0}, Attempt{1}, FailureKind::error, {}, {}}, WallTime{9}, 1);
  EXPECT_TRUE(std::get<AttemptFailed>(event->body).final);
}

TEST(Decide, ARetryNeedsATaskThatWaits) {
  MachineWorld world(build_plan({{retried(1), a_task({0})}}));
  for (const std::uint32_t node : {0u, 1u, 2u, kNoTask.value})
    expect_refused(world.retry(node), "no task waits");
  ASSERT_TRUE(world.fail(0).ok());
  ASSERT_TRUE(world.retry(0).ok());
  expect_refused(world.retry(0), "no task waits");
  ASSERT_TRUE(world.cancel().ok());
  ASSERT_TRUE(world.ended());
  expect_refused(world.retry(0), "no task waits");
}

TEST(Decide, ACancelIsTakenOnce) {
  MachineWorld world(build_plan({{a_task()}}));
  world.start(0);
  ASSERT_TRUE(world.cancel().ok());
  const auto& event = world.events().back();
  EXPECT_EQ(event.task, kNoTask);
  EXPECT_EQ(event.body, EventBody(CancelRequested{"enough", "ann", CommandId{1, 2}}));
  expect_refused(world.cancel(), "being cancelled already");
  ASSERT_TRUE(world.done(0).ok());
  expect_refused(world.cancel(), "it has ended as cancelled");
}

TEST(Decide, JitterDependsOnSeedRunTaskAndAttempt) {
  NodeShape node = retried(9);
  node.policy.retry.full_jitter = true;
  MachineWorld world(build_plan({{node, node}}));
  auto run = world.replay();
  const auto retry_at = [&](std::uint32_t task, std::uint32_t attempt, std::uint64_t seed) {
    run.rows[task].attempt = static_cast<std::uint16_t>(attempt);
    const BodyFailed failed{TaskIndex{task}, Attempt{attempt}, FailureKind::error, {}, {}};
    return std::get<AttemptFailed>(decide(run, failed, WallTime{0}, seed)->body).retry_at.ns;
  };
  const Nanos first = retry_at(0, 1, 5);
  EXPECT_EQ(retry_at(0, 1, 5), first);
  EXPECT_NE(retry_at(1, 1, 5), first);
  EXPECT_NE(retry_at(0, 2, 5), first);
  EXPECT_NE(retry_at(0, 1, 6), first);
  run.number = RunNumber{8};
  EXPECT_NE(retry_at(0, 1, 5), first);
}

}  // namespace
}  // namespace tenuto::testing
