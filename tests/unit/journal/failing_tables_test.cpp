// Each call of the tables fails once, in turn: what is told, what stays, and that nothing is lost or written twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "tests/support/failing_state.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

constexpr WorkflowHash kWorkflow{7, 7};
// More calls than any of the procedures below makes.
constexpr std::uint64_t kCallsMax = 2'000;

JournalSizes large() {
  JournalSizes sizes;
  sizes.ring = 1u << 20;
  sizes.segment = 1u << 20;
  sizes.window = 4u << 20;
  return sizes;
}

using Dump = std::vector<std::tuple<std::size_t, Bytes, Bytes>>;

Dump dump(const State& state) {
  Dump all;
  auto read = state.begin_read();
  for (std::size_t table = 0; table < kTableCount; ++table) {
    EXPECT_TRUE((*read)
                    ->scan(static_cast<Table>(table), {},
                           [&](ByteView key, ByteView value) {
                             all.emplace_back(table, key, value);
                             return true;
                           })
                    .ok());
  }
  return all;
}

Event chosen(Event started) {
  std::get<RunStarted>(started.body).id_chosen = true;
  std::get<RunStarted>(started.body).command = {1, started.run.value};
  return started;
}

Event pool_event() {
  return run_event(RunNumber(), PoolUsed{"default", WallTime{3600 * kSecond}, 4, 100, 30});
}

// A journal whose tables hold the first half of its story: a live run, ended ones in a block and a pack, an id, commands, a pool.
class HalfWritten {
 public:
  HalfWritten() : world(large()), failing(world.state()) {
    EXPECT_TRUE(world.open().ok());
    world.append({workflow_event(kWorkflow, "flow"), chosen(started_event(RunNumber(1), kWorkflow)),
                  started_event(RunNumber(2), kWorkflow), ended_event(RunNumber(2)),
                  chosen(started_event(RunNumber(3), kWorkflow)), ended_event(RunNumber(3)), pool_event(),
                  run_event(RunNumber(), CommandRefused{{1, 9}, Code::not_found, "no run"})});
    world.commit();
    EXPECT_TRUE(world.materialise());
    world.close();
    EXPECT_TRUE(world.open().ok());
  }

  // The second half: what was live ends, a run begins and ends, one stays.
  void go_on() {
    world.append({done_event(RunNumber(1), 0, Payload::json("[1]")), ended_event(RunNumber(1)),
                  started_event(RunNumber(4), kWorkflow), ended_event(RunNumber(4)),
                  chosen(started_event(RunNumber(5), kWorkflow)), pool_event(),
                  run_event(RunNumber(), CommandApplied{{1, 8}, RunNumber(5)})});
    world.commit();
  }

  std::unique_ptr<Materialiser> materialiser(const RetentionPolicy& retention = {}) {
    MaterialiserOptions options;
    options.retention = retention;
    const RecoveredJournal& recovered = world.recovered();
    return std::make_unique<Materialiser>(failing, world.log(), world.committer(), world.segments(),
                                          recovered.meta, recovered.open_fragments, options);
  }

  JournalWorld world;
  FailingState failing;
};

void write_all(Materialiser& materialiser, WallTime now) {
  materialiser.request();
  while (materialiser.run_one(now)) {
  }
}

// Writes the rest with every call failing once, in turn; the tables must come out as if nothing had failed.
void expect_the_same_tables(const RetentionPolicy& retention, Code code, Nanos later) {
  Dump wanted;
  {
    HalfWritten half;
    half.go_on();
    half.world.now.ns += later;
    write_all(*half.materialiser(retention), half.world.now);
    wanted = dump(half.world.state());
  }
  std::uint64_t failures = 0;
  for (std::uint64_t nth = 1; nth < kCallsMax; ++nth) {
    HalfWritten half;
    half.go_on();
    half.world.now.ns += later;
    const auto materialiser = half.materialiser(retention);
    half.failing.fail_at(nth, code);
    write_all(*materialiser, half.world.now);
    if (!half.failing.has_failed()) {
      EXPECT_TRUE(dump(half.world.state()) == wanted);
      EXPECT_GT(failures, 5u);
      return;
    }
    ++failures;
    if (code == Code::full) {
      EXPECT_TRUE(materialiser->health().ok());
    } else {
      EXPECT_EQ(materialiser->warning().code(), code) << "call " << nth;
      EXPECT_TRUE(materialiser->health().ok()) << "it may pass";
    }
    write_all(*materialiser, half.world.now);
    EXPECT_TRUE(dump(half.world.state()) == wanted) << "call " << nth;
  }
  FAIL() << "there is no end of calls";
}

TEST(FailingTables, AFailedTransactionIsDoneAgainWhole) {
  expect_the_same_tables({}, Code::storage_error, 0);
}

TEST(FailingTables, AFullMapIsNoFailure) {
  expect_the_same_tables({}, Code::full, 0);
}

TEST(FailingTables, WhatRetentionCouldNotForgetItForgetsLater) {
  RetentionPolicy retention;
  retention.count = 1;
  expect_the_same_tables(retention, Code::storage_error, 0);
  retention = {};
  retention.age = kSecond;
  expect_the_same_tables(retention, Code::storage_error, 10 * kSecond);
}

TEST(FailingTables, DamageEndsTheWriting) {
  for (std::uint64_t nth = 1; nth < kCallsMax; ++nth) {
    HalfWritten half;
    const Dump before = dump(half.world.state());
    half.go_on();
    const auto materialiser = half.materialiser();
    half.failing.fail_at(nth, Code::damaged);
    write_all(*materialiser, half.world.now);
    if (!half.failing.has_failed()) return;
    EXPECT_EQ(materialiser->health().code(), Code::damaged) << "call " << nth;
    EXPECT_FALSE(materialiser->next_due(half.world.now).has_value());
    EXPECT_FALSE(materialiser->run_one(half.world.now));
    EXPECT_TRUE(dump(half.world.state()) == before) << "call " << nth;
  }
  FAIL() << "there is no end of calls";
}

TEST(FailingTables, ARecoveryThatCannotReadSaysSo) {
  RecoveryRecorder wanted;
  HalfWritten half;
  half.go_on();
  ASSERT_TRUE(recover(half.world.log(), half.world.state(), wanted).ok());
  for (std::uint64_t nth = 1; nth < kCallsMax; ++nth) {
    RecoveryRecorder seen;
    half.failing.fail_at(nth, Code::storage_error);
    const auto recovered = recover(half.world.log(), half.failing, seen);
    if (!half.failing.has_failed()) {
      EXPECT_TRUE(recovered.ok());
      EXPECT_TRUE(seen.events == wanted.events && seen.run_events == wanted.run_events);
      EXPECT_GT(nth, 5u);
      return;
    }
    EXPECT_EQ(recovered.code(), Code::storage_error) << "call " << nth;
  }
  FAIL() << "there is no end of calls";
}

}  // namespace
}  // namespace tenuto::testing
