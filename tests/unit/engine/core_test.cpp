#include <gtest/gtest.h>

#include "tests/unit/engine/core_harness.h"

namespace tenuto {
namespace {

using testing::CoreHarness;

void echo(const BodyCall& call, BodyReport& report) {
  report.result = call.ticket->argument;
}

constexpr const char* kChain = R"({"tenuto": 1, "name": "chain", "tasks": {
  "a": {"use": "echo", "with": {"x": "${input}"}},
  "b": {"use": "echo", "with": {"y": "${a.x}"}},
  "c": {"use": "echo", "with": {"z": "${b.y}"}}}, "output": "${c.z}"})";

TEST(Core, AChainRunsToItsEndAndAnswersWhenThatIsDurable) {
  CoreHarness h;
  h.native("echo", echo);
  const RunName run = h.start(h.compile(kChain), "42");
  const WaiterRef end = h.await(run);
  EXPECT_FALSE(end->wait(0));
  h.settle();
  ASSERT_TRUE(end->wait(0));
  const RunAnswer answer = end->take();
  EXPECT_TRUE(answer.status.ok());
  EXPECT_EQ(answer.state, RunState::completed);
  EXPECT_EQ(answer.output.view(), "42");
}

TEST(Core, AnActionWithoutABodyIsWaitedFor) {
  CoreHarness h;
  const RunName run = h.start(h.compile(kChain), "1");
  const WaiterRef end = h.await(run);
  h.settle();
  EXPECT_FALSE(end->wait(0));
  EXPECT_TRUE(h.core->is_quiet());
  h.native("echo", echo);
  h.settle();
  EXPECT_TRUE(end->wait(0));
}

TEST(Core, CancelledRunsLeaveNothingThatWaitsForTheirActions) {
  CoreHarness h;
  const PlanRef plan =
      h.compile(R"({"tenuto": 1, "name": "c", "tasks": {"a": {"use": "echo"}}, "output": "${a}"})");
  const auto parked = [&] { return h.core->actions().parked_count(); };
  const RunName kept = h.start(plan, "1");
  const WaiterRef end = h.await(kept);
  std::vector<RunName> runs;
  for (int i = 0; i < 100; ++i) runs.push_back(h.start(plan, "2"));
  h.settle();
  EXPECT_EQ(parked(), 101u);
  for (const RunName& run : runs) {
    ASSERT_TRUE(h.core->send(run.number, boxed(CancelRun{{"enough", "ann", CommandId{}}, nullptr})));
    h.settle();
  }
  EXPECT_LE(parked(), 2u) << "as many as wait, and at most as many again";
  EXPECT_TRUE(h.core->is_quiet());
  h.native("echo", echo);
  h.settle();
  EXPECT_TRUE(end->wait(0));
}

// Its start is not durable yet when the run is cancelled.
TEST(Core, ARunThatIsCancelledAtOnceIsNotKept) {
  CoreHarness h;
  const RunName run = h.start(h.compile(
      R"({"tenuto": 1, "name": "c", "tasks": {"a": {"use": "echo"}, "b": {"use": "echo", "needs": ["a"]}}})"));
  ASSERT_TRUE(h.core->send(run.number, boxed(CancelRun{{"enough", "ann", CommandId{}}, nullptr})));
  h.settle();
  EXPECT_EQ(h.core->actions().parked_count(), 0u);
}

TEST(Core, AFailingTaskIsRetriedWhenItsTimerFiresAndThenFailsTheRun) {
  CoreHarness h;
  int calls = 0;
  h.native("fail", [&](const BodyCall& call, BodyReport& report) {
    EXPECT_EQ(call.ticket->attempt.value, static_cast<std::uint32_t>(++calls));
    report.done = false;
    report.failure = {"ValueError", "bad", "trace"};
  });
  const PlanRef plan = h.compile(R"({"tenuto": 1, "name": "f", "tasks": {
    "t": {"use": "fail", "retry": {"attempts": 2, "backoff": "10s", "jitter": "none"}},
    "u": {"use": "fail", "needs": ["t"]}}})");
  const WaiterRef end = h.await(h.start(plan));
  h.settle();
  EXPECT_EQ(calls, 1);
  h.clock.advance(9 * kSecond);
  h.core->fire_timers();
  h.settle();
  EXPECT_EQ(calls, 1) << "not early";
  h.clock.advance(1 * kSecond);
  h.core->fire_timers();
  h.settle();
  EXPECT_EQ(calls, 2);
  h.clock.advance(20 * kSecond);
  h.core->fire_timers();
  h.settle();
  EXPECT_EQ(calls, 3);
  ASSERT_TRUE(end->wait(0));
  const RunAnswer answer = end->take();
  EXPECT_EQ(answer.state, RunState::failed);
  EXPECT_EQ(answer.failure.type, "ValueError");
  EXPECT_EQ(answer.culprit, "t");
  EXPECT_EQ(answer.culprit_attempt, 3u);
}

TEST(Core, ARunGoesOnWhereItWasAfterACrash) {
  CoreHarness h;
  int calls = 0;
  h.native("echo", [&](const BodyCall& call, BodyReport& report) {
    ++calls;
    echo(call, report);
  });
  const PlanRef plan = h.compile(R"({"tenuto": 1, "name": "chain", "tasks": {
    "a": {"use": "echo", "with": {"x": "${input}"}},
    "b": {"use": "late", "with": {"y": "${a.x}"}}}, "output": "${b.y}"})");
  const RunName run = h.start(plan, "5", "my-run");
  h.settle();
  EXPECT_EQ(calls, 1);
  h.open();
  h.native("late", echo);
  const WaiterRef end = h.await(run);
  h.settle();
  EXPECT_EQ(calls, 1) << "a committed task never runs again";
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().output.view(), "5");
}

// Its file may still be there, and the tables don't have it yet: it must not be applied a second time.
TEST(Core, ACommandWhoseOutcomeIsOnlyInTheJournalIsKnownAfterACrash) {
  CoreHarness h;
  StartRequest request;
  request.plan = h.compile(R"({"tenuto": 1, "name": "w", "tasks": {"a": {"use": "nobody"}}})");
  const CommandId start{1, 2}, refused{3, 4}, unknown{5, 6};
  ASSERT_TRUE(h.core->start(request, start, std::make_shared<Waiter>()).ok());
  const Event outcome{h.clock.wall(), RunNumber{}, kRootScope,
                      kNoTask,        Attempt{},   CommandRefused{refused, Code::conflict, ""}};
  h.core->record(std::span(&outcome, 1), std::nullopt);
  h.settle();
  EXPECT_FALSE(h.core->has_recovered(start)) << "of this life";
  h.open();
  EXPECT_TRUE(h.core->has_recovered(start));
  EXPECT_TRUE(h.core->has_recovered(refused));
  EXPECT_FALSE(h.core->has_recovered(unknown));
}

TEST(Core, TheSameIdGivesTheSameRunAndAnotherInputIsAConflict) {
  CoreHarness h;
  h.native("echo", echo);
  const PlanRef plan = h.compile(kChain);
  const RunName first = h.start(plan, "1", "order-7");
  EXPECT_EQ(h.start(plan, "1", "order-7").number, first.number);
  h.settle();
  h.core->materialise_all();
  h.settle();
  EXPECT_EQ(h.core->run_table().size(), 0u);
  EXPECT_EQ(h.start(plan, "1", "order-7").number, first.number) << "also when it has ended long ago";
  StartRequest other{plan, "order-7", Payload::json("2"), "", "", false};
  const auto conflict = h.core->start(other, CommandId{}, std::make_shared<Waiter>());
  EXPECT_EQ(conflict.code(), Code::conflict);
  h.open();
  EXPECT_EQ(h.start(plan, "1", "order-7").number, first.number) << "and after reopening";
}

TEST(Core, ATimeOutEndsTheAttemptAndTheRetryWaitsForTheBody) {
  CoreHarness h;
  Pool& pool = h.core->pools().get("default");
  std::vector<RunRef> released;
  ASSERT_TRUE(h.core->actions().register_hosted("slow", released).ok());
  const PlanRef plan = h.compile(R"({"tenuto": 1, "name": "t", "tasks": {
    "t": {"use": "slow", "timeout": "5s", "retry": {"attempts": 1, "backoff": "1s", "jitter": "none"}}}, "output": "${t}"})");
  const WaiterRef end = h.await(h.start(plan));
  h.settle();
  std::vector<TicketToken> tokens;
  ASSERT_TRUE(pool.poll(10, 0, tokens).ok());
  ASSERT_EQ(tokens.size(), 1u);
  BodyCall first{};
  ASSERT_TRUE(h.core->begin_body(tokens[0], first));
  h.clock.advance(5 * kSecond);
  h.core->fire_timers();
  h.settle();
  h.clock.advance(2 * kSecond);
  h.core->fire_timers();
  h.settle();
  std::vector<TicketToken> more;
  EXPECT_EQ(pool.poll(10, 0, more).code(), Code::timed_out) << "the first body is still out";
  Contexts::Lease lease(h.core->contexts());
  BodyReport late;
  late.result = Payload::json("\"late\"");
  EXPECT_FALSE(h.core->report(tokens[0], std::move(late), *lease));
  h.settle();
  ASSERT_TRUE(pool.poll(10, 0, more).ok());
  BodyCall second{};
  ASSERT_TRUE(h.core->begin_body(more[0], second));
  EXPECT_EQ(second.ticket->attempt.value, 2u);
  BodyReport good;
  good.result = Payload::json("\"good\"");
  EXPECT_TRUE(h.core->report(more[0], std::move(good), *lease));
  h.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().output.view(), "\"good\"");
}

TEST(Core, CancelWithdrawsWhatHasNotBegun) {
  CoreHarness h;
  std::vector<RunRef> released;
  ASSERT_TRUE(h.core->actions().register_hosted("hosted", released).ok());
  const PlanRef plan = h.compile(R"({"tenuto": 1, "name": "c", "tasks": {
    "a": {"use": "hosted"}, "b": {"use": "hosted"}, "c": {"use": "hosted", "needs": ["a", "b"]}}})");
  const RunName run = h.start(plan);
  const WaiterRef end = h.await(run);
  h.settle();
  std::vector<TicketToken> tokens;
  ASSERT_TRUE(h.core->pools().get("default").poll(10, 0, tokens).ok());
  ASSERT_EQ(tokens.size(), 2u);
  BodyCall call{};
  ASSERT_TRUE(h.core->begin_body(tokens[0], call));
  auto cancelled = std::make_shared<Waiter>();
  ASSERT_TRUE(h.core->send(run.number, boxed(CancelRun{{"enough", "ann", CommandId{}}, cancelled})));
  h.settle();
  ASSERT_TRUE(cancelled->wait(0));
  EXPECT_TRUE(cancelled->take().status.ok());
  EXPECT_FALSE(end->wait(0)) << "a body is still running";
  BodyCall none{};
  EXPECT_FALSE(h.core->begin_body(tokens[1], none));
  Contexts::Lease lease(h.core->contexts());
  EXPECT_TRUE(h.core->report(tokens[0], BodyReport{}, *lease));
  h.settle();
  ASSERT_TRUE(end->wait(0));
  const RunAnswer answer = end->take();
  EXPECT_EQ(answer.state, RunState::cancelled);
  EXPECT_EQ(answer.failure.message, "enough");
  EXPECT_TRUE(h.core->is_quiet());
}

TEST(Core, AFanOutWiderThanTheOfferLimitRunsEveryTaskOnce) {
  CoreHarness h;
  int calls = 0;
  h.native("count", [&](const BodyCall&, BodyReport&) { ++calls; });
  std::string json = R"({"tenuto": 1, "name": "wide", "tasks": {"root": {"use": "count"})";
  for (int i = 0; i < 5000; ++i)
    json += ", \"t" + std::to_string(i) + R"(": {"use": "count", "needs": ["root"]})";
  const WaiterRef end = h.await(h.start(h.compile(json + "}}")));
  h.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().state, RunState::completed);
  EXPECT_EQ(calls, 5001);
}

TEST(Core, WhatWaitedForRoomOnlyNeedNotWaitForTheDiskAgain) {
  CoreHarness h;
  std::vector<RunRef> released;
  ASSERT_TRUE(h.core->actions().register_hosted("hosted", released).ok());
  std::string json = R"({"tenuto": 1, "name": "wide", "tasks": {"t": {"use": "hosted"})";
  for (int i = 0; i < 1500; ++i) json += ", \"t" + std::to_string(i) + R"(": {"use": "hosted"})";
  (void)h.start(h.compile(json + "}}"));
  h.settle();
  Pool& pool = h.core->pools().get("default");
  std::vector<TicketToken> tokens;
  ASSERT_TRUE(pool.poll(5000, 0, tokens).ok());
  ASSERT_EQ(tokens.size(), limits::kReadyOfferMax);
  BodyCall call{};
  ASSERT_TRUE(h.core->begin_body(tokens[0], call));
  Contexts::Lease lease(h.core->contexts());
  ASSERT_TRUE(h.core->report(tokens[0], BodyReport{}, *lease));
  // Nothing was committed since; the task that got room had been ready before.
  std::vector<TicketToken> more;
  ASSERT_TRUE(pool.poll(5000, 0, more).ok());
  EXPECT_EQ(more.size(), 1u);
}

TEST(Core, ARecoveredRunThatIsCancelledBeforeItIsResumedEndsOnce) {
  CoreHarness h;
  const PlanRef plan = h.compile(kChain);
  const RunName run = h.start(plan, "1", "old");
  h.settle();
  h.open([&] {
    ASSERT_TRUE(h.core->send(run.number, boxed(CancelRun{{"enough", "ann", CommandId{}}, nullptr})));
    h.settle();
    ASSERT_EQ(h.core->counters().ended.load(), 1u);
  });
  h.settle();
  EXPECT_EQ(h.core->counters().ended.load(), 1u);
  // Were it forgotten twice, two new runs would get its slot.
  h.core->materialise_all();
  EXPECT_EQ(h.core->run_table().size(), 0u);
  const auto first = h.core->run_table().find(h.start(plan, "2").number);
  const auto second = h.core->run_table().find(h.start(plan, "3").number);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_NE(first->slot, second->slot);
}

TEST(Core, ARunThatStartsBeforeTheRecoveredOnesAreResumedRunsOnce) {
  CoreHarness h;
  const PlanRef plan = h.compile(kChain);
  (void)h.start(plan, "1", "old");
  h.settle();
  h.open([&] { (void)h.start(plan, "2", "new"); });
  int calls = 0;
  h.native("echo", [&](const BodyCall& call, BodyReport& report) {
    ++calls;
    echo(call, report);
  });
  h.settle();
  EXPECT_EQ(calls, 6);
}

}  // namespace
}  // namespace tenuto
