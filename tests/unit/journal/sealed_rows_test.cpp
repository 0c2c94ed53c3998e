// The rows of the tables whose seals hold and whose content doesn't: every kind, cut at every byte, or from a newer version.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/journal/command_row.h"
#include "core/journal/journal_meta.h"
#include "core/journal/live_row.h"
#include "core/journal/pool_hour.h"
#include "core/journal/seal.h"
#include "core/journal/workflow_row.h"

namespace tenuto {
namespace {

constexpr ByteView kKey = "key";

struct Kind {
  std::string name;
  ByteView key;
  Bytes row;
  std::function<Code(ByteView row)> decode;
  bool has_version = true;
};

std::vector<Kind> kinds() {
  const CommandOutcome outcome{{5}, Code::conflict, RunNumber{300}, "why"};
  LiveRow live;
  live.workflow = {1, 2};
  live.id = "mine";
  live.id_chosen = true;
  live.started = {7};
  live.labels = R"({"a":"b"})";
  live.chunks = 300;
  JournalMeta meta;
  meta.store = {1, 2};
  meta.next_run = RunNumber{1000};
  meta.ended[15] = 1000;
  return {
      {"command", kKey, encode(outcome, kKey),
       [](ByteView row) { return decode_command_outcome(kKey, row).code(); }},
      {"live", kKey, encode(live, kKey), [](ByteView row) { return decode_live_row(kKey, row).code(); }},
      {"live chunks", kKey, encode(live, kKey),
       [](ByteView row) { return decode_live_chunks(kKey, row).code(); }},
      {"run number", kKey, encode_run_number(RunNumber{9}, kKey),
       [](ByteView row) { return decode_run_number(kKey, row).code(); }, false},
      {"workflow", kKey, encode(WorkflowRow{{5}, "flow", "{}"}, kKey),
       [](ByteView row) { return decode_workflow_row(kKey, row).code(); }},
      {"pool hour", kKey, encode(PoolHour{300, 1'000'000, 2'000}, kKey),
       [](ByteView row) { return decode_pool_hour(kKey, row).code(); }},
      {"journal", kJournalMetaKey, encode(meta),
       [](ByteView row) { return decode_journal_meta(row).code(); }},
  };
}

Bytes content_of(const Kind& kind) {
  return Bytes(*unseal(kind.key, kind.row, "a row"));
}

Bytes sealed(const Kind& kind, Bytes content) {
  seal(kind.key, content);
  return content;
}

TEST(SealedRows, AreReadAsTheyWereWritten) {
  for (const Kind& kind : kinds()) EXPECT_EQ(kind.decode(kind.row), Code::ok) << kind.name;
}

TEST(SealedRows, ALiveRunIsWhatItWasWhateverItsFlags) {
  for (const bool id_chosen : {false, true}) {
    for (const bool test : {false, true}) {
      LiveRow row;
      row.id_chosen = id_chosen;
      row.test = test;
      row.chunks = 7;
      EXPECT_EQ(*decode_live_row(kKey, encode(row, kKey)), row);
      EXPECT_EQ(*decode_live_chunks(kKey, encode(row, kKey)), 7u);
    }
  }
}

TEST(SealedRows, ARowThatIsCutIsDamageWhateverItsSealSays) {
  for (const Kind& kind : kinds()) {
    const Bytes content = content_of(kind);
    for (std::size_t size = 0; size < content.size(); ++size) {
      EXPECT_EQ(kind.decode(sealed(kind, content.substr(0, size))), Code::damaged)
          << kind.name << " " << size;
    }
  }
}

TEST(SealedRows, AWrongByteOrAMissingSealIsDamage) {
  for (const Kind& kind : kinds()) {
    for (std::size_t i = 0; i < kind.row.size(); ++i) {
      Bytes row = kind.row;
      row[i] = static_cast<char>(row[i] ^ 1);
      EXPECT_EQ(kind.decode(row), Code::damaged) << kind.name << " " << i;
      EXPECT_EQ(kind.decode(kind.row.substr(0, i)), Code::damaged) << kind.name << " " << i;
    }
  }
}

TEST(SealedRows, ARowOfANewerVersionSaysSo) {
  for (const Kind& kind : kinds()) {
    if (!kind.has_version) continue;
    Bytes content = content_of(kind);
    content[0] = 2;
    EXPECT_EQ(kind.decode(sealed(kind, content)), Code::newer_format) << kind.name;
  }
}

TEST(SealedRows, WhatIsBehindARowIsDamageWhereNothingMayBe) {
  for (const Kind& kind : kinds()) {
    const bool exact = kind.name == "command" || kind.name == "live" || kind.name == "live chunks";
    EXPECT_EQ(kind.decode(sealed(kind, content_of(kind) + "x")), exact ? Code::damaged : Code::ok)
        << kind.name;
  }
}

TEST(SealedRows, ASealIsOfItsKey) {
  Bytes value = "content";
  seal("a", value);
  EXPECT_TRUE(unseal("a", value, "a row").ok());
  const auto other = unseal("b", value, "a row");
  EXPECT_EQ(other.code(), Code::damaged);
  EXPECT_NE(other.status().message().find("a row in the state tables is damaged"), std::string::npos);
}

TEST(PoolHour, HoursBegin1970AndNotBefore) {
  EXPECT_EQ(hour_of({-1}), 0u);
  EXPECT_EQ(hour_of({3'599 * kSecond}), 0u);
  EXPECT_EQ(hour_of({3'600 * kSecond}), 1u);
}

}  // namespace
}  // namespace tenuto
