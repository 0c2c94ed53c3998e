// Messages that meet at a bad moment.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/base/spin.h"
#include "core/engine/owner.h"
#include "tests/unit/engine/core_harness.h"

namespace tenuto {
namespace {

using testing::CoreHarness;

constexpr const char* kOne = R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "done"}}})";

void done(const BodyCall&, BodyReport&) {}

// A task that waits in the backlog for room, and for its body that is out, is offered once.
TEST(Races, ABodyThatComesBackLateDoesNotOfferAQueuedRetryTwice) {
  CoreHarness h;
  std::vector<RunRef> released;
  ASSERT_TRUE(h.core->actions().register_hosted("host", released).ok());
  std::string json = R"({"tenuto": 1, "name": "wide", "tasks": {
    "slow": {"use": "host", "timeout": "1s", "retry": {"attempts": 1, "backoff": "1s", "jitter": "none"}})";
  for (std::uint32_t i = 0; i < limits::kReadyOfferMax + 100; ++i)
    json += ", \"t" + std::to_string(i) + R"(": {"use": "host"})";
  const WaiterRef end = h.await(h.start(h.compile(json + "}}")));
  Pool& pool = h.core->pools().get("default");
  Contexts::Lease lease(h.core->contexts());
  h.settle();
  std::vector<TicketToken> tokens;
  ASSERT_TRUE(pool.poll(limits::kReadyOfferMax, 0, tokens).ok());
  TicketToken slow;
  std::vector<TicketToken> out;
  int slow_begun = 0;
  const auto begin = [&](TicketToken token) {
    BodyCall call{};
    ASSERT_TRUE(h.core->begin_body(token, call));
    if (call.ticket->task != TaskIndex{0}) return out.push_back(token);
    slow = token;
    ++slow_begun;
  };
  for (const TicketToken token : tokens) begin(token);
  ASSERT_EQ(slow_begun, 1);
  const TicketToken first_slow = slow;
  for (int i = 0; i < 2; ++i) {  // the time-out, then the retry
    h.clock.advance(1 * kSecond);
    h.core->fire_timers();
    h.settle();
  }
  EXPECT_FALSE(h.core->report(first_slow, BodyReport{}, *lease));
  while (!end->wait(0)) {
    for (const TicketToken token : std::exchange(out, {}))
      EXPECT_TRUE(h.core->report(token, BodyReport{}, *lease));
    if (slow != first_slow) {
      EXPECT_TRUE(h.core->report(slow, BodyReport{}, *lease));
      slow = first_slow;
    }
    h.settle();
    tokens.clear();
    (void)pool.poll(10'000, 0, tokens);
    for (const TicketToken token : tokens) begin(token);
    if (tokens.empty() && out.empty()) break;
  }
  EXPECT_TRUE(end->wait(0));
  EXPECT_EQ(slow_begun, 2);
}

// The slot of a run that was forgotten is busy with a message that came too late when its next run starts.
TEST(Races, ManyStartsAreAnsweredWhenAllOfThemAreDurable) {
  CoreHarness h;
  h.native("done", done);
  const PlanRef plan = h.compile(kOne);
  const RunName gone = h.start(plan);
  const RunRef slot = *h.core->run_table().find(gone.number);
  h.settle();
  h.core->materialise_all();
  h.settle();
  ASSERT_EQ(h.core->run_table().size(), 0u);
  h.core->send(slot, AskState{std::make_shared<Waiter>()});
  const std::vector<Payload> inputs = {Payload::json("1"), Payload::json("2")};
  const auto waiter = std::make_shared<Waiter>();
  const auto first = h.core->start_many(plan, inputs, waiter);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(h.core->run_table().find(*first)->slot, slot.slot) << "the test needs the slot to be used again";
  Contexts::Lease lease(h.core->contexts());
  while (h.core->commit_one(*lease)) {
  }
  EXPECT_FALSE(waiter->wait(0)) << "the first run has not begun";
  h.settle();
  EXPECT_TRUE(waiter->wait(0));
}

// The first of them go on while the last are still being started; here all goes well for them at once.
class ManyStarts : public ::testing::Test {
 protected:
  ManyStarts() {
    h_.native("done", [this](const BodyCall& call, BodyReport&) {
      if (h_.core->run_id_of(*call.ticket).empty()) ++nameless_;
    });
  }
  void all_goes_on() {
    h_.settle();
    h_.core->materialise_all();
    h_.settle();
  }
  // Starts runs; what began in the meantime goes on as soon as it can.
  Result<RunNumber> start(const PlanRef& plan, const WaiterRef& waiter) {
    const std::vector<Payload> inputs(kMany, Payload::json("1"));
    h_.core->on_uncommitted = [this, nested = false]() mutable {
      if (std::exchange(nested, true)) return;
      all_goes_on();
      nested = false;
    };
    auto first = h_.core->start_many(plan, inputs, waiter);
    h_.core->on_uncommitted = [] {};
    all_goes_on();
    return first;
  }
  static constexpr std::size_t kMany = 200;
  CoreHarness h_;
  int nameless_ = 0;
};

TEST_F(ManyStarts, RunsThatEndBeforeTheLastIsStartedAreForgotten) {
  const auto first = start(h_.compile(kOne), std::make_shared<Waiter>());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(nameless_, 0) << "bodies ask for the id of their run";
  EXPECT_EQ(h_.core->run_table().size(), 0u);
  for (std::uint64_t i = 0; i < kMany; ++i) {
    EXPECT_FALSE(h_.core->run_table().find(RunNumber{first->value + i}).has_value()) << i;
  }
}

TEST_F(ManyStarts, ARunThatIsForgottenMeanwhileWasStarted) {
  const PlanRef plan = h_.compile(kOne);
  const RunName gone = h_.start(plan);
  const RunRef slot = *h_.core->run_table().find(gone.number);
  all_goes_on();
  ASSERT_EQ(h_.core->run_table().size(), 0u);
  h_.core->send(slot, AskState{std::make_shared<Waiter>()});
  const auto waiter = std::make_shared<Waiter>();
  ASSERT_TRUE(start(plan, waiter).ok());
  ASSERT_TRUE(waiter->wait(0));
  EXPECT_TRUE(waiter->take().status.ok()) << waiter->take().status.message();
}

// Who commits is woken while somebody else commits, finds the role taken, and sleeps again.
TEST(Races, WhatIsPublishedDuringACommitOfSomebodyWhoLeavesIsCommitted) {
  CoreHarness h;
  const auto publish = [&h] { h.core->settle(CommandId{}, RunNumber{}, Status()); };
  Contexts::Lease lease(h.core->contexts());
  bool first = false;
  h.core->on_durable = [&](Position) {
    if (std::exchange(first, false)) publish();
  };
  const auto commit = [&] {
    Contexts::Lease mine(h.core->contexts());
    while (h.core->commit_one(*mine)) {
    }
  };
  for (const bool all : {true, false}) {
    h.core->on_uncommitted = [] {};
    publish();
    h.core->on_uncommitted = commit;
    first = true;
    if (all) {
      h.core->commit_all();
    } else {
      EXPECT_TRUE(h.core->commit_up_to(h.core->ring().tail(), *lease).ok());
    }
    EXPECT_FALSE(h.core->committer().is_behind()) << all;
  }
}

// Both ask for an id whose run has ended; neither may get the number that the other gives up.
TEST(Races, ConcurrentStartsOfAnEndedIdGetItsRun) {
  CoreHarness h;
  h.native("done", done);
  const PlanRef plan = h.compile(kOne);
  const RunName ended = h.start(plan, "1", "order-7");
  h.settle();
  h.core->materialise_all();
  h.settle();
  ASSERT_EQ(h.core->run_table().size(), 0u);
  std::atomic<int> wrong{0};
  const auto ask = [&] {
    for (int i = 0; i < 20'000; ++i) {
      const auto waiter = std::make_shared<Waiter>();
      const auto name =
          h.core->start({plan, "order-7", Payload::json("1"), "", "", false}, CommandId{}, waiter);
      if (!name.ok() || name->number != ended.number || !waiter->wait(0)) ++wrong;
    }
  };
  std::thread other(ask);
  ask();
  other.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(h.core->run_table().size(), 0u);
}

// The message is the waiter's only other owner.
TEST(Races, WhatWasOnItsWayEndsWithTheEngine) {
  CoreHarness h;
  const RunName run = h.start(h.compile(kOne));
  const WaiterRef waiter = h.await(run);
  ASSERT_GT(waiter.use_count(), 1);
  h.open();
  EXPECT_EQ(waiter.use_count(), 1);
}

TEST(Races, TablesThatCannotBeWrittenForGoodAreTold) {
  CoreHarness h;
  h.native("done", done);
  (void)h.start(h.compile(kOne));
  h.settle();
  EXPECT_TRUE(h.core->health().ok());
  h.state.set_fault({StateFault::Call::commit, 1, Code::poisoned});
  h.core->materialise_all();
  EXPECT_EQ(h.core->health().code(), Code::poisoned);
}

// Between the end of one body and the beginning of the next nothing of the run is queued or out.
TEST(Races, ADrainWaitsForTheLastTaskOfARun) {
  constexpr int kTasks = 100;
  std::string json = R"({"tenuto": 1, "name": "chain", "tasks": {"t0": {"use": "one"})";
  for (int i = 1; i < kTasks; ++i)
    json += ", \"t" + std::to_string(i) + R"(": {"use": "one", "with": {"x": "${t)" + std::to_string(i - 1) +
            "}\"}}";
  const auto plan = compile_workflow_text(json + "}}");
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  for (int round = 0; round < 300; ++round) {
    EngineOptions options;
    options.threads = 2;
    auto engine = OwnerEngine::open_in_memory(options);
    ASSERT_TRUE(engine.ok());
    std::atomic<int> bodies{0};
    NativeBody body;
    body.call = [&](const BodyCall&, BodyReport& report) {
      bodies.fetch_add(1);
      report.result = Payload::json("1");
    };
    body.runs_inline = true;
    ASSERT_TRUE((*engine)->register_native("one", std::move(body)).ok());
    StartRequest request;
    request.plan = *plan;
    request.input = Payload::json("null");
    ASSERT_TRUE((*engine)->start(request).ok());
    for (int i = 0; i < round % 30; ++i) pause_cpu();
    ASSERT_TRUE((*engine)->close(CloseHow::drain, -1).ok());
    ASSERT_EQ(bodies.load(), kTasks) << "round " << round;
  }
}

}  // namespace
}  // namespace tenuto
