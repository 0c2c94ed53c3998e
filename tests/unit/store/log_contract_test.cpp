// The contract of Log, held by every implementation.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/store/file_log.h"
#include "core/store/mem_log.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

constexpr std::size_t kSegment = 8192;

struct InFiles {
  TempDir directory;
  std::unique_ptr<Log> log = *FileLog::open(directory.path(), false, kSegment);
};
struct InMemory {
  std::unique_ptr<Log> log = std::make_unique<MemLog>(kSegment);
};

template <class Where>
class LogContract : public ::testing::Test {
 protected:
  Log& log() { return *where_.log; }
  Bytes read(std::uint64_t segment, std::uint64_t offset, std::size_t size) {
    Bytes out = "left over from before";
    const Status status = log().read(SegmentNumber(segment), offset, size, out);
    EXPECT_TRUE(status.ok()) << status.message();
    return out;
  }
  Status write(std::uint64_t segment, std::uint64_t offset, std::vector<ByteView> pieces) {
    return log().write(SegmentNumber(segment), offset, pieces);
  }
  Code code_of_read(std::uint64_t segment, std::uint64_t offset, std::size_t size) {
    Bytes out;
    return log().read(SegmentNumber(segment), offset, size, out).code();
  }

 private:
  Where where_;
};

using Implementations = ::testing::Types<InFiles, InMemory>;
TYPED_TEST_SUITE(LogContract, Implementations);

TYPED_TEST(LogContract, StartsWithoutSegments) {
  EXPECT_EQ(this->log().segment_bytes(), kSegment);
  EXPECT_TRUE((*this->log().list()).empty());
}

TYPED_TEST(LogContract, ListsSegmentsInAscendingOrder) {
  for (const std::uint64_t n : {7u, 2u, 300u}) ASSERT_TRUE(this->log().create(SegmentNumber(n)).ok());
  EXPECT_EQ(*this->log().list(), (std::vector{SegmentNumber(2), SegmentNumber(7), SegmentNumber(300)}));
}

TYPED_TEST(LogContract, ANewSegmentIsZerosToItsEnd) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  EXPECT_EQ(this->read(1, 0, kSegment), Bytes(kSegment, '\0'));
}

TYPED_TEST(LogContract, PiecesFollowEachOther) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  ASSERT_TRUE(this->write(1, 100, {"alpha", "", "beta", "gamma"}).ok());
  ASSERT_TRUE(this->log().sync(SegmentNumber(1)).ok());
  EXPECT_EQ(this->read(1, 99, 16), ByteView("\0alphabetagamma\0", 16));
}

TYPED_TEST(LogContract, AWriteWithoutPiecesDoesNothing) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  EXPECT_TRUE(this->write(1, 0, {}).ok());
  EXPECT_TRUE(this->write(1, kSegment, {""}).ok());
}

TYPED_TEST(LogContract, AWriteOfManyPiecesIsWhole) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  const std::vector<ByteView> pieces(2500, "abc");
  ASSERT_TRUE(this->write(1, 10, pieces).ok());
  Bytes wanted;
  for (const ByteView piece : pieces) wanted.append(piece);
  EXPECT_EQ(this->read(1, 10, wanted.size()), wanted);
}

TYPED_TEST(LogContract, TheLastByteOfASegmentCanBeWrittenAndNoFurtherOne) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  EXPECT_TRUE(this->write(1, kSegment - 1, {"z"}).ok());
  EXPECT_EQ(this->read(1, kSegment - 2, 2), ByteView("\0z", 2));
  EXPECT_EQ(this->write(1, kSegment - 1, {"zz"}).code(), Code::invalid_argument);
  EXPECT_EQ(this->write(1, ~std::uint64_t{0}, {"z"}).code(), Code::invalid_argument);
  EXPECT_EQ(this->code_of_read(1, kSegment, 1), Code::invalid_argument);
  EXPECT_EQ(this->code_of_read(1, ~std::uint64_t{0}, 2), Code::invalid_argument);
}

TYPED_TEST(LogContract, ASegmentThatIsNotThereIsNotFound) {
  EXPECT_EQ(this->code_of_read(1, 0, 1), Code::not_found);
  EXPECT_EQ(this->write(1, 0, {"x"}).code(), Code::not_found);
  EXPECT_EQ(this->log().sync(SegmentNumber(1)).code(), Code::not_found);
  EXPECT_EQ(this->log().remove(SegmentNumber(1)).code(), Code::not_found);
  EXPECT_EQ(this->log().recycle(SegmentNumber(1), SegmentNumber(2)).code(), Code::not_found);
}

TYPED_TEST(LogContract, ARecycledSegmentKeepsItsBytesUnderItsNewNumber) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  ASSERT_TRUE(this->write(1, 0, {"old"}).ok());
  ASSERT_TRUE(this->log().recycle(SegmentNumber(1), SegmentNumber(9)).ok());
  EXPECT_EQ(*this->log().list(), std::vector{SegmentNumber(9)});
  EXPECT_EQ(this->read(9, 0, 4), ByteView("old\0", 4));
  ASSERT_TRUE(this->write(9, 3, {"new"}).ok());
  ASSERT_TRUE(this->log().sync(SegmentNumber(9)).ok());
  EXPECT_EQ(this->read(9, 0, 6), "oldnew");
  EXPECT_EQ(this->code_of_read(1, 0, 1), Code::not_found);
}

TYPED_TEST(LogContract, ANumberIsTakenOnce) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  ASSERT_TRUE(this->log().create(SegmentNumber(2)).ok());
  ASSERT_TRUE(this->write(1, 0, {"kept"}).ok());
  EXPECT_EQ(this->log().create(SegmentNumber(1)).code(), Code::conflict);
  EXPECT_EQ(this->log().recycle(SegmentNumber(2), SegmentNumber(1)).code(), Code::conflict);
  EXPECT_EQ(this->read(1, 0, 4), "kept");
}

TYPED_TEST(LogContract, ARemovedSegmentIsGoneAndItsNumberCanBeMadeAgain) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  ASSERT_TRUE(this->write(1, 0, {"old"}).ok());
  ASSERT_TRUE(this->log().remove(SegmentNumber(1)).ok());
  EXPECT_TRUE((*this->log().list()).empty());
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  EXPECT_EQ(this->read(1, 0, 3), Bytes(3, '\0'));
}

TYPED_TEST(LogContract, ReadersWorkBesideTheWriter) {
  ASSERT_TRUE(this->log().create(SegmentNumber(1)).ok());
  std::atomic<std::size_t> synced{0};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    for (std::size_t seen = 0; seen < kSegment;) {
      // Pairs with the store below: what was synced before it must be read.
      seen = synced.load(std::memory_order_acquire);
      Bytes out;
      if (!this->log().read(SegmentNumber(1), 0, seen, out).ok() || out != Bytes(seen, 'x'))
        wrong.fetch_add(1);
      if (!this->log().list().ok()) wrong.fetch_add(1);
    }
  });
  for (std::size_t at = 0; at < kSegment; at += 256) {
    const Bytes piece(256, 'x');
    ASSERT_TRUE(this->write(1, at, {piece}).ok());
    ASSERT_TRUE(this->log().sync(SegmentNumber(1)).ok());
    synced.store(at + 256, std::memory_order_release);
  }
  reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace tenuto::testing
