#include "core/journal/materialiser.h"
#include "core/journal/history_chunk.h"
#include "core/journal/history_pack.h"

#include <gtest/gtest.h>

#include "core/journal/pool_hour.h"
#include "core/journal/seal.h"
#include "core/journal/workflow_row.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

constexpr WorkflowHash kWorkflow{7, 7};

JournalSizes large() {
  JournalSizes sizes;
  sizes.ring = 16u << 20;
  sizes.segment = 16u << 20;
  sizes.window = 64u << 20;
  return sizes;
}

class MaterialiserTest : public ::testing::Test {
 protected:
  explicit MaterialiserTest(const JournalSizes& sizes = large()) : world(sizes) {}
  void SetUp() override {
    ASSERT_TRUE(world.open().ok());
    append({workflow_event(kWorkflow, "flow")});
  }
  void append(const std::vector<Event>& events) {
    world.append(events);
    world.commit();
  }
  // The value of a row, or nothing.
  std::optional<Bytes> row(Table table, ByteView key) {
    auto read = world.state().begin_read();
    ByteView value;
    if (!*(*read)->get(table, key, value)) return std::nullopt;
    return Bytes(value);
  }
  std::uint64_t entries(Table table) {
    return world.state().info()->entries[static_cast<std::size_t>(table)];
  }
  std::vector<Event> history(RunNumber run, std::uint32_t chunk = 0) {
    const Bytes key = history_key({run, ChunkNumber(chunk)});
    const std::optional<Bytes> value = row(Table::history, key);
    if (value) return events_in(*unseal(key, *value, "history"), run);
    for (const auto& [packed, records] : packs()) {
      if (packed == run && chunk == 0) return events_in(records, run);
    }
    return {};
  }
  static std::vector<Event> events_in(ByteView records, RunNumber run) {
    std::vector<Event> events;
    const Status status =
        for_each_history_record(records, run, [&](const RecordHeader&, ByteView record) -> Status {
          ByteReader in(record);
          events.push_back(*decode(in));
          return {};
        });
    EXPECT_TRUE(status.ok()) << status.message();
    return events;
  }
  // All histories that share entries, in the order of their runs.
  std::vector<std::pair<RunNumber, Bytes>> packs() {
    std::vector<std::pair<RunNumber, Bytes>> all;
    auto read = world.state().begin_read();
    const Status status = (*read)->scan(Table::packs, {}, [&](ByteView key, ByteView value) {
      const auto histories = read_pack(key, value);
      EXPECT_TRUE(histories.ok());
      for (const PackedHistory& history : *histories) {
        EXPECT_TRUE(all.empty() || all.back().first < history.run) << "packs overlap";
        all.emplace_back(history.run, history.chunk);
      }
      return true;
    });
    EXPECT_TRUE(status.ok());
    return all;
  }
  JournalMeta meta() { return **read_journal_meta(**world.state().begin_read()); }
  void complete_run(std::uint64_t n) {
    world.append({started_event(RunNumber(n), kWorkflow), ended_event(RunNumber(n))});
  }

  JournalWorld world;
};

TEST_F(MaterialiserTest, ARunThatIsLiveHasARowAndItsHistory) {
  const std::vector<Event> events = {started_event(RunNumber(1), kWorkflow), done_event(RunNumber(1), 0)};
  append(events);
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(world.materialiser().applied(), world.committer().durable());
  EXPECT_TRUE(history(RunNumber(1)) == events);
  const Bytes key = run_key(RunNumber(1));
  const LiveRow live = *decode_live_row(key, *row(Table::live, key));
  EXPECT_EQ(live.workflow, kWorkflow);
  EXPECT_EQ(live.id, "run-1");
  EXPECT_EQ(live.chunks, 1u);
  EXPECT_EQ(entries(Table::summaries), 0u);
  EXPECT_EQ(meta().live_runs, 1u);
  EXPECT_EQ(meta().next_run, RunNumber(2));
  EXPECT_EQ(meta().applied.position, world.committer().durable());
}

TEST_F(MaterialiserTest, ARunThatEndsLaterGetsASummaryAndLosesItsRow) {
  append({started_event(RunNumber(1), kWorkflow)});
  ASSERT_TRUE(world.materialise());
  Event ended = ended_event(RunNumber(1), RunState::failed);
  std::get<RunEnded>(ended.body).failure = {"ValueError", "no", "trace"};
  std::get<RunEnded>(ended.body).counts.retries = 3;
  ended.at.ns += kSecond;
  append({ended});
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(entries(Table::live), 0u);
  EXPECT_TRUE(history(RunNumber(1), 1) == std::vector<Event>{ended});
  const Bytes key = block_key(BlockNumber(0));
  const Bytes block = *row(Table::summaries, key);
  const SummaryRow summary = read_summary_rows(key, block)->front();
  EXPECT_EQ(summary.run, RunNumber(1));
  EXPECT_EQ(summary.state, RunState::failed);
  EXPECT_EQ(summary.workflow_name, "flow");
  EXPECT_EQ(summary.id, "run-1");
  EXPECT_EQ(summary.error_type, "ValueError");
  EXPECT_EQ(summary.counts.retries, 3u);
  EXPECT_EQ(summary.chunks, 2u);
  EXPECT_EQ(summary.ended.ns - summary.started.ns, kSecond);
  EXPECT_EQ(meta().ended[static_cast<std::size_t>(RunState::failed)], 1u);
  EXPECT_EQ(meta().live_runs, 0u);
}

TEST_F(MaterialiserTest, SummaryBlocksFillUpAcrossTransactionsAndOpenings) {
  for (std::uint64_t n = 1; n <= 300; ++n) {
    complete_run(n);
    if (n % 50 != 0) continue;
    world.commit();
    ASSERT_TRUE(world.materialise());
    world.close();
    ASSERT_TRUE(world.open().ok());
  }
  EXPECT_EQ(entries(Table::summaries), 3u);
  std::uint64_t n = 0;
  for (std::uint64_t block = 0; block < 3; ++block) {
    const Bytes key = block_key(BlockNumber(block));
    const Bytes value = *row(Table::summaries, key);
    const auto rows = read_summary_rows(key, value);
    EXPECT_EQ(rows->size(), block < 2 ? kSummaryRowsMax : 300 - 2 * kSummaryRowsMax);
    for (const SummaryRow& summary : *rows) EXPECT_EQ(summary.run, RunNumber(++n));
  }
  EXPECT_EQ(meta().summary_rows, 300u);
}

TEST_F(MaterialiserTest, KeepsWorkflowsChosenIdsCommandsAndPools) {
  Event started = started_event(RunNumber(1), kWorkflow);
  std::get<RunStarted>(started.body).id_chosen = true;
  std::get<RunStarted>(started.body).command = {1, 1};
  Event cancel = run_event(RunNumber(1), CancelRequested{"", "", {1, 2}});
  append({started, cancel, run_event(RunNumber(), CommandRefused{{1, 3}, Code::not_found, "no run"}),
          run_event(RunNumber(), CommandApplied{{1, 4}, RunNumber(1)}),
          run_event(RunNumber(), PoolUsed{"default", WallTime{3600 * kSecond}, 4, 100, 30}),
          run_event(RunNumber(), PoolUsed{"default", WallTime{3600 * kSecond + 1}, 2, 50, 20})});
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(*decode_run_number("run-1", *row(Table::keys, "run-1")), RunNumber(1));
  const Bytes workflow = workflow_key(kWorkflow);
  const Bytes definition = *row(Table::workflows, workflow);
  EXPECT_EQ(decode_workflow_row(workflow, definition)->name, "flow");
  for (std::uint64_t n = 1; n <= 4; ++n) {
    const Bytes key = command_key({1, n});
    const CommandOutcome outcome = *decode_command_outcome(key, *row(Table::commands, key));
    EXPECT_EQ(outcome.code, n == 3 ? Code::not_found : Code::ok);
    EXPECT_EQ(outcome.subject, n == 3 ? RunNumber() : RunNumber(1));
  }
  const Bytes pool = stats_key({pool_stats_name("default"), 1, 0});
  EXPECT_EQ(*decode_pool_hour(pool, *row(Table::stats, pool)), (PoolHour{4, 150, 50}));
}

TEST_F(MaterialiserTest, CommandsAreForgottenAfterAWeek) {
  const auto command = [](std::uint64_t n, WallTime at) {
    return run_event(RunNumber(), CommandApplied{{9, n}, RunNumber(1)}, at);
  };
  for (std::uint64_t n = 0; n < 200; ++n) append({command(n, world.now)});
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(entries(Table::commands), 200u);
  world.now.ns += kCommandsKept + 1;
  for (std::uint64_t n = 200; n < 205; ++n) {
    append({command(n, world.now)});
    ASSERT_TRUE(world.materialise());
  }
  EXPECT_EQ(entries(Table::commands), 5u);
}

TEST_F(MaterialiserTest, ATransactionIsDueByTimeBySizeOrOnRequest) {
  Materialiser& materialiser = world.materialiser();
  EXPECT_TRUE(materialiser.run_one(world.now)) << "the first one is long due";
  EXPECT_FALSE(materialiser.next_due(world.now)) << "nothing is behind";
  append({started_event(RunNumber(1), kWorkflow)});
  EXPECT_FALSE(materialiser.run_one(world.now));
  EXPECT_EQ(materialiser.next_due(world.now), WallTime{world.now.ns + kSecond});
  world.now.ns += kSecond;
  EXPECT_EQ(materialiser.next_due(world.now), world.now);
  EXPECT_TRUE(materialiser.run_one(world.now));
  append({done_event(RunNumber(1), 0)});
  EXPECT_FALSE(materialiser.run_one(world.now));
  materialiser.request();
  EXPECT_TRUE(materialiser.run_one(world.now));
  EXPECT_FALSE(materialiser.run_one(world.now));
  for (std::uint32_t i = 0; i < 18; ++i)
    append({done_event(RunNumber(1), i, Payload::make(ContentType::bytes, Bytes(1u << 20, 'v')))});
  EXPECT_TRUE(materialiser.run_one(world.now)) << "16 MiB are behind";
}

TEST_F(MaterialiserTest, AClockThatGoesBackDelaysNothing) {
  EXPECT_TRUE(world.materialiser().run_one(world.now));
  append({started_event(RunNumber(1), kWorkflow)});
  EXPECT_TRUE(world.materialiser().run_one(WallTime{world.now.ns - 3600 * kSecond}));
}

TEST_F(MaterialiserTest, AFullMapIsTriedAgainAndOtherFailuresLater) {
  append({started_event(RunNumber(1), kWorkflow)});
  world.state().set_fault({StateFault::Call::put, 2, Code::full});
  EXPECT_TRUE(world.materialise());
  append({done_event(RunNumber(1), 0)});
  world.state().set_fault({StateFault::Call::commit, 1, Code::storage_error});
  EXPECT_FALSE(world.materialise());
  EXPECT_EQ(world.materialiser().warning().code(), Code::storage_error);
  EXPECT_TRUE(world.materialiser().health().ok());
  EXPECT_TRUE(world.materialise());
  EXPECT_TRUE(world.materialiser().warning().ok());
  EXPECT_TRUE(history(RunNumber(1), 1) == std::vector<Event>{done_event(RunNumber(1), 0)});
}

TEST_F(MaterialiserTest, APoisonedCommitEndsItForGood) {
  world.state().set_fault({StateFault::Call::commit, 1, Code::poisoned});
  EXPECT_FALSE(world.materialise());
  EXPECT_EQ(world.materialiser().health().code(), Code::poisoned);
  EXPECT_FALSE(world.materialise());
  EXPECT_FALSE(world.materialiser().next_due(world.now));
}

// The watermark stands exactly at the end of a segment, which is recycled before the next transaction.
TEST(MaterialiserSegments, ASegmentMayBeRecycledRightBehindTheWatermark) {
  JournalWorld world{JournalSizes{}};
  ASSERT_TRUE(world.open().ok());
  const auto in_use = [&] { return world.segments().in_use(); };
  const auto append = [&](std::uint64_t n) {
    world.append({started_event(RunNumber(n), kWorkflow), ended_event(RunNumber(n))});
    world.commit();
  };
  world.append({workflow_event(kWorkflow, "flow")});
  world.commit();
  std::uint64_t run = 0;
  for (; in_use().size() == 1; append(++run)) {
    world.now.ns += 2 * kSecond;
    ASSERT_TRUE(world.materialise());
  }
  // The last run is in the second segment alone, and the tables end where that begins.
  ASSERT_EQ(world.materialiser().applied(), in_use().back().first);
  while (in_use().front().number == SegmentNumber(1)) append(++run);
  EXPECT_TRUE(world.materialise()) << world.materialiser().health().message();
  EXPECT_EQ(world.materialiser().applied(), world.committer().durable());
}

TEST_F(MaterialiserTest, EventsOfARunThatNeverStartedAreDamage) {
  append({done_event(RunNumber(5), 0)});
  EXPECT_FALSE(world.materialise());
  EXPECT_EQ(world.materialiser().health().code(), Code::damaged);
}

TEST_F(MaterialiserTest, LongHistoriesAreCutIntoChunks) {
  std::vector<Event> events = {started_event(RunNumber(1), kWorkflow)};
  for (std::uint32_t i = 0; i < 20; ++i) {
    events.push_back(done_event(RunNumber(1), i, Payload::make(ContentType::bytes, Bytes(50'000, 'v'))));
  }
  append(events);
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(entries(Table::history), 4u);
  std::vector<Event> back;
  for (std::uint32_t chunk = 0; chunk < 4; ++chunk) {
    for (const Event& event : history(RunNumber(1), chunk)) back.push_back(event);
  }
  EXPECT_TRUE(back == events);
}

// A large value arrives in fragments; a transaction, and a crash, may fall between them.
TEST_F(MaterialiserTest, LargeValuesAreWholeInTheHistoryAlsoWhenATransactionFallsBetweenTheirPieces) {
  append({started_event(RunNumber(1), kWorkflow)});
  const Event large_event =
      done_event(RunNumber(1), 0, Payload::make(ContentType::bytes, Bytes(5u << 20, 'v')));
  Bytes record;
  encode(large_event, record);
  std::vector<Bytes> pieces;
  for_each_piece(record, world.ring().next_series(), [&](ByteView piece) { pieces.emplace_back(piece); });
  Random random(1);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    world.ring().append(pieces[i], world);
    world.commit();
    if (i == 1 || i == 3) {
      ASSERT_TRUE(world.materialise());
      EXPECT_TRUE(row(Table::meta, kOpenFragmentsKey).has_value());
      EXPECT_EQ(entries(Table::history), 1u);
    }
  }
  ASSERT_TRUE(world.materialise());
  EXPECT_FALSE(row(Table::meta, kOpenFragmentsKey).has_value());
  ASSERT_EQ(history(RunNumber(1), 1).size(), 1u);
  EXPECT_TRUE(history(RunNumber(1), 1)[0] == large_event);
}

TEST_F(MaterialiserTest, PiecesOfALargeValueThatWasNeverCompleteAreForgottenByTheNextOwner) {
  append({started_event(RunNumber(1), kWorkflow)});
  Bytes record;
  encode(done_event(RunNumber(1), 0, Payload::make(ContentType::bytes, Bytes(3u << 20, 'v'))), record);
  int count = 0;
  for_each_piece(record, world.ring().next_series(), [&](ByteView piece) {
    if (++count <= 2) world.ring().append(piece, world);
  });
  world.commit();
  ASSERT_TRUE(world.materialise());
  EXPECT_TRUE(row(Table::meta, kOpenFragmentsKey).has_value());
  Random random(1);
  world.crash(random);
  RecoveryRecorder found;
  ASSERT_TRUE(world.open(found).ok());
  ASSERT_EQ(found.run_events.size(), 1u);
  append({done_event(RunNumber(1), 1)});
  ASSERT_TRUE(world.materialise());
  EXPECT_FALSE(row(Table::meta, kOpenFragmentsKey).has_value());
  EXPECT_EQ(history(RunNumber(1), 1).size(), 1u);
}

TEST_F(MaterialiserTest, ShortRunsThatStartAndEndInOneTransactionShareEntries) {
  for (std::uint64_t n = 1; n <= 300; ++n) complete_run(n);
  world.commit();
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(entries(Table::history), 0u);
  EXPECT_EQ(packs().size(), 300u);
  EXPECT_LT(entries(Table::packs), 60u);
  EXPECT_EQ(history(RunNumber(1)).size(), 2u);
  EXPECT_EQ(history(RunNumber(300)).size(), 2u);
  const Bytes key = block_key(BlockNumber(0));
  const Bytes block = *row(Table::summaries, key);
  EXPECT_EQ(read_summary_rows(key, block)->front().chunks, 0u) << "its history is in a pack";
}

TEST_F(MaterialiserTest, ALongHistoryAndOneOfALiveRunHaveEntriesOfTheirOwn) {
  world.append(
      {started_event(RunNumber(1), kWorkflow),
       done_event(RunNumber(1), 0, Payload::make(ContentType::bytes, Bytes(kPackedChunkBytesMax, 'v'))),
       ended_event(RunNumber(1))});
  world.append({started_event(RunNumber(2), kWorkflow)});
  complete_run(3);
  world.commit();
  ASSERT_TRUE(world.materialise());
  append({ended_event(RunNumber(2))});
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(entries(Table::history), 3u) << "one of run 1, two of run 2";
  EXPECT_EQ(packs().size(), 1u);
  EXPECT_EQ(history(RunNumber(1)).size(), 3u);
  EXPECT_EQ(history(RunNumber(2), 1).size(), 1u);
  EXPECT_EQ(history(RunNumber(3)).size(), 2u);
}

// Two threads start runs, so a number may come into the journal after a greater one.
TEST_F(MaterialiserTest, ARunBehindTheNextPackHasAnEntryOfItsOwn) {
  complete_run(5);
  world.commit();
  ASSERT_TRUE(world.materialise());
  complete_run(4);
  complete_run(6);
  world.commit();
  ASSERT_TRUE(world.materialise());
  EXPECT_EQ(entries(Table::history), 1u);
  EXPECT_EQ(packs().size(), 2u);
  for (const std::uint64_t run : {4u, 5u, 6u}) EXPECT_EQ(history(RunNumber(run)).size(), 2u) << run;
}

class RetentionTest : public MaterialiserTest {
 protected:
  static JournalSizes with(const RetentionPolicy& policy) {
    JournalSizes sizes = large();
    sizes.materialiser.retention = policy;
    return sizes;
  }
  explicit RetentionTest(const RetentionPolicy& policy) : MaterialiserTest(with(policy)) {}
  // Runs from..to, each ending at `at`.
  void complete_runs(std::uint64_t from, std::uint64_t to, WallTime at) {
    for (std::uint64_t n = from; n <= to; ++n) {
      Event started = started_event(RunNumber(n), kWorkflow);
      std::get<RunStarted>(started.body).id_chosen = n % 2 == 0;
      Event ended = ended_event(RunNumber(n));
      ended.at = at;
      world.append({started, ended});
    }
    world.commit();
    EXPECT_TRUE(world.materialise());
  }
  int retain_all() {
    int count = 0;
    while (world.materialiser().run_one(world.now)) ++count;
    return count;
  }
};

class RetentionByCount : public RetentionTest {
 protected:
  RetentionByCount() : RetentionTest({0, 200}) {}
};
TEST_F(RetentionByCount, KeepsTheYoungest) {
  complete_runs(1, 2000, world.now);
  EXPECT_TRUE(world.materialiser().run_one(world.now)) << "the policy may be new, so it is applied at once";
  EXPECT_EQ(meta().summary_rows, 1104u) << "at most seven blocks a transaction";
  EXPECT_EQ(world.materialiser().next_due(world.now), WallTime()) << "there is more to forget";
  EXPECT_EQ(retain_all(), 2);
  EXPECT_FALSE(world.materialiser().next_due(world.now));
  EXPECT_EQ(meta().summary_rows, 200u);
  EXPECT_EQ(meta().ended[static_cast<std::size_t>(RunState::completed)], 200u);
  EXPECT_EQ(packs().size(), 200u);
  EXPECT_EQ(entries(Table::keys), 100u);
  EXPECT_TRUE(history(RunNumber(1800)).empty());
  EXPECT_EQ(history(RunNumber(1801)).size(), 2u);
  complete_runs(2001, 2001, world.now);
  EXPECT_EQ(retain_all(), 0);
  world.now = *world.materialiser().next_due(world.now);
  EXPECT_EQ(retain_all(), 1) << "new rows are looked at after a while";
  EXPECT_EQ(meta().summary_rows, 200u);
  const Bytes key = block_key(BlockNumber(15));
  EXPECT_TRUE(row(Table::summaries, key).has_value()) << "blocks keep their numbers";
}

class RetentionByAge : public RetentionTest {
 protected:
  RetentionByAge() : RetentionTest({3600 * kSecond, 0}) {}
};
TEST_F(RetentionByAge, ForgetsWhenTheTimeComes) {
  const WallTime start = world.now;
  complete_runs(1, 100, start);
  complete_runs(101, 150, WallTime{start.ns + 60 * kSecond});
  world.now.ns += 3600 * kSecond;
  EXPECT_EQ(retain_all(), 0) << "exactly that old is kept";
  EXPECT_EQ(world.materialiser().next_due(world.now), WallTime{start.ns + 3600 * kSecond});
  world.now.ns += 1;
  EXPECT_EQ(retain_all(), 1);
  EXPECT_EQ(meta().summary_rows, 50u);
  EXPECT_EQ(entries(Table::summaries), 2u);
  EXPECT_EQ(world.materialiser().next_due(world.now), WallTime{start.ns + 3660 * kSecond});
  world.now.ns += 60 * kSecond;
  EXPECT_EQ(retain_all(), 1);
  EXPECT_EQ(entries(Table::summaries), 0u);
  EXPECT_EQ(entries(Table::packs), 0u);
  EXPECT_EQ(entries(Table::keys), 0u);
  EXPECT_FALSE(world.materialiser().next_due(world.now)) << "no wake-up for an empty table";
  complete_runs(151, 152, world.now);
  EXPECT_EQ(meta().next_block, 3u) << "numbers of blocks are not used again";
}
// Runs that lie beside each other in a pack and do not end in the order of their numbers.
TEST_F(RetentionByAge, TakesRunsOutOfTheMiddleOfAPack) {
  const WallTime start = world.now;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    Event ended = ended_event(RunNumber(n));
    ended.at = WallTime{start.ns + (n % 3 == 0 ? 0 : 60) * kSecond};
    world.append({started_event(RunNumber(n), kWorkflow), ended});
  }
  world.commit();
  ASSERT_TRUE(world.materialise());
  world.now.ns = start.ns + 3600 * kSecond + 1;
  EXPECT_EQ(retain_all(), 1);
  EXPECT_EQ(packs().size(), 67u);
  for (std::uint64_t n = 1; n <= 100; ++n) {
    EXPECT_EQ(history(RunNumber(n)).size(), n % 3 == 0 ? 0u : 2u) << n;
  }
  complete_runs(101, 101, WallTime{start.ns + 60 * kSecond});
  EXPECT_EQ(history(RunNumber(101)).size(), 2u);
  world.now.ns += 60 * kSecond;
  EXPECT_EQ(retain_all(), 1);
  EXPECT_EQ(entries(Table::packs), 0u);
}
TEST_F(RetentionByAge, AnIdThatBelongsToALaterRunIsKept) {
  const WallTime start = world.now;
  Event first = started_event(RunNumber(1), kWorkflow);
  std::get<RunStarted>(first.body).id = "same";
  std::get<RunStarted>(first.body).id_chosen = true;
  Event second = first;
  second.run = RunNumber(2);
  append({first, ended_event(RunNumber(1)), second});
  ASSERT_TRUE(world.materialise());
  world.now.ns = start.ns + 3600 * kSecond + 1;
  EXPECT_EQ(retain_all(), 1);
  EXPECT_EQ(*decode_run_number("same", *row(Table::keys, "same")), RunNumber(2));
}

class RetentionByBoth : public RetentionTest {
 protected:
  RetentionByBoth() : RetentionTest({3600 * kSecond, 1}) {}
};
// Rows lie in the order in which they were taken over: here the younger run comes first.
TEST_F(RetentionByBoth, AYoungRunDoesNotGoForOneThatIsTooOld) {
  const WallTime start = world.now;
  complete_runs(1, 1, WallTime{start.ns + 3600 * kSecond});
  complete_runs(2, 2, start);
  world.now.ns = start.ns + 3600 * kSecond + 1;
  EXPECT_EQ(retain_all(), 1);
  EXPECT_EQ(meta().summary_rows, 1u);
  EXPECT_EQ(history(RunNumber(1)).size(), 2u);
  EXPECT_TRUE(history(RunNumber(2)).empty());
}

}  // namespace
}  // namespace tenuto::testing
