#include "core/journal/ring.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/journal/batch_writer.h"
#include "core/journal/fragment.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

// Takes everything that is published and keeps it, as a committer does.
class Drain final : public FullWaiter {
 public:
  explicit Drain(Ring& ring) : ring_(ring) {}
  bool take(std::size_t bytes_max = limits::kFrameBytesMax) {
    const Ring::Group group = ring_.peek(bytes_max);
    if (group.begin == group.end) return false;
    stream.append(group.pieces[0]).append(group.pieces[1]);
    ring_.release(group.end);
    return true;
  }
  bool wait() override {
    ++waits;
    return take();
  }
  Bytes stream;
  int waits = 0;

 private:
  Ring& ring_;
};

class NeverWait final : public FullWaiter {
 public:
  bool wait() override { return false; }
};

TEST(Ring, PositionsAreTheEndsOfBatchesFromTheStart) {
  Ring ring(Position(4096), 1024);
  NeverWait waiter;
  EXPECT_EQ(ring.tail(), Position(4096));
  EXPECT_EQ(ring.append("abc", waiter), Position(4096 + 16));
  EXPECT_EQ(ring.append("12345678", waiter), Position(4096 + 32));
  EXPECT_EQ(ring.append("123456789", waiter), Position(4096 + 56));
  EXPECT_EQ(ring.tail(), Position(4096 + 56));
}

TEST(Ring, GroupsAreWholeBatchesUpToTheBound) {
  Ring ring(Position(), 1024);
  Drain drain(ring);
  for (int i = 0; i < 3; ++i) ring.append("12345678", drain);
  EXPECT_EQ(ring.peek(1000).end, Position(48));
  EXPECT_EQ(ring.peek(40).end, Position(32));
  EXPECT_EQ(ring.peek(15).end, Position(0));
  ASSERT_TRUE(drain.take(40));
  EXPECT_EQ(ring.peek(1000).begin, Position(32));
}

TEST(Ring, WrapsWithinABatchAndKeepsFreeBytesZero) {
  Ring ring(Position(), 64);
  Drain drain(ring);
  Bytes expected;
  for (int i = 0; i < 100; ++i) {
    const Bytes records(1 + static_cast<std::size_t>(i) % 30, static_cast<char>('a' + i % 26));
    ring.append(records, drain);
    expected += records;
    if (i % 2 == 0) drain.take();
  }
  drain.take();
  EXPECT_EQ(drain.stream.size(), ring.tail().value);
  Bytes records;
  ByteReader in(drain.stream);
  while (!in.at_end()) {
    const std::uint64_t word = in.fixed<std::uint64_t>();
    records.append(in.raw(batch_bytes(record_bytes_of(word)) - 8).substr(0, record_bytes_of(word)));
  }
  EXPECT_EQ(records, expected);
}

TEST(Ring, AFullRingWaitsAndGivingUpLeavesAHoleThatNobodyPasses) {
  Ring ring(Position(), 64);
  Drain drain(ring);
  NeverWait never;
  ring.append(Bytes(40, 'x'), never);
  EXPECT_EQ(ring.append(Bytes(40, 'y'), never), Ring::kNever);
  ASSERT_TRUE(drain.take());
  EXPECT_FALSE(drain.take());
  EXPECT_EQ(ring.append("z", never), Position(48 + 48 + 16));
  EXPECT_FALSE(drain.take());
}

TEST(Ring, OneThreadAppendsMoreThanFitsByCommittingInline) {
  Ring ring(Position(), 128);
  Drain drain(ring);
  for (int i = 0; i < 50; ++i) ring.append(Bytes(100, 'x'), drain);
  EXPECT_GT(drain.waits, 40);
}

// Each batch names its producer and its number; the consumer must see each producer's numbers in order, and all.
TEST(Ring, ThreeProducersKeepTheirOrder) {
  constexpr std::uint32_t kProducers = 3;
  constexpr std::uint32_t kBatches = 5'000;
  Ring ring(Position(), 4096);
  class Yield final : public FullWaiter {
   public:
    bool wait() override {
      std::this_thread::yield();
      return true;
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t producer = 0; producer < kProducers; ++producer) {
    threads.emplace_back([&ring, producer] {
      Yield waiter;
      Position last;
      for (std::uint32_t i = 0; i < kBatches; ++i) {
        Bytes records;
        ByteWriter w(records);
        w.fixed(producer);
        w.fixed(i);
        records.append(i % 40, static_cast<char>(i));
        const Position end = ring.append(records, waiter);
        ASSERT_GT(end, last);
        last = end;
      }
    });
  }
  std::uint32_t next[kProducers] = {};
  std::uint32_t total = 0;
  while (total < kProducers * kBatches) {
    const Ring::Group group = ring.peek(2048);
    Bytes bytes(group.pieces[0]);
    bytes.append(group.pieces[1]);
    ring.release(group.end);
    ByteReader in(bytes);
    for (Position at = group.begin; !in.at_end(); ++total) {
      const auto word = in.fixed<std::uint64_t>();
      ASSERT_TRUE(is_batch_word(word, at));
      at.value += batch_bytes(record_bytes_of(word));
      ByteReader records(in.raw(batch_bytes(record_bytes_of(word)) - 8).substr(0, record_bytes_of(word)));
      const auto producer = records.fixed<std::uint32_t>();
      const auto i = records.fixed<std::uint32_t>();
      ASSERT_EQ(next[producer]++, i);
      ASSERT_EQ(records.rest(), Bytes(i % 40, static_cast<char>(i)));
    }
    if (group.begin == group.end) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(BatchWriter, PutsAStepIntoOneBatch) {
  Ring ring(Position(), 4096);
  Drain drain(ring);
  BatchWriter writer;
  EXPECT_TRUE(writer.empty());
  for (std::uint32_t i = 0; i < 10; ++i) writer.add(done_event(RunNumber(1), i));
  EXPECT_FALSE(writer.empty());
  const Position end = writer.flush(ring, drain);
  EXPECT_TRUE(writer.empty());
  ASSERT_TRUE(drain.take());
  std::uint32_t count = 0;
  ASSERT_TRUE(
      for_each_record_of_batches(drain.stream, Position(), [&](const RecordHeader&, ByteView, Position at) {
        EXPECT_EQ(at, end);
        ++count;
        return Status();
      }).ok());
  EXPECT_EQ(count, 10u);
}

TEST(BatchWriter, CutsWhatIsLargerThanABatch) {
  Ring ring;
  Drain drain(ring);
  BatchWriter writer;
  std::vector<Event> events;
  for (const std::size_t size : {10u, 600'000u, 600'000u, 5'000'000u, 10u, 16u << 20, 10u}) {
    events.push_back(
        done_event(RunNumber(events.size() + 1), 1, Payload::make(ContentType::bytes, Bytes(size, 'v'))));
    writer.add(events.back());
  }
  const Position end = writer.flush(ring, drain);
  while (drain.take()) {
  }
  EXPECT_EQ(drain.stream.size(), end.value);
  Reassembler reassembler;
  std::vector<Event> back;
  ASSERT_TRUE(
      for_each_record_of_batches(drain.stream, Position(),
                                 [&](const RecordHeader& header, ByteView record, Position) -> Status {
                                   TN_ASSIGN(const ByteView whole, reassembler.feed(header, record));
                                   if (whole.empty()) return Status();
                                   ByteReader in(whole);
                                   TN_ASSIGN(Event event, decode(in));
                                   back.push_back(std::move(event));
                                   return Status();
                                 })
          .ok());
  EXPECT_TRUE(back == events);
}

TEST(Batch, RowsOfBatchesThatDontFitAreDamage) {
  const auto none = [](const RecordHeader&, ByteView, Position) { return Status(); };
  Ring ring(Position(64), 1024);
  Drain drain(ring);
  Bytes record;
  encode(done_event(RunNumber(1), 1), record);
  ring.append(record, drain);
  drain.take();
  EXPECT_TRUE(for_each_record_of_batches(drain.stream, Position(64), none).ok());
  EXPECT_EQ(for_each_record_of_batches(drain.stream, Position(0), none).code(), Code::damaged);
  for (std::size_t size = 1; size < drain.stream.size(); ++size) {
    EXPECT_EQ(for_each_record_of_batches(ByteView(drain.stream).substr(0, size), Position(64), none).code(),
              Code::damaged);
  }
}

}  // namespace
}  // namespace tenuto::testing
