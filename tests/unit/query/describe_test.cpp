#include "core/query/describe.h"

#include <gtest/gtest.h>

#include "core/query/history.h"
#include "core/query/replay.h"
#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using testing::HistoryMaker;
using testing::member;
using testing::QueryWorld;
using testing::StartWish;

class Describe : public ::testing::Test {
 protected:
  Bytes text_of(RunNumber run, const DescribeHints& hints = {}) {
    world.take(maker);
    const auto text = describe(world.view(), run, hints);
    EXPECT_TRUE(text.ok()) << text.status().message();
    return text.ok() ? *text : Bytes();
  }
  QueryWorld world;
  HistoryMaker maker{1};
};

TEST_F(Describe, ACompletedRun) {
  const PlanRef fork = maker.define(testing::kFork);
  maker.now = WallTime{1'700'000'000 * kSecond};
  const RunNumber run = maker.start(
      fork,
      StartWish{
          .id = "f-1", .input = "[1,\r\n 2]", .labels = R"({"team":"ops"})", .by = "ann", .test = true});
  maker.done(run, 0, "true");
  maker.done(run, 2, "\"l\"");
  maker.done(run, 4, "{\"b\":\n1}");
  maker.done(run, 5, "9");
  const Bytes text = text_of(run);
  EXPECT_EQ(member(text, "id"), "\"f-1\"");
  EXPECT_EQ(member(text, "number"), std::to_string(run.value));
  EXPECT_EQ(member(text, "workflow"), "\"fork\"");
  EXPECT_EQ(member(text, "hash").size(), 34u);
  EXPECT_EQ(member(text, "state"), "\"completed\"");
  EXPECT_EQ(member(text, "input"), "[1,   2]");
  EXPECT_EQ(member(text, "output"), R"({"b":{"b": 1},"l":9})");
  EXPECT_EQ(member(text, "error"), "null");
  EXPECT_EQ(member(text, "started"), "\"2023-11-14T22:13:20.000000Z\"");
  EXPECT_NE(member(text, "ended"), "null");
  EXPECT_EQ(member(text, "by"), "\"ann\"");
  EXPECT_EQ(member(text, "labels.team"), "\"ops\"");
  EXPECT_EQ(member(text, "test"), "true");
  EXPECT_EQ(member(text, "tasks"), R"({"done":4,"skipped":1})") << "switches are left out";
  EXPECT_EQ(member(text, "nodes.0.name"), "\"first\"");
  EXPECT_EQ(member(text, "nodes.0.attempts"), "1");
  EXPECT_EQ(member(text, "nodes.1.kind"), "\"switch\"");
  EXPECT_EQ(member(text, "nodes.1.arm"), "0");
  EXPECT_EQ(member(text, "nodes.2.result"), "\"l\"");
  EXPECT_EQ(member(text, "nodes.3.state"), "\"skipped\"");
  EXPECT_EQ(member(text, "nodes.3.waits_for"), "absent");
  EXPECT_EQ(member(text, "nodes.6.name"), "absent");
}

TEST_F(Describe, AFailedRunNamesItsCulprit) {
  const RunNumber run = maker.start(maker.define(testing::kLine));
  maker.fail(run, 0, FailureKind::error, "first");
  maker.retry(run, 0);
  maker.fail(run, 0, FailureKind::stop, "second");
  const Bytes text = text_of(run);
  EXPECT_EQ(member(text, "state"), "\"failed\"");
  EXPECT_EQ(member(text, "error"), R"({"type":"ValueError","message":"second","task":"a","attempt":2,)"
                                   R"("traceback":"line 1\nline 2"})");
  EXPECT_EQ(member(text, "output"), "null");
  EXPECT_EQ(member(text, "nodes.0.state"), "\"failed\"");
  EXPECT_EQ(member(text, "nodes.0.attempts"), "2");
  EXPECT_EQ(member(text, "nodes.0.error.message"), "\"second\"");
  EXPECT_EQ(member(text, "nodes.1.state"), "\"not_reached\"");
  EXPECT_EQ(member(text, "nodes.1.ended"), "null");
}

TEST_F(Describe, ACancelledRun) {
  const RunNumber run = maker.start(maker.define(testing::kLine));
  maker.cancel(run);
  const Bytes text = text_of(run);
  EXPECT_EQ(member(text, "state"), "\"cancelled\"");
  EXPECT_EQ(member(text, "error.type"), "\"Cancelled\"");
  EXPECT_EQ(member(text, "error.message"), "\"enough\"");
  EXPECT_EQ(member(text, "error.task"), "null");
  EXPECT_EQ(member(text, "nodes.0.state"), "\"cancelled\"");
  EXPECT_NE(member(text, "nodes.0.ended"), "null");
}

TEST_F(Describe, AWaitingRunSaysWhen) {
  const RunNumber run = maker.start(maker.define(testing::kLine));
  EXPECT_EQ(member(text_of(run), "state"), "\"running\"");
  maker.fail(run, 0);
  Bytes text = text_of(run);
  EXPECT_EQ(member(text, "state"), "\"waiting\"");
  EXPECT_EQ(member(text, "tasks"), R"({"pending":1,"waiting":1})");
  EXPECT_EQ(member(text, "error"), "null") << "it may still end well";
  EXPECT_EQ(member(text, "nodes.0.error.message"), "\"it broke\"");
  EXPECT_EQ(member(text, "nodes.0.retry_at").substr(0, 3), "\"20");
  EXPECT_EQ(member(text, "nodes.1.waits_for"), R"({"nodes":["a"]})");
  maker.retry(run, 0);
  text = text_of(run);
  EXPECT_EQ(member(text, "state"), "\"running\"");
  EXPECT_EQ(member(text, "nodes.0.retry_at"), "absent");
  maker.done(run, 0);
  EXPECT_EQ(member(text_of(run), "nodes.0.error"), "null") << "done in the end";
}

TEST_F(Describe, HintsOfTheDrivingProcess) {
  const RunNumber run = maker.start(maker.define(testing::kFork));
  DescribeHints hints;
  hints.is_served = [](std::string_view action) { return action != "act.beside"; };
  hints.has_begun = [](TaskIndex task) { return task.value == 0; };
  const Bytes text = text_of(run, hints);
  EXPECT_EQ(member(text, "nodes.0.state"), "\"running\"");
  EXPECT_EQ(member(text, "nodes.0.attempts"), "1");
  EXPECT_EQ(member(text, "nodes.0.waits_for"), "absent");
  EXPECT_EQ(member(text, "nodes.4.state"), "\"ready\"");
  EXPECT_EQ(member(text, "nodes.4.waits_for"), R"({"action":"act.beside"})");
  EXPECT_EQ(member(text, "nodes.5.waits_for"), R"({"nodes":["way","left","right","beside"]})");
  EXPECT_EQ(member(text, "tasks"), R"({"pending":3,"ready":1,"running":1})");
}

TEST_F(Describe, BytesComeAsBase64) {
  HistoryMaker by_hand(2);
  const PlanRef empty = by_hand.define(testing::kLine);
  const RunNumber run = by_hand.start(empty);
  std::vector<Event> events = by_hand.events();
  std::get<RunStarted>(events.back().body).input = Payload::make(ContentType::bytes, ByteView("\0\xFF"
                                                                                              "abc",
                                                                                              5));
  world.take(events, testing::Tables::none);
  EXPECT_EQ(member(*describe(world.view(), run, {}), "input"), R"({"base64":"AP9hYmM="})");
}

TEST_F(Describe, NoSuchRun) {
  world.take(maker);
  EXPECT_EQ(describe(world.view(), RunNumber{5}, {}).code(), Code::not_found);
  EXPECT_EQ(history_lines(world.view(), RunNumber{5}).code(), Code::not_found);
}

TEST_F(Describe, EventsThatDoNotFitAreDamage) {
  const RunNumber run = maker.start(maker.define(testing::kLine));
  std::vector<Event> events = maker.events();
  events.push_back(testing::done_event(run, 1));  // b is not ready
  world.take(events, testing::Tables::none);
  EXPECT_EQ(describe(world.view(), run, {}).code(), Code::damaged);
  EXPECT_EQ(replay(world.view(), run).code(), Code::damaged);
}

TEST(History, OneLineAnEventWithItsFields) {
  QueryWorld world;
  HistoryMaker maker(3);
  const PlanRef line = maker.define(testing::kLine);
  const RunNumber run = maker.start(line, StartWish{.command = CommandId{0xAB, 1}});
  maker.fail(run, 0);
  maker.retry(run, 0);
  maker.done(run, 0, "[1,\n2]");
  maker.cancel(run);
  world.take(maker);
  const std::vector<std::string> lines = testing::lines_of(*history_lines(world.view(), run));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(member(lines[0], "event"), "\"run_started\"");
  EXPECT_EQ(member(lines[0], "command"), "\"00000000000000ab0000000000000001\"");
  EXPECT_EQ(member(lines[0], "node"), "absent");
  EXPECT_EQ(member(lines[1], "event"), "\"attempt_failed\"");
  EXPECT_EQ(member(lines[1], "node"), "\"a\"");
  EXPECT_EQ(member(lines[1], "attempt"), "1");
  EXPECT_EQ(member(lines[1], "kind"), "\"error\"");
  EXPECT_EQ(member(lines[1], "final"), "false");
  EXPECT_EQ(member(lines[1], "error.message"), "\"it broke\"");
  EXPECT_EQ(member(lines[2], "event"), "\"timer_fired\"");
  EXPECT_EQ(member(lines[3], "result"), "[1, 2]");
  EXPECT_EQ(member(lines[3], "attempt"), "2");
  EXPECT_EQ(member(lines[4], "reason"), "\"enough\"");
  EXPECT_EQ(member(lines[4], "by"), "\"ann\"");
  EXPECT_EQ(member(lines[5], "state"), "\"cancelled\"");
  EXPECT_EQ(member(lines[5], "tasks.cancelled"), "1");
  EXPECT_EQ(member(lines[5], "retries"), "1");
}

}  // namespace
}  // namespace tenuto
