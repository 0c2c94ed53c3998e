// Runs whose short native bodies are called in the order of the plan.
#include <gtest/gtest.h>

#include "core/query/describe.h"
#include "core/query/history.h"
#include "core/query/replay.h"
#include "tests/unit/engine/core_harness.h"

namespace tenuto::testing {
namespace {

class InOrderTest : public ::testing::Test {
 protected:
  // A chain of pure tasks; `special` replaces some.
  static std::string chain(std::uint32_t count, const std::map<std::uint32_t, std::string>& special = {}) {
    std::string text = R"({"tenuto": 1, "name": "chain", "tasks": {)";
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto found = special.find(i);
      text += (i == 0 ? "\"t" : ", \"t") + std::to_string(i) + "\": {";
      text += found == special.end() ? R"("use": "note", "pure": true)" : found->second;
      if (i > 0) text += ", \"needs\": [\"t" + std::to_string(i - 1) + "\"]";
      text += "}";
    }
    return text + "}}";
  }

  void note_bodies() {
    h_.native("note", [this](const BodyCall& call, BodyReport&) {
      seen_.push_back(call.ticket->task.value);
      tickets_.insert(call.ticket);
    });
  }

  // The types of the events of a run, as recorded.
  std::vector<EventType> events_of(const RunName& run) {
    std::vector<EventType> types;
    const auto events = view().events_of(run.number);
    for (const Event& event : *events) types.push_back(event.type());
    return types;
  }
  View view() {
    h_.core->commit_all();
    auto opened = View::open(h_.state, h_.log, h_.core->committer().durable(), plans_, 99);
    TN_CHECK(opened.ok());
    return *std::move(opened);
  }
  void expect_all_seen_once(std::uint32_t count) {
    ASSERT_EQ(seen_.size(), count);
    for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(seen_[i], i);
  }

  CoreHarness h_;
  PlanCache plans_;
  std::vector<std::uint32_t> seen_;
  std::set<const Ticket*> tickets_;
};

TEST_F(InOrderTest, OneTicketAndOneRecordServeAWholeRun) {
  note_bodies();
  const RunName run = h_.start(h_.compile(chain(1000)));
  const WaiterRef end = h_.await(run);
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().state, RunState::completed);
  expect_all_seen_once(1000);
  EXPECT_EQ(tickets_.size(), 1u);
  EXPECT_TRUE(h_.core->is_quiet());
  EXPECT_EQ(h_.core->tickets_in_use(), 0u);
  EXPECT_EQ(events_of(run),
            (std::vector{EventType::run_started, EventType::tasks_done, EventType::run_ended}));
}

TEST_F(InOrderTest, PeopleReadOneEventForEachNode) {
  note_bodies();
  const RunName run = h_.start(h_.compile(chain(3)));
  h_.settle();
  const auto lines = history_lines(view(), run.number);
  ASSERT_TRUE(lines.ok());
  for (const char* node : {"t0", "t1", "t2"}) {
    EXPECT_NE(lines->find("\"event\":\"task_done\",\"node\":\"" + std::string(node) + "\",\"attempt\":1"),
              std::string::npos)
        << *lines;
  }
  EXPECT_EQ(std::count(lines->begin(), lines->end(), '\n'), 5);
  const auto replayed = replay(view(), run.number);
  ASSERT_TRUE(replayed.ok());
  EXPECT_EQ(replayed->run.row(TaskIndex{2}).state, TaskState::done);
  EXPECT_EQ(replayed->nodes[2].attempts, 1u);
  EXPECT_NE(replayed->nodes[2].ended.ns, 0);
  EXPECT_TRUE(describe(view(), run.number, {}).ok());
}

TEST_F(InOrderTest, WhatWaitsForTheDiskIsNotRunAhead) {
  note_bodies();
  (void)h_.start(h_.compile(chain(4, {{2, R"("use": "note")"}})));
  // They ran before start committed: the impure task had to wait.
  EXPECT_EQ(seen_, (std::vector<std::uint32_t>{0, 1}));
  h_.settle();
  expect_all_seen_once(4);
}

// One record for each commit that was waited for, in a run of impure tasks.
TEST_F(InOrderTest, EachCommitFreesWhatItMadeDurable) {
  note_bodies();
  const RunName run = h_.start(h_.compile(R"({"tenuto": 1, "name": "diamond", "tasks": {
      "a": {"use": "note"}, "b": {"use": "note", "needs": ["a"]}, "c": {"use": "note", "needs": ["a"]},
      "d": {"use": "note", "needs": ["b", "c"]}, "e": {"use": "note", "needs": ["d"]}}})"));
  const WaiterRef end = h_.await(run);
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  expect_all_seen_once(5);
  EXPECT_EQ(events_of(run), (std::vector{EventType::run_started, EventType::tasks_done, EventType::tasks_done,
                                         EventType::tasks_done, EventType::tasks_done, EventType::run_ended}))
      << "a | b c | d | e";
  EXPECT_EQ(tickets_.size(), 1u);
}

// Three chains beside each other, defined one after the other: in order they would wait for nine commits, not for three.
TEST_F(InOrderTest, ANodeThatNeedNotWaitIsNotHeldUpByOneThatMust) {
  note_bodies();
  std::string text = R"({"tenuto": 1, "name": "chains", "tasks": {)";
  for (int chain = 0; chain < 3; ++chain) {
    for (int i = 0; i < 3; ++i) {
      const std::string name = std::to_string(chain) + std::to_string(i);
      text += (name == "00" ? "\"t" : ", \"t") + name + R"(": {"use": "note")";
      if (i > 0) text += R"(, "needs": ["t)" + std::to_string(chain) + std::to_string(i - 1) + "\"]";
      text += "}";
    }
  }
  const WaiterRef end = h_.await(h_.start(h_.compile(text + "}}")));
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(seen_.front(), 0u);
  EXPECT_EQ((std::set<std::uint32_t>(seen_.begin() + 1, seen_.begin() + 3)), (std::set<std::uint32_t>{3, 6}))
      << "the other two first tasks come before the second of any";
  EXPECT_EQ(std::set<std::uint32_t>(seen_.begin(), seen_.end()).size(), 9u);
}

TEST_F(InOrderTest, AResultEndsTheOrderAndTheRunGoesOn) {
  note_bodies();
  h_.native("answer", [](const BodyCall&, BodyReport& report) { report.result = Payload::json("42"); });
  const RunName run = h_.start(h_.compile(chain(6, {{3, R"("use": "answer", "pure": true)"}})));
  const WaiterRef end = h_.await(run);
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(seen_, (std::vector<std::uint32_t>{0, 1, 2, 4, 5}));
  EXPECT_EQ(events_of(run), (std::vector{EventType::run_started, EventType::tasks_done, EventType::task_done,
                                         EventType::task_done, EventType::task_done, EventType::run_ended}));
  EXPECT_EQ(replay(view(), run.number)->run.result_of(TaskIndex{3}), Payload::json("42"));
}

TEST_F(InOrderTest, AFailureIsRetriedAsEver) {
  note_bodies();
  int calls = 0;
  h_.native("fails", [&](const BodyCall&, BodyReport& report) {
    report.done = ++calls > 1;
    report.failure = {"E", "not yet", ""};
  });
  const RunName run = h_.start(h_.compile(chain(
      4,
      {{1,
        R"("use": "fails", "pure": true, "retry": {"attempts": 1, "backoff": "1s", "jitter": "none"})"}})));
  const WaiterRef end = h_.await(run);
  h_.settle();
  EXPECT_FALSE(end->wait(0));
  EXPECT_EQ(seen_, (std::vector<std::uint32_t>{0}));
  h_.clock.advance(2 * kSecond);
  h_.core->fire_timers();
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().state, RunState::completed);
  EXPECT_EQ(seen_, (std::vector<std::uint32_t>{0, 2, 3}));
}

TEST_F(InOrderTest, TheFirstFailureEndsTheRun) {
  note_bodies();
  h_.native("fails", [&](const BodyCall&, BodyReport& report) {
    report.done = false;
    report.failure = {"E", "broken", ""};
  });
  const RunName run = h_.start(h_.compile(chain(4, {{0, R"("use": "fails", "pure": true)"}})));
  const WaiterRef end = h_.await(run);
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  const RunAnswer answer = end->take();
  EXPECT_EQ(answer.state, RunState::failed);
  EXPECT_EQ(answer.culprit, "t0");
  EXPECT_EQ(answer.failure.message, "broken");
  EXPECT_TRUE(seen_.empty());
  EXPECT_TRUE(h_.core->is_quiet());
}

// The clock moves in the bodies, so that a turn ends after a few of them.
TEST_F(InOrderTest, ACancelIsHeardBetweenTwoTurns) {
  h_.native("note", [this](const BodyCall& call, BodyReport&) {
    seen_.push_back(call.ticket->task.value);
    h_.clock.advance(100'000);
  });
  const RunName run = h_.start(h_.compile(chain(1000)));
  const WaiterRef end = h_.await(run);
  while (seen_.empty()) ASSERT_TRUE(h_.core->scheduler().worker(0).run_one());
  const std::size_t before = seen_.size();
  ASSERT_LT(before, 100u);
  ASSERT_TRUE(h_.core->send(run.number, boxed(CancelRun{{"enough", "ann", CommandId{}}, nullptr})));
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().state, RunState::cancelled);
  EXPECT_LT(seen_.size(), before + 100);
  EXPECT_TRUE(h_.core->is_quiet());
}

TEST_F(InOrderTest, LongBodiesAreSharedWithOtherWorkers) {
  std::set<const Ticket*> tickets;
  h_.native("note", [&](const BodyCall& call, BodyReport&) {
    tickets.insert(call.ticket);
    h_.clock.advance(5'000'000);
  });
  std::string text = R"({"tenuto": 1, "name": "wide", "tasks": {)";
  for (int i = 0; i < 100; ++i)
    text += (i == 0 ? "\"t" : ", \"t") + std::to_string(i) + R"(": {"use": "note", "pure": true})";
  const WaiterRef end = h_.await(h_.start(h_.compile(text + "}}")));
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().state, RunState::completed);
  EXPECT_GT(tickets.size(), 50u) << "each has a ticket of its own, for whoever takes it";
}

TEST_F(InOrderTest, ARunGoesOnWhereItsRecordsEndAfterACrash) {
  note_bodies();
  const RunName run = h_.start(h_.compile(chain(6, {{3, R"("use": "late")"}})));
  h_.settle();
  EXPECT_EQ(seen_, (std::vector<std::uint32_t>{0, 1, 2}));
  h_.open();
  h_.native("late", [](const BodyCall&, BodyReport&) {});
  const WaiterRef end = h_.await(run);
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(seen_, (std::vector<std::uint32_t>{0, 1, 2, 4, 5}));
}

TEST_F(InOrderTest, TheLentTicketTakesNoReport) {
  TicketToken lent;
  int refused = 0;
  h_.native("note", [&](const BodyCall& call, BodyReport&) {
    lent = call.token;
    EXPECT_EQ(h_.core->held_ticket(lent), call.ticket);
    Contexts::Lease lease(h_.core->contexts());
    if (!h_.core->report(lent, BodyReport{}, *lease)) ++refused;
  });
  const WaiterRef end = h_.await(h_.start(h_.compile(chain(3))));
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().state, RunState::completed);
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(h_.core->held_ticket(lent), nullptr) << "a body's token ends with it";
}

}  // namespace
}  // namespace tenuto::testing
