#include "core/journal/summary.h"

#include <gtest/gtest.h>

#include "core/journal/command_row.h"
#include "core/journal/journal_meta.h"
#include "core/journal/live_row.h"
#include "core/journal/pool_hour.h"
#include "core/journal/run_groups.h"
#include "core/journal/seal.h"
#include "core/journal/workflow_row.h"
#include "tests/support/random_events.h"

namespace tenuto::testing {
namespace {

constexpr ByteView kKey = "key";

// Rows with every column filled; the texts live in `texts`.
SummaryRow row_of(std::uint64_t n, std::vector<std::string>& texts) {
  Random random(n);
  for (const char* text : {"id-", "flow-", "{\"a\":", "Error-", "message "}) {
    texts.push_back(text + std::to_string(n % 3 == 0 ? 0 : n));
  }
  const std::string* t = texts.data() + texts.size() - 5;
  SummaryRow row;
  row.run = RunNumber(1000 + n);
  row.state = static_cast<RunState>(6 + n % 5);
  row.id_chosen = n % 2 == 0;
  row.test = n % 5 == 0;
  row.id = t[0];
  row.workflow = WorkflowHash{n % 3 == 0 ? 0 : n, 1};
  row.workflow_name = t[1];
  row.started = WallTime{static_cast<Nanos>(random.below(1'000'000))};
  row.ended = WallTime{row.started.ns + static_cast<Nanos>(n)};
  row.labels = t[2];
  row.parent = RunNumber(n % 4);
  row.counts = {1, 2, 3, 4, 5, static_cast<std::uint32_t>(n * n * n), 7, static_cast<Nanos>(n)};
  row.clocks = {1, 2, 3, 4, 5, static_cast<Nanos>(n)};
  row.error_type = t[3];
  row.error_message = t[4];
  row.chunks = static_cast<std::uint32_t>(n);
  return row;
}

TEST(Summary, RowsAndZoneComeBackAlsoWhenABlockIsGoneOnWith) {
  std::vector<std::string> texts;
  texts.reserve(kSummaryRowsMax * 5);
  std::vector<SummaryRow> rows;
  Bytes value;
  SummaryZone zone;
  for (std::uint64_t n = 0; n < kSummaryRowsMax; ++n) {
    rows.push_back(row_of(n, texts));
    zone.include(rows.back());
    SummaryBlock block;
    if (n != 0) block = *SummaryBlock::load(kKey, value);
    EXPECT_FALSE(block.is_full());
    block.add(rows.back());
    value = block.finish(kKey);
  }
  EXPECT_TRUE(SummaryBlock::load(kKey, value)->is_full());
  EXPECT_EQ(*read_summary_zone(kKey, value), zone);
  EXPECT_EQ(*read_summary_rows(kKey, value), rows);
  EXPECT_TRUE(zone.has(RunState::completed));
  EXPECT_FALSE(zone.has(RunState::running));
}

TEST(Summary, AnErrorMayHaveATypeAMessageBothOrNeither) {
  SummaryBlock block;
  std::vector<SummaryRow> rows(4);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].run = RunNumber(i + 1);
    rows[i].error_type = (i & 1) != 0 ? "Type" : "";
    rows[i].error_message = (i & 2) != 0 ? "message" : "";
    block.add(rows[i]);
  }
  const Bytes value = block.finish(kKey);
  EXPECT_EQ(*read_summary_rows(kKey, value), rows);
}

TEST(Summary, LongMessagesAreCutBetweenCharacters) {
  std::string message(kSummaryErrorBytesMax - 1, 'm');
  message += "\xC3\xA4 and more";
  SummaryRow row;
  row.error_message = message;
  SummaryBlock block;
  block.add(row);
  const Bytes value = block.finish(kKey);
  EXPECT_EQ(read_summary_rows(kKey, value)->front().error_message,
            std::string(kSummaryErrorBytesMax - 1, 'm'));
}

TEST(Summary, EveryFlippedBitAndEveryCutIsNoticed) {
  std::vector<std::string> texts;
  texts.reserve(20);
  SummaryBlock block;
  for (std::uint64_t n = 0; n < 3; ++n) block.add(row_of(n, texts));
  Bytes value = block.finish(kKey);
  // Behind the columns only the rest of the rows and the last seal.
  const std::size_t section_end =
      value.size() - kSealBytes - SummaryReader::open(kKey, value)->rest()->size();
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    value[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_FALSE(read_summary_rows(kKey, value).ok());
    EXPECT_EQ(read_summary_zone(kKey, value).ok(), bit / 8 >= kSummaryHeadBytes);
    EXPECT_EQ(SummaryReader::open(kKey, value).ok(), bit / 8 >= section_end);
    value[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
  for (std::size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(read_summary_rows(kKey, ByteView(value).substr(0, size)).ok());
  }
  EXPECT_FALSE(read_summary_rows("other", value).ok()) << "a block in the wrong place";
}

// Each codec of a row: it comes back; a flipped bit, a cut and another key are damage; a newer version says so.
template <class Row, class Decode>
void expect_codec(const Row& row, Bytes value, Decode&& decode) {
  const auto back = decode(kKey, value);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, row);
  EXPECT_EQ(decode("other", value).code(), Code::damaged);
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    value[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_EQ(decode(kKey, value).code(), Code::damaged);
    value[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
  for (std::size_t size = 0; size < value.size(); ++size) {
    EXPECT_EQ(decode(kKey, ByteView(value).substr(0, size)).code(), Code::damaged);
  }
  Bytes newer(value.substr(0, value.size() - kSealBytes));
  newer[0] = 9;
  seal(kKey, newer);
  EXPECT_EQ(decode(kKey, newer).code(), Code::newer_format);
}

TEST(Rows, LiveRow) {
  const LiveRow row{{1, 2}, "an id", true, true, WallTime{5}, "{\"a\":1}", 3};
  expect_codec(row, encode(row, kKey), decode_live_row);
}
TEST(Rows, CommandOutcome) {
  const CommandOutcome row{WallTime{5}, Code::conflict, RunNumber(3), "why"};
  expect_codec(row, encode(row, kKey), decode_command_outcome);
}
TEST(Rows, PoolHour) {
  const PoolHour row{4, 1000, 300};
  expect_codec(row, encode(row, kKey), decode_pool_hour);
  EXPECT_EQ(hour_of(WallTime{3600 * kSecond * 5 + 1}), 5u);
}
TEST(Rows, Workflow) {
  const WorkflowRow row{WallTime{5}, "name", "{}"};
  expect_codec(row, encode(row, kKey), decode_workflow_row);
}
TEST(Rows, RunNumberOfAnId) {
  EXPECT_EQ(*decode_run_number(kKey, encode_run_number(RunNumber(9), kKey)), RunNumber(9));
  EXPECT_EQ(decode_run_number("other", encode_run_number(RunNumber(9), kKey)).code(), Code::damaged);
}
TEST(Rows, JournalMeta) {
  JournalMeta meta;
  meta.store = {1, 2};
  meta.applied = {Position(3), SegmentNumber(4), 5};
  meta.generation = Generation(6);
  meta.next_run = RunNumber(7);
  meta.next_block = 8;
  meta.summary_rows = 9;
  meta.live_runs = 10;
  meta.ended[6] = 11;
  Bytes value = encode(meta);
  EXPECT_EQ(*decode_journal_meta(value), meta);
  value[3] ^= 1;
  EXPECT_EQ(decode_journal_meta(value).code(), Code::damaged);
}

TEST(RunGroups, KeepTheOrderWithinARunAndSortTheRuns) {
  RunGroups groups;
  for (int round = 0; round < 2; ++round) {
    groups.clear();
    EXPECT_TRUE(groups.empty());
    for (std::uint64_t n = 0; n < 10'000; ++n) groups.add(RunNumber(mix64(n) % 3000), std::to_string(n));
    RunNumber last;
    std::size_t count = 0;
    for (const RunGroups::Group& group : groups.sorted()) {
      EXPECT_TRUE(count == 0 || last < group.run);
      last = group.run;
      std::uint64_t before = 0;
      std::size_t bytes = 0;
      groups.for_each_record_of(group, [&](ByteView record) {
        const std::uint64_t n = std::stoull(std::string(record));
        EXPECT_EQ(mix64(n) % 3000, group.run.value);
        EXPECT_TRUE(bytes == 0 || before < n);
        before = n;
        bytes += record.size();
        ++count;
      });
      EXPECT_EQ(bytes, group.size);
    }
    EXPECT_EQ(count, 10'000u);
  }
}

}  // namespace
}  // namespace tenuto::testing
