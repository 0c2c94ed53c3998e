#include "core/journal/history_chunk.h"

#include <gtest/gtest.h>

#include "tests/support/random_events.h"

namespace tenuto::testing {
namespace {

constexpr RunNumber kRun{300};

void add(HistoryWriter& writer, ByteView record, Bytes& chunk) {
  RecordHeader header;
  ASSERT_TRUE(decode_header(record, header));
  writer.add(header, record, chunk);
}

std::vector<Bytes> records_of(ByteView chunk, Status& status) {
  std::vector<Bytes> records;
  status = for_each_history_record(chunk, kRun, [&](const RecordHeader& header, ByteView record) -> Status {
    RecordHeader again;
    EXPECT_TRUE(decode_header(record, again));
    EXPECT_EQ(again.type, header.type);
    EXPECT_EQ(again.version, header.version);
    EXPECT_EQ(again.flags, header.flags);
    EXPECT_EQ(again.run, kRun);
    EXPECT_EQ(again.size, header.size);
    records.emplace_back(record);
    return {};
  });
  return records;
}

TEST(HistoryChunk, EveryRecordComesBackAsItWas) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomEvents events(seed);
    HistoryWriter writer;
    writer.begin();
    Bytes chunk;
    std::vector<Bytes> records;
    for (int i = 0; i < 20; ++i) {
      Event event = events.any();
      event.run = kRun;
      encode(event, records.emplace_back());
      // Flags and versions that this library doesn't write.
      if (i % 5 == 0) records.back()[1] = static_cast<char>(records.back()[1] | kSkippable);
      if (i % 7 == 0) records.back()[1] = static_cast<char>(records.back()[1] + (2 << 4));
      add(writer, records.back(), chunk);
    }
    Status status;
    EXPECT_EQ(records_of(chunk, status), records);
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(HistoryChunk, ItsEventsAreThoseOfItsRecords) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomEvents random(seed);
    HistoryWriter writer;
    writer.begin();
    Bytes chunk;
    std::vector<Event> written;
    for (int i = 0; i < 20; ++i) {
      Event event = random.any();
      event.run = kRun;
      Bytes record;
      encode(event, record);
      if (i % 5 == 0) {  // newer, and may be passed over
        record[1] = static_cast<char>((record[1] | kSkippable) + (2 << 4));
      } else {
        written.push_back(event);
      }
      add(writer, record, chunk);
    }
    std::vector<Event> read;
    Event event;
    const Status status = for_each_history_event(chunk, kRun, event, [&](const Event& each) {
      read.push_back(each);
      return Status();
    });
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(read, written);
  }
}

TEST(HistoryChunk, AnEventThatIsNotWholeIsTold) {
  RandomEvents random(1);
  Event event = random.any();
  event.run = kRun;
  Bytes record;
  encode(event, record);
  HistoryWriter writer;
  writer.begin();
  Bytes chunk;
  add(writer, record, chunk);
  const auto nothing = [](const Event&) { return Status(); };
  EXPECT_EQ(for_each_history_event(ByteView(chunk).substr(0, chunk.size() - 1), kRun, event, nothing).code(),
            Code::damaged);
  record[1] = static_cast<char>(record[1] + (2 << 4));  // newer, and must not be passed over
  writer.begin();
  chunk.clear();
  add(writer, record, chunk);
  EXPECT_EQ(for_each_history_event(chunk, kRun, event, nothing).code(), Code::newer_format);
}

TEST(HistoryChunk, AFinishedTaskIsSmall) {
  const WallTime at{1'700'000'000 * kSecond};
  HistoryWriter writer;
  writer.begin();
  Bytes chunk, record;
  encode(Event{at, kRun, kRootScope, TaskIndex{1}, Attempt{1}, TaskDone{{}, at}}, record);
  add(writer, record, chunk);
  const std::size_t first = chunk.size();
  record.clear();
  encode(
      Event{{at.ns + 200'000}, kRun, kRootScope, TaskIndex{2}, Attempt{1}, TaskDone{{}, {at.ns + 199'990}}},
      record);
  add(writer, record, chunk);
  EXPECT_LE(first, 16u);
  EXPECT_LE(chunk.size() - first, 10u);
}

TEST(HistoryChunk, EveryCutIsFound) {
  RandomEvents events(5);
  HistoryWriter writer;
  writer.begin();
  Bytes chunk;
  std::vector<std::size_t> ends{0};
  for (int i = 0; i < 5; ++i) {
    Event event = events.any();
    event.run = kRun;
    Bytes record;
    encode(event, record);
    add(writer, record, chunk);
    ends.push_back(chunk.size());
  }
  for (std::size_t size = 0; size < chunk.size(); ++size) {
    Status status;
    const std::size_t found = records_of(ByteView(chunk).substr(0, size), status).size();
    const bool whole = std::find(ends.begin(), ends.end(), size) != ends.end();
    EXPECT_EQ(status.ok(), whole) << size;
    EXPECT_TRUE(whole || status.code() == Code::damaged);
    EXPECT_LE(found, 5u);
  }
}

}  // namespace
}  // namespace tenuto::testing
