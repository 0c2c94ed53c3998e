#include "core/query/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/journal/summary.h"
#include "core/query/run_row.h"
#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HistoryMaker;
using testing::lines_of;
using testing::member;
using testing::QueryWorld;
using testing::StartWish;

// Puts another value in the place of the first block.
void change_first_block(State& state, const std::function<void(Bytes& value)>& change) {
  auto write = state.begin_write();
  Bytes key;
  Bytes value;
  const auto take_first = [&](ByteView k, ByteView v) {
    key = k;
    value = v;
    return false;
  };
  ASSERT_TRUE((*write)->scan(Table::summaries, {}, take_first).ok());
  change(value);
  ASSERT_TRUE((*write)->put(Table::summaries, key, value).ok());
  ASSERT_TRUE((*write)->commit().ok());
}

class List : public ::testing::Test {
 protected:
  List() : line(maker.define(testing::kLine)), fork(maker.define(testing::kFork)) {}

  std::vector<std::string> rows(const std::string& query) {
    world.take(maker);
    const auto text = list_runs(world.view(), query, maker.now);
    EXPECT_TRUE(text.ok()) << query << ": " << text.status().message();
    return text.ok() ? lines_of(*text) : std::vector<std::string>();
  }
  std::vector<std::string> ids(const std::string& query) {
    std::vector<std::string> found;
    for (const std::string& row : rows(query)) found.push_back(member(row, "id"));
    return found;
  }
  std::string refused(const std::string& query) {
    world.take(maker);
    const auto text = list_runs(world.view(), query, maker.now);
    EXPECT_EQ(text.code(), Code::invalid_argument) << query;
    return text.ok() ? "" : text.status().message();
  }
  RunNumber completed(const std::string& id, const std::string& labels = "") {
    const RunNumber run = maker.start(line, StartWish{.id = id, .labels = labels});
    maker.done(run, 0);
    maker.done(run, 1);
    return run;
  }

  QueryWorld world;
  HistoryMaker maker{1};
  PlanRef line;
  PlanRef fork;
};

TEST_F(List, NewestFirstLiveAndEnded) {
  maker.start(line, StartWish{.id = "a"});
  completed("b");
  world.take(maker);
  world.journal.materialise();
  maker.start(fork, StartWish{.id = "c"});
  completed("d");
  EXPECT_THAT(ids(""), ElementsAre("\"d\"", "\"c\"", "\"b\"", "\"a\""));
  EXPECT_THAT(ids("null"), ElementsAre("\"d\"", "\"c\"", "\"b\"", "\"a\""));
  EXPECT_THAT(ids(R"({"limit":2})"), ElementsAre("\"d\"", "\"c\""));
  EXPECT_THAT(ids(R"({"limit":0})"), ElementsAre());
}

TEST_F(List, ARowHasItsColumns) {
  const RunNumber run = maker.start(line, StartWish{.id = "a", .labels = R"({"k":"v"})", .test = true});
  maker.fail(run, 0, FailureKind::stop, "no");
  const std::vector<std::string> found = rows("");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(member(found[0], "number"), std::to_string(run.value));
  EXPECT_EQ(member(found[0], "workflow"), "\"line\"");
  EXPECT_EQ(member(found[0], "state"), "\"failed\"");
  EXPECT_EQ(member(found[0], "labels"), R"({"k":"v"})");
  EXPECT_EQ(member(found[0], "test"), "true");
  EXPECT_EQ(member(found[0], "error"), R"({"type":"ValueError","message":"no"})");
  EXPECT_EQ(member(found[0], "retries"), "0");
  EXPECT_EQ(member(found[0], "tasks"), R"({"failed":1,"not_reached":1})");
  for (const std::string_view column : kRunColumns) EXPECT_NE(member(found[0], column), "absent") << column;
}

TEST_F(List, Filters) {
  maker.start(line, StartWish{.id = "live", .labels = R"({"team":"ops","x":"1"})"});
  const RunNumber waiting = maker.start(line, StartWish{.id = "waiting"});
  maker.fail(waiting, 0);
  completed("done-1", R"({"team":"ops"})");
  completed("done-2");
  maker.start(fork, StartWish{.id = "forked"});
  EXPECT_THAT(ids(R"({"state":"running"})"), ElementsAre("\"forked\"", "\"live\""));
  EXPECT_THAT(ids(R"({"state":["waiting","completed"]})"),
              ElementsAre("\"done-2\"", "\"done-1\"", "\"waiting\""));
  EXPECT_THAT(ids(R"({"workflow":"fork"})"), ElementsAre("\"forked\""));
  EXPECT_THAT(ids(R"({"workflow":"other"})"), ElementsAre());
  EXPECT_THAT(ids(R"({"id_prefix":"done"})"), ElementsAre("\"done-2\"", "\"done-1\""));
  EXPECT_THAT(ids(R"({"id_prefix":"DONE"})"), ElementsAre());
  EXPECT_THAT(ids(R"({"label":{"team":"ops"}})"), ElementsAre("\"done-1\"", "\"live\""));
  EXPECT_THAT(ids(R"({"label":{"team":"ops","x":"1"}})"), ElementsAre("\"live\""));
  EXPECT_THAT(ids(R"({"where":"state == 'completed' && labels.team == 'ops'"})"), ElementsAre("\"done-1\""));
  EXPECT_THAT(ids(R"({"where":"retries >= 0","state":null,"workflow":null,"label":null})").size(), 5u);
}

TEST_F(List, ByStart) {
  completed("early");
  maker.now = WallTime{1'800'000'000 * kSecond};
  completed("late");
  EXPECT_THAT(ids(R"({"since":"2027-01-15T08:00:00Z"})"), ElementsAre("\"late\""));
  EXPECT_THAT(ids(R"({"until":"2027-01-15T08:00:00Z"})"), ElementsAre("\"early\"")) << "until is exclusive";
  EXPECT_THAT(ids(R"({"since":"2027-01-15T08:00:01Z"})"), ElementsAre());
}

TEST_F(List, ManyBlocks) {
  for (int i = 0; i < 300; ++i) {
    completed("r" + std::to_string(i));
    if (i == 250) {
      world.take(maker);
      world.journal.materialise();
    }
  }
  EXPECT_THAT(ids(R"({"limit":3})"), ElementsAre("\"r299\"", "\"r298\"", "\"r297\""));
  EXPECT_EQ(ids("").size(), 100u) << "the default limit";
  EXPECT_EQ(ids(R"({"limit":1000})").size(), 300u);
  EXPECT_THAT(ids(R"({"id_prefix":"r12","limit":1000})").size(), 11u);
}

TEST_F(List, ABlockThatItsZoneRulesOutIsNotRead) {
  for (std::uint32_t i = 0; i < kSummaryRowsMax; ++i) completed("old" + std::to_string(i));
  maker.now = WallTime{1'800'000'000 * kSecond};
  completed("new");
  world.take(maker);
  world.journal.materialise();
  // Behind the head with the zone map the first block is damaged.
  change_first_block(world.journal.state(), [](Bytes& value) { value.back() ^= 1; });
  EXPECT_THAT(ids(R"({"since":"2027-01-15T08:00:00Z"})"), ElementsAre("\"new\""));
  EXPECT_THAT(ids(R"({"state":"failed"})"), ElementsAre());
  EXPECT_THAT(ids(R"({"limit":1})"), ElementsAre("\"new\""));
  EXPECT_EQ(list_runs(world.view(), "", maker.now).code(), Code::damaged);
}

TEST_F(List, RowsThatTheirColumnsRuleOutAreNotRead) {
  for (int i = 0; i < 20; ++i) completed("r" + std::to_string(i));
  maker.fail(maker.start(fork, StartWish{.id = "bad"}), 0, FailureKind::stop);
  world.take(maker);
  world.journal.materialise();
  change_first_block(world.journal.state(), [](Bytes& value) { value.back() ^= 1; });
  for (const char* condition :
       {"state == 'cancelled'", "state == 'failed' && workflow == 'line'", "number > 50", "number < 1",
        "started > '2100'", "'2020' > ended", "retries in [1, 2]", "test", "labels.team == 'ops'",
        "error.type == 'ValueError' && state == 'completed'", "hash == 'none'",
        "workflow == 'fork' && number < 21"}) {
    EXPECT_THAT(ids(R"({"where":")" + std::string(condition) + R"("})"), ElementsAre()) << condition;
  }
  EXPECT_THAT(ids(R"({"label":{"team":"ops"}})"), ElementsAre());
  EXPECT_EQ(list_runs(world.view(), R"({"where":"state == 'failed'"})", maker.now).code(), Code::damaged);
}

TEST_F(List, DamagedColumnsAreNotBelieved) {
  completed("a");
  world.take(maker);
  world.journal.materialise();
  change_first_block(world.journal.state(), [](Bytes& value) { value[kSummaryHeadBytes] ^= 1; });
  EXPECT_THAT(ids(R"({"state":"failed"})"), ElementsAre()) << "by the zone map";
  EXPECT_EQ(list_runs(world.view(), R"({"where":"test"})", maker.now).code(), Code::damaged);
}

TEST_F(List, RefusesWithTheNextStep) {
  completed("a");
  EXPECT_THAT(refused("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refused("[]"), HasSubstr("workflow, state, id_prefix"));
  EXPECT_THAT(refused(R"({"statee":1})"), HasSubstr("there is no `statee`; it may have workflow, state"));
  EXPECT_THAT(refused(R"({"state":"done"})"), HasSubstr("completed, failed"));
  EXPECT_THAT(refused(R"({"state":[7]})"), HasSubstr("7 is no state"));
  EXPECT_THAT(refused(R"({"workflow":7})"), HasSubstr("`workflow` must be text"));
  EXPECT_THAT(refused(R"({"since":"yesterday"})"), HasSubstr("RFC 3339"));
  EXPECT_THAT(refused(R"({"label":"x"})"), HasSubstr("object of texts"));
  EXPECT_THAT(refused(R"({"label":{"x":1}})"), HasSubstr("`x` must be text"));
  EXPECT_THAT(refused(R"({"limit":-1})"), HasSubstr("`limit`"));
  EXPECT_THAT(refused(R"({"limit":1.5})"), HasSubstr("`limit`"));
  EXPECT_THAT(refused(R"({"where":"state =="})"), HasSubstr("`where`"));
  EXPECT_THAT(refused(R"({"where":"state == failed"})"),
              HasSubstr("a row has no `failed`; it has id, number"));
  EXPECT_THAT(refused(R"({"where":"retries + 1"})"), HasSubstr("must be true or false"));
}

}  // namespace
}  // namespace tenuto
