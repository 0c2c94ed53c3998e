#include "core/journal/recovery.h"

#include <gtest/gtest.h>

#include "core/journal/live_row.h"
#include "core/store/keys.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

constexpr WorkflowHash kWorkflow{7, 7};

class RecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world.open().ok());
    append({workflow_event(kWorkflow, "flow")});
  }
  void append(const std::vector<Event>& events) {
    world.append(events);
    world.commit();
  }
  Status reopen() {
    world.close();
    found = RecoveryRecorder();
    return world.open(found, true);
  }
  // Fills segments until the journal is in its third, materialising if asked to.
  void fill(bool materialise) {
    for (int i = 0; i < 10; ++i) {
      append({done_event(RunNumber(1), 0, Payload::make(ContentType::bytes, Bytes(4000, 'v')))});
      if (materialise) {
        ASSERT_TRUE(world.materialise());
      }
    }
  }
  void flip(SegmentNumber segment, std::uint64_t at) {
    Bytes byte;
    ASSERT_TRUE(world.log().read(segment, at, 1, byte).ok());
    byte[0] ^= 0x40;
    const ByteView piece(byte);
    ASSERT_TRUE(world.log().write(segment, at, {&piece, 1}).ok());
  }
  void put(Table table, ByteView key, ByteView value) {
    auto write = *world.state().begin_write();
    ASSERT_TRUE(write->put(table, key, value).ok());
    ASSERT_TRUE(write->commit().ok());
  }

  JournalWorld world;
  RecoveryRecorder found;
};

TEST(Recovery, OfNothingIsANewStore) {
  MemLog log;
  MemState state;
  RecoveryRecorder found;
  const auto recovered = recover(log, state, found);
  ASSERT_TRUE(recovered.ok());
  EXPECT_TRUE(recovered->is_new);
  EXPECT_EQ(recovered->next, JournalPlace());
  EXPECT_EQ(recovered->next_run, RunNumber(1));
  EXPECT_TRUE(recovered->meta.store.is_none());
}

TEST_F(RecoveryTest, ShowsTablesFirstAndThenTheJournalBehindThem) {
  append({started_event(RunNumber(1), kWorkflow), started_event(RunNumber(2), kWorkflow),
          ended_event(RunNumber(2)), run_event(RunNumber(), CommandApplied{{1, 1}, RunNumber(1)})});
  ASSERT_TRUE(world.materialise());
  append({done_event(RunNumber(1), 0), started_event(RunNumber(3), kWorkflow)});
  const Position end = world.committer().durable();
  ASSERT_TRUE(reopen().ok());
  ASSERT_EQ(found.workflows.size(), 1u);
  EXPECT_EQ(found.workflows[0].second, "flow");
  EXPECT_TRUE(found.run_events == std::vector<Event>{started_event(RunNumber(1), kWorkflow)});
  ASSERT_EQ(found.commands.size(), 1u);
  EXPECT_EQ(found.commands[0].second.subject, RunNumber(1));
  EXPECT_TRUE(found.events ==
              (std::vector<Event>{done_event(RunNumber(1), 0), started_event(RunNumber(3), kWorkflow)}));
  const RecoveredJournal& recovered = world.recovered();
  EXPECT_FALSE(recovered.is_new);
  EXPECT_EQ(recovered.next.position, end);
  EXPECT_EQ(recovered.last, Generation(1));
  EXPECT_EQ(recovered.next_run, RunNumber(4));
  EXPECT_EQ(recovered.live_runs, 1u);
  EXPECT_EQ(recovered.events, 3u);
  EXPECT_EQ(recovered.meta.store, (StoreId{1, 2}));
}

TEST_F(RecoveryTest, TakesTheStoresIdFromTheJournalWhileTheTablesAreEmpty) {
  ASSERT_TRUE(reopen().ok());
  EXPECT_FALSE(world.recovered().is_new);
  EXPECT_EQ(world.recovered().meta.store, (StoreId{1, 2}));
  EXPECT_EQ(found.events.size(), 2u);
}

TEST_F(RecoveryTest, CarriesOnWhenTheWatermarksSegmentWasRecycled) {
  append({started_event(RunNumber(1), kWorkflow)});
  JournalPlace watermark;
  for (int i = 0; i < 40; ++i) {
    fill(true);
    watermark = (**read_journal_meta(**world.state().begin_read())).applied;
  }
  EXPECT_GT(watermark.segment.value, 8u);
  ASSERT_TRUE(reopen().ok());
  EXPECT_TRUE(found.events.empty());
  EXPECT_EQ(world.recovered().next.position, watermark.position);
}

TEST_F(RecoveryTest, TheVisitorsStatusEndsIt) {
  class Refuses final : public RecoveryVisitor {
   public:
    Status on_workflow(const WorkflowHash&, ByteView, ByteView) override { return Status(); }
    Status on_run_event(const Event&) override { return Status(); }
    Status on_command(const CommandId&, const CommandOutcome&) override { return Status(); }
    Status on_event(const Event&, Position) override { return Status(Code::version_mismatch, "no plan"); }
  };
  Refuses visitor;
  world.close();
  EXPECT_EQ(recover(world.log(), world.state(), visitor).code(), Code::version_mismatch);
}

TEST_F(RecoveryTest, ADamagedFrameIsRefusedWithItsPlace) {
  append({started_event(RunNumber(1), kWorkflow)});
  fill(false);
  flip(SegmentNumber(1), 200);
  const Status status = reopen();
  EXPECT_EQ(status.code(), Code::damaged);
  EXPECT_NE(status.message().find("segment 1, offset "), std::string::npos) << status.message();
}

TEST_F(RecoveryTest, AMissingSegmentIsDamage) {
  append({started_event(RunNumber(1), kWorkflow)});
  fill(false);
  ASSERT_TRUE(world.log().remove(SegmentNumber(2)).ok());
  EXPECT_EQ(reopen().code(), Code::damaged);
}

TEST_F(RecoveryTest, AJournalWithoutTheTablesItBelongsToIsDamage) {
  append({started_event(RunNumber(1), kWorkflow)});
  for (int i = 0; i < 4; ++i) fill(true);
  ASSERT_GT(world.log().list()->front().value, 1u) << "the first segment was recycled";
  MemState empty;
  RecoveryRecorder ignored;
  EXPECT_EQ(recover(world.log(), empty, ignored).code(), Code::damaged);
}

TEST_F(RecoveryTest, TablesWithoutTheJournalTheyBelongToAreDamage) {
  append({started_event(RunNumber(1), kWorkflow)});
  ASSERT_TRUE(world.materialise());
  MemLog empty;
  RecoveryRecorder ignored;
  EXPECT_EQ(recover(empty, world.state(), ignored).code(), Code::damaged);
}

TEST_F(RecoveryTest, DamagedRowsAreRefused) {
  append({started_event(RunNumber(1), kWorkflow)});
  ASSERT_TRUE(world.materialise());
  world.close();
  const Bytes live = run_key(RunNumber(1));
  auto read = *world.state().begin_read();
  ByteView value;
  ASSERT_TRUE(*read->get(Table::live, live, value));
  const Bytes good(value);
  Bytes bad = good;
  bad[4] ^= 1;
  put(Table::live, live, bad);
  EXPECT_EQ(recover(world.log(), world.state(), found).code(), Code::damaged);
  // The right bytes in another run's place are no better.
  put(Table::live, live, good);
  put(Table::live, run_key(RunNumber(2)), good);
  EXPECT_EQ(recover(world.log(), world.state(), found).code(), Code::damaged);
}

TEST_F(RecoveryTest, AMissingChunkOfALiveRunIsDamage) {
  append({started_event(RunNumber(1), kWorkflow)});
  ASSERT_TRUE(world.materialise());
  auto write = *world.state().begin_write();
  ASSERT_TRUE(write->erase(Table::history, history_key({RunNumber(1), ChunkNumber(0)})).ok());
  ASSERT_TRUE(write->commit().ok());
  write.reset();
  EXPECT_EQ(reopen().code(), Code::damaged);
}

// Every byte of the journal behind the watermark, flipped: recovery never shows another event, and never fewer without
// calling it damage, unless it is the last frame that was hit.
TEST_F(RecoveryTest, NoFlippedByteGivesAnotherHistory) {
  append({started_event(RunNumber(1), kWorkflow)});
  for (std::uint32_t i = 0; i < 5; ++i) append({done_event(RunNumber(1), i, Payload::json("\"value\""))});
  ASSERT_TRUE(reopen().ok());
  const std::vector<Event> all = found.events;
  const std::uint64_t end = world.recovered().next.offset;
  std::size_t refused = 0;
  world.close();
  for (std::uint64_t at = 0; at < end; ++at) {
    flip(SegmentNumber(1), at);
    RecoveryRecorder damaged;
    const auto recovered = recover(world.log(), world.state(), damaged);
    flip(SegmentNumber(1), at);
    if (!recovered.ok()) {
      ++refused;
      continue;
    }
    ASSERT_GE(damaged.events.size(), all.size() - 1) << at;
    for (std::size_t i = 0; i < damaged.events.size(); ++i) ASSERT_TRUE(damaged.events[i] == all[i]) << at;
  }
  EXPECT_GT(refused, end / 2);
}

}  // namespace
}  // namespace tenuto::testing
