// The bytes of everything that a store keeps, held against those that are written down in tests/compat/format-3.golden. A
// difference means that stores which exist could be misread: it needs a new format and a way up to it (core/store/format.h), and only
// then new bytes here. What is new gets a line; a failure prints it.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/journal/batch_writer.h"
#include "core/journal/command_row.h"
#include "core/journal/fragment.h"
#include "core/journal/history_chunk.h"
#include "core/journal/history_pack.h"
#include "core/journal/journal_meta.h"
#include "core/journal/live_row.h"
#include "core/journal/pool_hour.h"
#include "core/journal/seal.h"
#include "core/journal/summary.h"
#include "core/journal/workflow_row.h"
#include "core/store/format.h"
#include "core/store/keys.h"

namespace tenuto::testing {
namespace {

using Golden = std::map<std::string, std::string>;  // name -> hexadecimal digits

constexpr WallTime kAt{1'700'000'000'123'456'789};
constexpr WallTime kBefore{1'700'000'000'000'000'000};
constexpr WorkflowHash kHash{0x0102030405060708, 0x1112131415161718};
constexpr CommandId kCommand{0x2122232425262728, 0x3132333435363738};

std::string hex(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(c) & 0xF]);
  }
  return text;
}

Event event(EventBody body, RunNumber run = RunNumber(300), TaskIndex task = kNoTask, Attempt attempt = {}) {
  return {kAt, run, kRootScope, task, attempt, std::move(body)};
}

// One of each kind; where a body has a choice of forms, several.
std::vector<std::pair<std::string, Event>> events() {
  const Failure failure{"ValueError", "bad header", "line 1"};
  const RunCounts counts{1, 2, 3, 4, 5, 6, 7, 8'000'000'000};
  RunEnded ended{RunState::failed, Payload(), failure, TaskIndex(4), counts};
  Event scoped = event(TimerFired{}, RunNumber(1), TaskIndex(2), Attempt(3));
  scoped.scope = ScopeNumber(9);
  return {
      {"engine_opened", event(EngineOpened{Generation(7), 4711, "0.1.0"}, RunNumber())},
      {"workflow_stored", event(WorkflowStored{kHash, "etl", R"({"tenuto":1})"}, RunNumber())},
      {"command_applied", event(CommandApplied{kCommand, RunNumber(5)}, RunNumber())},
      {"command_refused", event(CommandRefused{kCommand, Code::not_found, "no run"}, RunNumber())},
      {"pool_used", event(PoolUsed{"default", kBefore, 8, 1'000'000, 999}, RunNumber())},
      {"numbers_reserved", event(NumbersReserved{RunNumber(16385)}, RunNumber())},
      {"run_started",
       event(RunStarted{kHash, "e-1", true, false, Payload::json("[1]"), R"({"k":"v"})", "ann", kCommand})},
      {"run_started_plain", event(RunStarted{kHash, "", false, true, Payload(), "", "", {}})},
      {"task_done", event(TaskDone{Payload::json("7"), kBefore}, RunNumber(300), TaskIndex(4), Attempt(1))},
      {"task_done_bytes", event(TaskDone{Payload::make(ContentType::bytes, "xyz"), kBefore}, RunNumber(1),
                                TaskIndex(0), Attempt(2))},
      {"attempt_failed",
       event(AttemptFailed{FailureKind::error, failure, kBefore, false, WallTime{kAt.ns + 5}}, RunNumber(300),
             TaskIndex(4), Attempt(1))},
      {"task_skipped", event(TaskSkipped{SkipReason::arm_not_taken}, RunNumber(300), TaskIndex(4))},
      {"switch_chosen", event(SwitchChosen{2}, RunNumber(300), TaskIndex(4))},
      {"switch_chosen_none", event(SwitchChosen{}, RunNumber(300), TaskIndex(4))},
      {"timer_fired", scoped},
      {"cancel_requested", event(CancelRequested{"not needed", "bob", kCommand})},
      {"run_ended", event(ended)},
      {"run_ended_completed",
       event(RunEnded{RunState::completed, Payload::json("true"), {}, kNoTask, counts})},
      {"tasks_done", event(TasksDone{12, kBefore}, RunNumber(300), TaskIndex(4))},
  };
}

void add_records(Golden& golden) {
  Bytes all;
  for (const auto& [name, one] : events()) {
    Bytes record;
    encode(one, record);
    all += record;
    golden["record " + name] = hex(record);
  }
  Bytes chunk;
  HistoryWriter history;
  history.begin();
  EXPECT_TRUE(for_each_record(all, [&](const RecordHeader& header, ByteView record) {
                if (header.run == RunNumber(300)) history.add(header, record, chunk);
                return Status();
              }).ok());
  golden["history chunk"] = hex(chunk);
  HistoryPackWriter pack;
  pack.add(RunNumber(299), "first");
  pack.add(RunNumber(300), chunk);
  golden["history pack"] = hex(pack.finish(run_key(RunNumber(300))));
}

void add_rows(Golden& golden) {
  JournalMeta meta;
  meta.store = {1, 2};
  meta.applied = {Position(4096), SegmentNumber(3), 128};
  meta.generation = Generation(7);
  meta.next_run = RunNumber(16385);
  meta.next_block = 2;
  meta.summary_rows = 130;
  meta.live_runs = 4;
  meta.ended[6] = 129;
  meta.ended[7] = 1;
  golden["row meta journal"] = hex(encode(meta));
  const Bytes workflow = workflow_key(kHash);
  golden["row workflows"] = hex(encode(WorkflowRow{kAt, "etl", R"({"tenuto":1})"}, workflow));
  const Bytes run = run_key(RunNumber(300));
  golden["row live"] = hex(encode(LiveRow{kHash, "e-1", true, true, kAt, R"({"k":"v"})", 2}, run));
  golden["row keys"] = hex(encode_run_number(RunNumber(300), "e-1"));
  const Bytes command = command_key(kCommand);
  golden["row commands"] = hex(encode(CommandOutcome{kAt, Code::not_found, RunNumber(5), "no run"}, command));
  const Bytes hour = stats_key({"default", 472222, 0});
  golden["row stats"] = hex(encode(PoolHour{8, 1'000'000, 999}, hour));
  SummaryBlock block;
  SummaryRow row;
  row.run = RunNumber(300);
  row.state = RunState::failed;
  row.id_chosen = true;
  row.id = "e-1";
  row.workflow = kHash;
  row.workflow_name = "etl";
  row.started = kBefore;
  row.ended = kAt;
  row.labels = R"({"k":"v"})";
  row.counts = {1, 2, 3, 4, 5, 6, 7, 8'000'000'000};
  row.clocks = {1, 2, 3, 4, 5, 6};
  row.error_type = "ValueError";
  row.error_message = "bad header";
  row.chunks = 2;
  block.add(row);
  SummaryRow plain;
  plain.run = RunNumber(301);
  plain.workflow = kHash;
  plain.workflow_name = "etl";
  plain.started = plain.ended = kAt;
  block.add(plain);
  golden["row summaries"] = hex(block.finish(block_key(BlockNumber(1))));
}

void add_keys(Golden& golden) {
  golden["key run"] = hex(run_key(RunNumber(300)));
  golden["key history"] = hex(history_key({RunNumber(300), ChunkNumber(2)}));
  golden["key block"] = hex(block_key(BlockNumber(1)));
  golden["key workflow"] = hex(workflow_key(kHash));
  golden["key command"] = hex(command_key(kCommand));
  golden["key timer"] = hex(timer_key({kAt, RunNumber(300), PartNumber(2)}));
  golden["key stats"] = hex(stats_key({"default", 472222, 3}));
}

void add_frames(Golden& golden) {
  const SegmentHeaderBytes segment = encode(SegmentHeader{{1, 2}, SegmentNumber(3), Position(4096)});
  golden["segment header"] = hex(ByteView(segment.data(), segment.size()));
  const ByteView payload = "12345678abcdefgh";
  const FrameHeader header{16, Generation(7), Position(4096), Position(4000)};
  const FrameHeaderBytes frame = encode(header, std::span(&payload, 1));
  golden["frame header"] = hex(ByteView(frame.data(), frame.size()));
  Bytes word;
  ByteWriter(word).fixed(batch_word(33, Position(0x1'0000'1000)));
  golden["batch header"] = hex(word);
  Bytes sealed = "value";
  seal("key", sealed);
  golden["seal"] = hex(sealed);
}

Golden now() {
  Golden golden;
  add_records(golden);
  add_rows(golden);
  add_keys(golden);
  add_frames(golden);
  return golden;
}

TEST(Golden, EveryByteIsAsItWasWrittenDown) {
  ASSERT_EQ(kStoreFormat, 3u) << "a new format has a golden file of its own";
  std::ifstream file(TENUTO_TESTS "/compat/format-3.golden");
  ASSERT_TRUE(file.is_open());
  Golden written;
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    ASSERT_NE(colon, std::string::npos) << line;
    written[line.substr(0, colon)] = line.substr(colon + 2);
  }
  const Golden golden = now();
  for (const auto& [name, bytes] : golden) EXPECT_EQ(written[name], bytes) << name << ": " << bytes;
  EXPECT_EQ(written.size(), golden.size()) << "something that was written down is not made any more";
}

// One changed byte of any encoding is seen.
TEST(Golden, ADifferenceIsSeen) {
  Golden first = now();
  Golden second = now();
  EXPECT_EQ(first, second);
  second["record task_done"][0] ^= 1;
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace tenuto::testing
