#include "core/query/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/query/describe.h"
#include "core/store/keys.h"
#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using ::testing::HasSubstr;
using testing::HistoryMaker;
using testing::JournalSizes;
using testing::QueryWorld;
using testing::StartWish;
using testing::Tables;

TEST(View, OfAnEmptyStoreFindsNothing) {
  QueryWorld world;
  const View view = world.view();
  EXPECT_EQ(view.find("@last").code(), Code::not_found);
  EXPECT_EQ(view.find("x").code(), Code::not_found);
  EXPECT_EQ(view.events_of(RunNumber{1}).code(), Code::not_found);
  EXPECT_FALSE(view.command(CommandId{1, 2})->has_value());
}

TEST(View, OfAStoreThatNobodyOpenedIsEmpty) {
  MemState state;
  const MemLog log;
  PlanCache plans;
  const auto view = View::open(state, log, Position{}, plans, 0);
  ASSERT_TRUE(view.ok());
  EXPECT_TRUE(view->tail_runs().empty());
}

// One with everything in the tail, one with everything in the tables.
class ViewFind : public ::testing::TestWithParam<bool> {
 protected:
  View view_of(const HistoryMaker& maker) {
    world.take(maker);
    if (GetParam()) world.journal.materialise();
    return world.view();
  }
  QueryWorld world;
};
INSTANTIATE_TEST_SUITE_P(TailOrTables, ViewFind, ::testing::Bool());

TEST_P(ViewFind, ByWholeIdAndByPrefix) {
  HistoryMaker maker(1);
  const PlanRef line = maker.define(testing::kLine);
  const RunNumber july = maker.start(line, StartWish{.id = "report-2026-07"});
  const RunNumber august = maker.start(line, StartWish{.id = "report-2026-08"});
  const RunNumber longer = maker.start(line, StartWish{.id = "report-2026-08-again"});
  const View view = view_of(maker);
  EXPECT_EQ(view.find("report-2026-07")->number, july);
  EXPECT_EQ(view.find("report-2026-08")->number, august)
      << "a whole id beats a longer one that begins with it";
  EXPECT_EQ(view.find("report-2026-08-")->number, longer);
  EXPECT_EQ(view.find("report-2026-08-")->id, "report-2026-08-again");
  EXPECT_EQ(view.find("Report-2026-07").code(), Code::not_found) << "case counts for chosen ids";
  const auto several = view.find("report-");
  EXPECT_EQ(several.code(), Code::conflict);
  EXPECT_THAT(several.status().message(), HasSubstr("report-2026-07"));
}

TEST_P(ViewFind, GeneratedIdsInEitherCase) {
  HistoryMaker maker(2);
  const PlanRef line = maker.define(testing::kLine);
  const RunNumber first = maker.start(line);
  maker.now.ns += 40'000 * kSecond;
  const RunNumber second = maker.start(line);
  maker.done(second, 0);
  maker.done(second, 1);
  const View view = view_of(maker);
  for (const RunNumber run : {first, second}) {
    const std::string id = std::get<RunStarted>(view.start_of(run)->body).id;
    std::string lower = id;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(view.find(id)->number, run);
    EXPECT_EQ(view.find(lower)->number, run);
    EXPECT_EQ(view.find(lower)->id, id);
    EXPECT_EQ(view.find(lower.substr(0, 9))->number, run);
    EXPECT_EQ(view.find(id.substr(0, 20))->number, run);
    EXPECT_EQ(view.find(id.substr(0, 25) + (id[25] == '0' ? "1" : "0")).code(), Code::not_found)
        << "a wrong check";
  }
  EXPECT_EQ(view.find("01").code(), Code::conflict);
  EXPECT_EQ(view.find(make_run_id(maker.now, RunNumber{99}, testing::kStoreKey)).code(), Code::not_found);
}

TEST_P(ViewFind, ByWord) {
  HistoryMaker maker(3);
  const PlanRef line = maker.define(testing::kLine);
  const PlanRef fork = maker.define(testing::kFork);
  const RunNumber failed = maker.start(line);
  maker.fail(failed, 0, FailureKind::stop);
  const RunNumber forked = maker.start(fork);
  const RunNumber last = maker.start(line);
  const View view = view_of(maker);
  EXPECT_EQ(view.find("@last")->number, last);
  EXPECT_EQ(view.find("@last:fork")->number, forked);
  EXPECT_EQ(view.find("@last:line")->number, last);
  EXPECT_EQ(view.find("@failed")->number, failed);
  EXPECT_EQ(view.find("@last:other").code(), Code::not_found);
  EXPECT_THAT(view.find("@first").status().message(), HasSubstr("@last"));
}

TEST_P(ViewFind, Commands) {
  HistoryMaker maker(4);
  const PlanRef line = maker.define(testing::kLine);
  const RunNumber run = maker.start(line, StartWish{.command = CommandId{1, 1}});
  maker.cancel(run, CommandId{1, 2});
  maker.record_for_store(CommandRefused{CommandId{1, 3}, Code::conflict, "taken"});
  maker.record_for_store(CommandApplied{CommandId{1, 4}, RunNumber{9}});
  const View view = view_of(maker);
  EXPECT_EQ((*view.command(CommandId{1, 1}))->subject, run);
  EXPECT_EQ((*view.command(CommandId{1, 2}))->subject, run);
  EXPECT_EQ((*view.command(CommandId{1, 3}))->code, Code::conflict);
  EXPECT_EQ((*view.command(CommandId{1, 3}))->message, "taken");
  EXPECT_EQ((*view.command(CommandId{1, 4}))->subject, RunNumber{9});
  EXPECT_FALSE(view.command(CommandId{1, 5})->has_value());
}

TEST_P(ViewFind, EventsComeBackAsRecorded) {
  HistoryMaker maker(5);
  const RunNumber run = maker.start(maker.define(testing::kFork));
  while (maker.is_live(run)) maker.step();
  const View view = view_of(maker);
  std::vector<Event> recorded;
  for (const Event& event : maker.events()) {
    if (event.run == run) recorded.push_back(event);
  }
  EXPECT_EQ(*view.events_of(run), recorded);
}

TEST(View, StaysTheSameWhileTheStoreGoesOn) {
  QueryWorld world{JournalSizes{}};
  HistoryMaker maker(6);
  const PlanRef line = maker.define(testing::kLine);
  const RunNumber run = maker.start(line);
  world.take(maker);
  const View before = world.view();
  const Bytes described = *describe(before, run, {});
  for (int i = 0; i < 500; ++i) maker.start(line);
  maker.done(run, 0);
  world.take(maker);
  world.journal.materialise();
  EXPECT_EQ(*describe(before, run, {}), described);
  EXPECT_NE(*describe(world.view(), run, {}), described);
}

// Puts `act` between two reads of the log, as another thread would.
class BusyLog final : public Log {
 public:
  BusyLog(const MemLog& log, std::uint64_t at, std::function<void()> act)
      : log_(log), at_(at), act_(std::move(act)) {}
  Result<std::vector<SegmentNumber>> list() const override {
    tick();
    return log_.list();
  }
  Status read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const override {
    tick();
    return log_.read(segment, offset, size, out);
  }
  std::size_t segment_bytes() const override { return log_.segment_bytes(); }
  Status create(SegmentNumber) override { return unused(); }
  Status recycle(SegmentNumber, SegmentNumber) override { return unused(); }
  Status remove(SegmentNumber) override { return unused(); }
  Status write(SegmentNumber, std::uint64_t, std::span<const ByteView>) override { return unused(); }
  Status sync(SegmentNumber) override { return unused(); }
  [[nodiscard]] bool acted() const { return calls_ > at_; }

 private:
  static Status unused() { return {Code::internal_error, "readers don't change a log"}; }
  void tick() const {
    if (calls_++ == at_) act_();
  }
  const MemLog& log_;
  const std::uint64_t at_;
  const std::function<void()> act_;
  mutable std::uint64_t calls_ = 0;
};

TEST(View, SurvivesRecyclingAtEveryMoment) {
  for (std::uint64_t at = 0;; ++at) {
    QueryWorld world{JournalSizes{}};
    HistoryMaker maker(8);
    const PlanRef line = maker.define(testing::kLine);
    const RunNumber run = maker.start(line);
    for (int i = 0; i < 150; ++i) maker.start(line);
    world.take(maker);
    const Position durable = world.journal.committer().durable();
    // The owner carries all over and writes so much that every segment of before is used again.
    const BusyLog log(world.journal.log(), at, [&] {
      for (int i = 0; i < 1500; ++i) {
        maker.start(line);
        world.take(maker);
        if (i % 50 == 0) world.journal.materialise();
      }
    });
    const auto view = View::open(world.journal.state(), log, durable, world.plans, testing::kStoreKey);
    ASSERT_TRUE(view.ok()) << "at=" << at << " " << view.status().message();
    EXPECT_TRUE(view->events_of(run).ok());
    EXPECT_TRUE(view->events_of(RunNumber{151}).ok());
    if (!log.acted()) break;
    ASSERT_LT(at, 1000u);
  }
}

TEST(View, AJournalThatEndsTooEarlyIsDamaged) {
  QueryWorld world;
  HistoryMaker maker(9);
  maker.start(maker.define(testing::kLine));
  world.take(maker);
  const Position beyond{world.journal.committer().durable().value + 8};
  const auto view =
      View::open(world.journal.state(), world.journal.log(), beyond, world.plans, testing::kStoreKey);
  EXPECT_EQ(view.code(), Code::damaged);
}

TEST(View, AMissingPartOfAHistoryIsDamaged) {
  QueryWorld world;
  HistoryMaker maker(10);
  const PlanRef line = maker.define(testing::kLine);
  const RunNumber run = maker.start(line);
  world.take(maker);
  world.journal.materialise();
  maker.done(run, 0);
  world.take(maker);
  world.journal.materialise();
  for (const std::uint32_t lost : {0u, 1u}) {
    const Bytes key = history_key({run, ChunkNumber{lost}});
    auto write = world.journal.state().begin_write();
    ByteView value;
    ASSERT_TRUE(*(*write)->get(Table::history, key, value));
    const Bytes kept(value);
    ASSERT_TRUE((*write)->erase(Table::history, key).ok());
    ASSERT_TRUE((*write)->commit().ok());
    EXPECT_EQ(world.view().events_of(run).code(), Code::damaged) << lost;
    auto again = world.journal.state().begin_write();
    ASSERT_TRUE((*again)->put(Table::history, key, kept).ok());
    ASSERT_TRUE((*again)->commit().ok());
  }
  EXPECT_TRUE(world.view().events_of(run).ok());
}

TEST(View, LargeRecordsAcrossTheWatermark) {
  QueryWorld world{JournalSizes{4u << 20, 16u << 20, 64u << 20, {}}};
  HistoryMaker maker(11);
  const PlanRef empty = maker.define(testing::kEmpty);
  const std::string text(3u << 20, 'x');
  const RunNumber run = maker.start(empty, StartWish{.input = "{\"n\": \"" + text + "\"}"});
  const std::vector<Event>& events = maker.events();
  for (const Event& event : events) {
    world.journal.append({event});
    world.journal.commit();
    world.journal.materialise();
  }
  const auto found = world.view().events_of(run);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(std::get<RunStarted>(found->front().body).input.size(), text.size() + 9);
}

}  // namespace
}  // namespace tenuto
