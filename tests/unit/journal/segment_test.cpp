#include "core/journal/segment.h"

#include <gtest/gtest.h>

#include "core/journal/frame_reader.h"
#include "core/journal/segments.h"
#include "core/store/mem_log.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

constexpr StoreId kStore{11, 22};
constexpr std::size_t kSegment = 4096;

// Writes segments by hand.
class SegmentFile {
 public:
  explicit SegmentFile(MemLog& log) : log_(log) {}
  void begin(std::uint64_t number, std::uint64_t first) {
    static_cast<void>(log_.create(SegmentNumber(number)));
    const SegmentHeaderBytes header = encode(SegmentHeader{kStore, SegmentNumber(number), Position(first)});
    put(number, 0, ByteView(header.data(), header.size()));
    number_ = number;
    position = first;
    offset = kSegmentHeaderBytes;
  }
  // A frame of `size` bytes; returns the offset of its header.
  std::uint64_t frame(std::size_t size, std::uint64_t durable, std::uint64_t generation = 1) {
    const Bytes payload(size, static_cast<char>('a' + position / 8 % 26));
    const ByteView piece(payload);
    const FrameHeaderBytes header =
        encode(FrameHeader{static_cast<std::uint32_t>(size), Generation(generation), Position(position),
                           Position(durable)},
               {&piece, 1});
    const std::uint64_t at = offset;
    put(number_, offset, ByteView(header.data(), header.size()));
    put(number_, offset + header.size(), payload);
    offset += header.size() + size;
    position += size;
    return at;
  }
  void flip(std::uint64_t at) {
    Bytes byte;
    ASSERT_TRUE(log_.read(SegmentNumber(number_), at, 1, byte).ok());
    byte[0] ^= 0x10;
    put(number_, at, byte);
  }
  void put(std::uint64_t number, std::uint64_t at, ByteView bytes) {
    ASSERT_TRUE(log_.write(SegmentNumber(number), at, {&bytes, 1}).ok());
  }
  std::uint64_t position = 0;
  std::uint64_t offset = 0;

 private:
  MemLog& log_;
  std::uint64_t number_ = 0;
};

// Reads to the end; how many frames, or the status.
struct Walk {
  int frames = 0;
  Status status;
  JournalPlace place;
};
Walk walk(const Log& log, const JournalPlace& start = {Position(), SegmentNumber(1), kSegmentHeaderBytes}) {
  FrameReader reader(log, kStore, start);
  Walk result;
  Frame frame;
  for (;; ++result.frames) {
    const Result<bool> found = reader.next(frame);
    result.place = reader.place();
    if (!found.ok()) result.status = found.status();
    if (!found.ok() || !*found) return result;
    EXPECT_EQ(frame.batches.size(), frame.end.value - frame.begin.value);
  }
}

TEST(Segment, HeadersComeBackAndEveryFlippedBitIsNoticed) {
  SegmentHeaderBytes bytes = encode(SegmentHeader{kStore, SegmentNumber(3), Position(640)});
  const ByteView view(bytes.data(), bytes.size());
  const Result<SegmentHeader> header = decode_segment_header(view);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->store, kStore);
  EXPECT_EQ(header->number, SegmentNumber(3));
  EXPECT_EQ(header->first, Position(640));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_EQ(decode_segment_header(view).code(), Code::not_found);
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
}

TEST(Segment, EveryFlippedBitOfAFrameIsNoticed) {
  const Bytes payload(64, 'p');
  const ByteView pieces[] = {ByteView(payload).substr(0, 24), ByteView(payload).substr(24)};
  const FrameHeaderBytes header = encode(FrameHeader{64, Generation(5), Position(80), Position(72)}, pieces);
  Bytes frame(header.data(), header.size());
  frame += payload;
  ASSERT_TRUE(frame_is_whole(frame));
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    frame[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_FALSE(frame_is_whole(frame));
    frame[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
}

TEST(FrameReader, FollowsFramesFromSegmentToSegment) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0);
  file.frame(800, 64);
  file.begin(2, 864);
  file.frame(16, 864);
  const Walk result = walk(log);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.frames, 3);
  EXPECT_EQ(result.place, (JournalPlace{Position(880), SegmentNumber(2), kSegmentHeaderBytes + 56}));
}

TEST(FrameReader, FindsTheFirstSegmentOfANewStore) {
  MemLog log(kSegment);
  EXPECT_EQ(walk(log, JournalPlace()).frames, 0);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0);
  EXPECT_EQ(walk(log, JournalPlace()).frames, 1);
}

TEST(FrameReader, SeesWhatIsWrittenAfterItMetTheEnd) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0);
  FrameReader reader(log, kStore, {Position(), SegmentNumber(1), kSegmentHeaderBytes});
  Frame frame;
  EXPECT_TRUE(*reader.next(frame));
  EXPECT_FALSE(*reader.next(frame));
  file.frame(64, 64);
  EXPECT_TRUE(*reader.next(frame));
  EXPECT_EQ(frame.begin, Position(64));
}

TEST(FrameReader, ABadLastFrameIsTheTail) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0);
  const std::uint64_t last = file.frame(64, 64);
  for (std::uint64_t at = last; at < file.offset; ++at) {
    file.flip(at);
    const Walk result = walk(log);
    EXPECT_TRUE(result.status.ok()) << result.status.message();
    EXPECT_EQ(result.frames, 1);
    file.flip(at);
  }
}

TEST(FrameReader, ABadFrameBeforeOneThatWasWrittenAfterItsSyncIsDamage) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0);
  const std::uint64_t middle = file.frame(64, 64);
  const std::uint64_t end = file.offset;
  file.frame(64, 128);
  for (std::uint64_t at = middle; at < end; ++at) {
    file.flip(at);
    const Walk result = walk(log);
    EXPECT_EQ(result.status.code(), Code::damaged) << at;
    EXPECT_EQ(result.frames, 1);
    EXPECT_NE(result.status.message().find("segment 1, offset " + std::to_string(middle) + ", position 64"),
              std::string::npos)
        << result.status.message();
    file.flip(at);
  }
}

TEST(FrameReader, ABadFrameBeforeOneOfTheSameUnsyncedStretchIsTheTail) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0);
  const std::uint64_t middle = file.frame(64, 64);
  file.frame(64, 64);
  file.frame(64, 64);
  file.flip(middle);
  const Walk result = walk(log);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.frames, 1);
}

TEST(FrameReader, DamageIsProvedByTheNextSegmentToo) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  const std::uint64_t first = file.frame(64, 0);
  SegmentFile next(log);
  next.begin(2, 64);
  next.frame(16, 64);
  file.flip(first);
  Walk result = walk(log);
  EXPECT_EQ(result.status.code(), Code::damaged);
  // The same when the header of the next segment is damaged as well.
  next.frame(16, 80);
  next.flip(20);
  result = walk(log);
  EXPECT_EQ(result.status.code(), Code::damaged);
}

TEST(FrameReader, FramesOfAnEarlierOwnerBehindTheNewOnesAreNotRead) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0, 1);
  // The first owner wrote two frames without a sync, and the first of them was lost.
  SegmentFile lost = file;
  lost.frame(64, 64, 1);
  lost.frame(64, 64, 1);
  // The next owner's frame has the size of the lost one, so the other one stands right behind it, with the right position.
  file.frame(64, 64, 2);
  const Walk result = walk(log);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.frames, 2);
  EXPECT_EQ(result.place.position, Position(128));
}

TEST(FrameReader, ASegmentOfAnotherStoreIsDamage) {
  MemLog log(kSegment);
  SegmentFile file(log);
  file.begin(1, 0);
  file.frame(64, 0);
  file.begin(2, 64);
  FrameReader reader(log, StoreId{3, 3}, {Position(), SegmentNumber(1), kSegmentHeaderBytes});
  Frame frame;
  EXPECT_TRUE(*reader.next(frame));
  EXPECT_EQ(reader.next(frame).code(), Code::damaged);
}

TEST(Segments, MakesNewOnesUpToTheWindowAndThenRecycles) {
  MemLog log(kSegment);
  Segments segments({}, {}, kSegment, 2 * kSegment);
  EXPECT_EQ(*segments.take(log, Position(0)), SegmentNumber(1));
  EXPECT_FALSE(segments.window_is_full());
  EXPECT_EQ(*segments.take(log, Position(1000)), SegmentNumber(2));
  EXPECT_TRUE(segments.window_is_full());
  segments.release_before(Position(999));
  EXPECT_TRUE(segments.window_is_full());
  segments.release_before(Position(1000));
  EXPECT_FALSE(segments.window_is_full());
  EXPECT_EQ(*segments.take(log, Position(2000)), SegmentNumber(3));
  EXPECT_EQ(*log.list(), (std::vector<SegmentNumber>{SegmentNumber(2), SegmentNumber(3)}));
  EXPECT_EQ(segments.in_use(), (std::vector<LiveSegment>{{SegmentNumber(2), Position(1000)},
                                                         {SegmentNumber(3), Position(2000)}}));
}

TEST(Segments, TheSegmentThatIsWrittenIsNeverRecycled) {
  MemLog log(kSegment);
  Segments segments({}, {}, kSegment, 2 * kSegment);
  ASSERT_TRUE(segments.take(log, Position(0)).ok());
  segments.release_before(Position(5000));
  EXPECT_EQ(*segments.take(log, Position(5000)), SegmentNumber(2));
  EXPECT_EQ(log.list()->size(), 2u);
}

TEST(Segments, UsesSparesFirstAndChangesNothingWhenTheLogFails) {
  MemLog log(kSegment);
  ASSERT_TRUE(log.create(SegmentNumber(7)).ok());
  ASSERT_TRUE(log.create(SegmentNumber(8)).ok());
  Segments segments({{SegmentNumber(7), Position(0)}}, {SegmentNumber(8)}, kSegment, 4 * kSegment);
  EXPECT_EQ(*segments.take(log, Position(100)), SegmentNumber(8));
  log.set_fault({LogFault::Call::create, 1, Code::full, 1});
  EXPECT_EQ(segments.take(log, Position(200)).code(), Code::full);
  EXPECT_EQ(segments.in_use().size(), 2u);
  EXPECT_EQ(*segments.take(log, Position(200)), SegmentNumber(9));
}

}  // namespace
}  // namespace tenuto::testing
