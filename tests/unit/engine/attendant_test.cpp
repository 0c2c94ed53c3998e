// Threads that wait for a run and take its turns themselves.
#include "core/engine/attendant.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/engine/owner.h"
#include "tests/unit/engine/core_harness.h"

namespace tenuto {
namespace {

using testing::CoreHarness;

constexpr const char* kThree = R"({"tenuto": 1, "name": "three", "tasks": {"a": {"use": "count"},
    "b": {"use": "count", "needs": ["a"]}, "c": {"use": "count", "needs": ["b"]}}})";
constexpr const char* kPure =
    R"({"tenuto": 1, "name": "pure", "tasks": {"a": {"use": "count", "pure": true}}})";

class AttendantTest : public ::testing::Test {
 protected:
  AttendantTest() {
    h_.native("count", [this](const BodyCall&, BodyReport&) { ++bodies_; });
  }
  // Until there is nothing that this thread could do.
  static void run_all(EngineCore::Attendant& attendant) {
    while (attendant.run_one()) {
    }
  }
  // Waits for the end of the run as a thread of the host does, as far as that alone brings it.
  WaiterRef attend(const RunName& run) {
    const auto waiter = std::make_shared<Waiter>();
    EngineCore::Attendant attendant(*h_.core, run.number);
    EXPECT_TRUE(attendant.send(AwaitEnd{waiter}));
    run_all(attendant);
    return waiter;
  }
  CoreHarness h_;
  int bodies_ = 0;
};

TEST_F(AttendantTest, ARunIsCarriedToItsEndWithoutAWorker) {
  const RunName run = h_.start(h_.compile(kThree));
  const WaiterRef waiter = attend(run);
  ASSERT_TRUE(waiter->wait(0));
  EXPECT_EQ(waiter->take().state, RunState::completed);
  EXPECT_EQ(bodies_, 3);
  h_.settle();  // the worker finds items whose turns were taken
  EXPECT_EQ(bodies_, 3);
  EXPECT_EQ(h_.core->tickets_in_use(), 0u);
  EXPECT_TRUE(h_.core->is_quiet());
}

TEST_F(AttendantTest, WhatItHoldsGoesOnWithoutIt) {
  const RunName run = h_.start(h_.compile(kThree));
  h_.settle();
  const RunName other = h_.start(h_.compile(kThree));
  const auto waiter = std::make_shared<Waiter>();
  {
    EngineCore::Attendant attendant(*h_.core, other.number);
    ASSERT_TRUE(attendant.send(AwaitEnd{waiter}));
    ASSERT_TRUE(attendant.run_one());  // a body; its record is not committed yet
  }
  EXPECT_FALSE(waiter->wait(0));
  h_.settle();
  ASSERT_TRUE(waiter->wait(0));
  EXPECT_EQ(bodies_, 6);
  // Of a run without work the question itself is the turn.
  const auto again = std::make_shared<Waiter>();
  {
    EngineCore::Attendant attendant(*h_.core, run.number);
    ASSERT_TRUE(attendant.send(AwaitEnd{again}));
  }
  h_.settle();
  EXPECT_TRUE(again->wait(0));
}

TEST_F(AttendantTest, OtherRunsAreLeftToTheWorkers) {
  const RunName other = h_.start(h_.compile(kThree));
  const RunName run = h_.start(h_.compile(kThree));
  const WaiterRef waiter = attend(run);
  EXPECT_TRUE(waiter->wait(0));
  EXPECT_EQ(bodies_, 3);
  const WaiterRef end = h_.await(other);
  h_.settle();
  EXPECT_TRUE(end->wait(0));
  EXPECT_EQ(bodies_, 6);
}

TEST_F(AttendantTest, ARunThatIsNotLiveIsTold) {
  EngineCore::Attendant attendant(*h_.core, RunNumber{4711});
  EXPECT_FALSE(attendant.send(AwaitEnd{std::make_shared<Waiter>()}));
  EXPECT_FALSE(attendant.run_one());
}

// The end of a pure run is durable with its start.
TEST_F(AttendantTest, StartRunsPureBodiesBeforeItCommitsAndNoOthers) {
  h_.start(h_.compile(kThree));
  EXPECT_EQ(bodies_, 0);
  const RunName run = h_.start(h_.compile(kPure));
  EXPECT_EQ(bodies_, 1);
  EXPECT_EQ(h_.core->committer().durable(), h_.core->ring().tail());
  h_.core->commit_all();
  const auto waiter = std::make_shared<Waiter>();
  {
    EngineCore::Attendant attendant(*h_.core, run.number);
    ASSERT_TRUE(attendant.send(AwaitEnd{waiter}));
    ASSERT_TRUE(attendant.run_one());
  }
  EXPECT_TRUE(waiter->wait(0));
  EXPECT_EQ(bodies_, 1);
}

// Workers and the threads that wait meet at the same runs.
TEST(AttendantThreads, EveryBodyRunsOnce) {
  constexpr int kThreads = 4;
  constexpr int kRuns = 300;
  EngineOptions options;
  options.threads = 2;
  auto engine = OwnerEngine::open_in_memory(options);
  ASSERT_TRUE(engine.ok());
  std::atomic<int> bodies{0};
  NativeBody body;
  body.call = [&](const BodyCall&, BodyReport&) { bodies.fetch_add(1); };
  body.runs_inline = true;
  ASSERT_TRUE((*engine)->register_native("count", std::move(body)).ok());
  auto plan = compile_workflow_text(kThree);
  ASSERT_TRUE(plan.ok());
  std::vector<std::thread> threads;
  std::atomic<int> completed{0};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < kRuns; ++k) {
        StartRequest request;
        request.plan = *plan;
        request.input = Payload::json("null");
        const auto run = (*engine)->start(request);
        if (!run.ok()) return;
        // Some wait too briefly to take part.
        RunAnswer answer = (*engine)->wait(*run, i % 2 == 0 ? -1 : kMillisecond);
        if (answer.status.code() == Code::timed_out) answer = (*engine)->wait(*run, -1);
        if (answer.status.ok() && answer.state == RunState::completed) completed.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(completed.load(), kThreads * kRuns);
  EXPECT_EQ(bodies.load(), 3 * kThreads * kRuns);
  EXPECT_TRUE((*engine)->close(CloseHow::drain, -1).ok());
}

// Who commits is woken while an attendant that leaves commits, finds the role taken, and sleeps again.
TEST(AttendantInMemory, WhatIsPublishedDuringItsLastCommitIsCommitted) {
  testing::ManualClock clock;
  MemLog log;
  MemState state;
  CoreOptions options = testing::core_options_for_tests();
  options.is_in_memory = true;
  EngineCore core(options, clock, log, state);
  ASSERT_TRUE(core.recover().ok());
  const auto publish = [&core] { core.settle(CommandId{}, RunNumber{}, Status()); };
  {
    EngineCore::Attendant attendant(core, RunNumber{1});
    publish();
    core.on_durable = [&, first = true](Position) mutable {
      if (std::exchange(first, false)) publish();
    };
    core.on_uncommitted = [&] {
      Contexts::Lease lease(core.contexts());
      while (core.commit_one(*lease)) {
      }
    };
  }
  EXPECT_FALSE(core.committer().is_behind());
}

}  // namespace
}  // namespace tenuto
