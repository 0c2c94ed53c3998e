// Each call of the tables fails once, in turn: what is told, what stays, and that nothing is lost or written twice.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/support/half_written.h"

namespace tenuto::testing {
namespace {

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

// Run 1 has two chunks of history, the others are in packs; run 5 lives.
TEST(FailingTables, WhatRetentionForgetsIsGoneFromEveryTable) {
  HalfWritten half;
  half.go_on();
  half.world.now.ns += 10 * kSecond;
  RetentionPolicy retention;
  retention.age = kSecond;
  write_all(*half.materialiser(retention), half.world.now);
  const StateInfo info = *half.world.state().info();
  const auto entries = [&](Table table) { return info.entries[static_cast<std::size_t>(table)]; };
  EXPECT_EQ(entries(Table::history), 1u);
  EXPECT_EQ(entries(Table::packs), 0u);
  EXPECT_EQ(entries(Table::summaries), 0u);
  EXPECT_EQ(entries(Table::keys), 1u) << "that of the run that lives";
  EXPECT_EQ(entries(Table::live), 1u);
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

// The log is read into the tables: a read that fails is tried again, a transaction that began is not.
TEST(FailingLog, AReadThatFailsLeavesTheTablesAsTheyAre) {
  Dump wanted;
  {
    HalfWritten half;
    half.go_on();
    write_all(*half.materialiser(), half.world.now);
    wanted = dump(half.world.state());
  }
  for (std::uint64_t nth = 1; nth < kCallsMax; ++nth) {
    HalfWritten half;
    const Dump before = dump(half.world.state());
    half.go_on();
    const auto materialiser = half.materialiser();
    half.failing_log.fail_at(nth, Code::storage_error);
    write_all(*materialiser, half.world.now);
    if (!half.failing_log.has_failed()) {
      EXPECT_GT(nth, 1u);
      return;
    }
    EXPECT_EQ(materialiser->warning().code(), Code::storage_error) << "read " << nth;
    EXPECT_TRUE(dump(half.world.state()) == before) << "read " << nth;
    write_all(*materialiser, half.world.now);
    EXPECT_TRUE(dump(half.world.state()) == wanted) << "read " << nth;
  }
  FAIL() << "there is no end of reads";
}

TEST(FailingLog, ARecoveryThatCannotReadItSaysSo) {
  HalfWritten half;
  half.go_on();
  for (std::uint64_t nth = 1; nth < kCallsMax; ++nth) {
    RecoveryRecorder seen;
    half.failing_log.fail_at(nth, Code::storage_error);
    const auto recovered = recover(half.failing_log, half.world.state(), seen);
    if (!half.failing_log.has_failed()) {
      EXPECT_TRUE(recovered.ok());
      EXPECT_GT(nth, 2u);
      return;
    }
    EXPECT_EQ(recovered.code(), Code::storage_error) << "read " << nth;
  }
  FAIL() << "there is no end of reads";
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

// Changes one row after the other and goes on. What reads it must tell; what does not read it may go on, and then well.
struct Noticed {
  std::set<Table> by_materialiser;
  std::set<Table> by_recovery;
};

Noticed noticed(
    const std::function<void(StateWrite& write, Table table, const Bytes& key, Bytes value)>& change,
    const RetentionPolicy& retention = {}) {
  Noticed found;
  const Dump rows = dump(HalfWritten().world.state());
  for (const auto& [number, key, value] : rows) {
    const auto table = static_cast<Table>(number);
    HalfWritten half;
    auto write = half.world.state().begin_write();
    change(**write, table, key, value);
    EXPECT_TRUE((*write)->commit().ok());
    write->reset();
    RecoveryRecorder seen;
    const auto recovered = recover(half.world.log(), half.world.state(), seen);
    if (!recovered.ok()) {
      EXPECT_EQ(recovered.code(), Code::damaged)
          << "table " << number << ": " << recovered.status().message();
      found.by_recovery.insert(table);
    }
    half.go_on();
    const auto materialiser = half.materialiser(retention);
    write_all(*materialiser, half.world.now);
    if (materialiser->health().ok()) {
      EXPECT_TRUE(materialiser->warning().ok());
    } else {
      EXPECT_EQ(materialiser->health().code(), Code::damaged) << "table " << number;
      found.by_materialiser.insert(table);
    }
  }
  return found;
}

TEST(DamagedTables, AWrongByteIsNoticedByWhoeverReadsTheRow) {
  const auto flip = [](StateWrite& write, Table table, const Bytes& key, Bytes value) {
    value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 0x10);
    EXPECT_TRUE(write.put(table, key, value).ok());
  };
  const Noticed found = noticed(flip);
  EXPECT_EQ(found.by_recovery,
            (std::set<Table>{Table::meta, Table::workflows, Table::live, Table::history, Table::commands}));
  EXPECT_TRUE(found.by_materialiser.contains(Table::live));
  EXPECT_TRUE(found.by_materialiser.contains(Table::summaries));
  EXPECT_TRUE(found.by_materialiser.contains(Table::stats));
  RetentionPolicy retention;
  retention.count = 1;
  const Noticed by_retention = noticed(flip, retention);
  EXPECT_TRUE(by_retention.by_materialiser.contains(Table::packs));
  EXPECT_TRUE(by_retention.by_materialiser.contains(Table::keys));
}

TEST(DamagedTables, AKeyThatIsCutIsNoticed) {
  const Noticed found = noticed([](StateWrite& write, Table table, const Bytes& key, Bytes value) {
    EXPECT_TRUE(write.erase(table, key).ok());
    EXPECT_TRUE(write.put(table, key.substr(0, key.size() - 1), value).ok());
  });
  for (const Table table : {Table::workflows, Table::live, Table::history, Table::commands}) {
    EXPECT_TRUE(found.by_recovery.contains(table)) << static_cast<int>(table);
  }
}

TEST(DamagedTables, ARowThatIsGoneIsNoticedWhereItIsNeeded) {
  const Noticed found = noticed([](StateWrite& write, Table table, const Bytes& key, Bytes) {
    EXPECT_TRUE(write.erase(table, key).ok());
  });
  EXPECT_TRUE(found.by_recovery.contains(Table::history)) << "a live run without its history";
  EXPECT_TRUE(found.by_recovery.contains(Table::live)) << "a live run that nobody would miss";
  EXPECT_TRUE(found.by_recovery.contains(Table::meta)) << "rows without the place up to which they are";
  EXPECT_TRUE(found.by_materialiser.contains(Table::workflows)) << "a summary needs the name";
}

}  // namespace
}  // namespace tenuto::testing
