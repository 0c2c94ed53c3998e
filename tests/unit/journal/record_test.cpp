#include "core/journal/record.h"

#include <gtest/gtest.h>

#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

Bytes encoded(const Event& event) {
  Bytes bytes;
  encode(event, bytes);
  return bytes;
}

TEST(Record, AFinishedTaskWithANullResultIsShort) {
  EXPECT_LE(encoded(done_event(RunNumber(100'000), 1000)).size(), 24u);
}

// The bytes of docs/file-format.md, written out: a change of them is a change of the format.
TEST(Record, HasTheBytesOfTheFormat) {
  Event event = done_event(RunNumber(300), 4, Payload::json("7"));
  event.at = WallTime{0x0102030405060708};
  std::get<TaskDone>(event.body).started = WallTime{event.at.ns - 2};
  const Bytes expected(
      "\x11\x10"                          // task_done, version 1, no flags
      "\x11"                              // 17 bytes follow
      "\xAC\x02"                          // run 300
      "\x00\x05\x01"                      // scope 0, task 4, attempt 1
      "\x08\x07\x06\x05\x04\x03\x02\x01"  // time
      "\x03"                              // started 2 ns before
      "\x01\x01"                          // JSON of one byte
      "7",
      20);
  EXPECT_EQ(encoded(event), expected);
}

TEST(Record, LengthsOfTwoAndMoreBytesComeBack) {
  for (const std::size_t size : {100u, 127u, 128u, 129u, 16'383u, 16'384u, 3'000'000u}) {
    const Event event = done_event(RunNumber(1), 1, Payload::make(ContentType::bytes, Bytes(size, 'x')));
    const Bytes bytes = encoded(event);
    ByteReader in(bytes);
    const Result<Event> back = decode(in);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, event);
  }
}

TEST(Record, HeaderTellsTypeRunAndSizeWithoutTheBody) {
  Bytes bytes = encoded(done_event(RunNumber(77), 1));
  const std::size_t size = bytes.size();
  encode(ended_event(RunNumber(78)), bytes);
  RecordHeader header;
  ASSERT_TRUE(decode_header(bytes, header));
  EXPECT_EQ(header.type, static_cast<std::uint8_t>(EventType::task_done));
  EXPECT_EQ(header.run, RunNumber(77));
  EXPECT_EQ(header.size, size);
}

TEST(Record, UnknownTypesArePassedOverOnlyWhenTheySaySo) {
  Event out;
  Bytes bytes = encoded(done_event(RunNumber(1), 1));
  bytes[0] = 100;
  EXPECT_EQ(decode(bytes, out).code(), Code::newer_format);
  bytes[1] = static_cast<char>(1 << 4 | kSkippable);
  ASSERT_TRUE(decode(bytes, out).ok());
  EXPECT_EQ(*decode(bytes, out), Decoded::passed_over);
}

TEST(Record, ANewerVersionOrFlagIsTreatedLikeAnUnknownType) {
  Event out;
  Bytes bytes = encoded(done_event(RunNumber(1), 1));
  bytes[1] = 2 << 4;
  EXPECT_EQ(decode(bytes, out).code(), Code::newer_format);
  bytes[1] = static_cast<char>(2 << 4 | kSkippable);
  EXPECT_EQ(*decode(bytes, out), Decoded::passed_over);
  bytes[1] = 1 << 4 | 8;
  EXPECT_EQ(decode(bytes, out).code(), Code::newer_format);
}

TEST(Record, BytesLeftOverInABodyAreDamage) {
  Bytes bytes = encoded(run_event(RunNumber(1), TimerFired{}));
  bytes += 'x';
  ++bytes[2];  // its length
  Event out;
  EXPECT_EQ(decode(bytes, out).code(), Code::damaged);
}

TEST(Record, ValuesOutsideOfAnEnumerationAreDamage) {
  Event out;
  Bytes bytes = encoded(run_event(RunNumber(1), TaskSkipped{SkipReason::arm_not_taken}));
  bytes.back() = 9;
  EXPECT_EQ(decode(bytes, out).code(), Code::damaged);
}

TEST(Record, VisitsRecordsInOrderAndStopsAtTheFirstStatus) {
  Bytes bytes;
  for (std::uint64_t run = 1; run <= 3; ++run) encode(done_event(RunNumber(run), 1), bytes);
  std::vector<std::uint64_t> seen;
  const Status status = for_each_record(bytes, [&](const RecordHeader& header, ByteView) {
    seen.push_back(header.run.value);
    return header.run.value == 2 ? Status(Code::closed, "enough") : Status();
  });
  EXPECT_EQ(status.code(), Code::closed);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2}));
  bytes.pop_back();
  EXPECT_EQ(for_each_record(bytes, [](const RecordHeader&, ByteView) { return Status(); }).code(),
            Code::damaged);
}

}  // namespace
}  // namespace tenuto::testing
