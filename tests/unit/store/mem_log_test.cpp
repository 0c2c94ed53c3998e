// A crash of the log in memory: this is the test of durability, for it drops what was not synced.
#include "core/store/mem_log.h"

#include <gtest/gtest.h>

namespace tenuto::testing {
namespace {

constexpr std::size_t kSegment = 64 << 10;
constexpr std::size_t kSector = 512;
constexpr SegmentNumber kOne{1};

Status write(MemLog& log, std::uint64_t offset, ByteView bytes) {
  return log.write(kOne, offset, std::span(&bytes, 1));
}

Bytes read(const MemLog& log, std::uint64_t offset, std::size_t size) {
  Bytes out;
  EXPECT_TRUE(log.read(kOne, offset, size, out).ok());
  return out;
}

TEST(MemLog, WhatWasSyncedSurvivesACrash) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    MemLog log(kSegment);
    ASSERT_TRUE(log.create(kOne).ok());
    ASSERT_TRUE(write(log, 100, Bytes(3000, 'a')).ok());
    ASSERT_TRUE(log.sync(kOne).ok());
    ASSERT_TRUE(write(log, 3100, Bytes(5000, 'b')).ok());
    Random random(seed);
    log.crash(random);
    EXPECT_EQ(read(log, 100, 3000), Bytes(3000, 'a')) << "seed=" << seed;
  }
}

TEST(MemLog, OfWhatWasNotSyncedEachSectorSurvivesWholeOrNotAtAll) {
  int whole = 0;
  int none = 0;
  int torn = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    MemLog log(kSegment);
    ASSERT_TRUE(log.create(kOne).ok());
    ASSERT_TRUE(write(log, 0, Bytes(4 * kSector, 'a')).ok());
    ASSERT_TRUE(log.sync(kOne).ok());
    ASSERT_TRUE(write(log, kSector, Bytes(2 * kSector, 'b')).ok());
    Random random(seed);
    log.crash(random);
    const Bytes after = read(log, 0, 4 * kSector);
    int changed = 0;
    for (std::size_t sector = 0; sector < 4; ++sector) {
      const Bytes bytes = after.substr(sector * kSector, kSector);
      const bool is_new = bytes == Bytes(kSector, 'b');
      ASSERT_TRUE(is_new || bytes == Bytes(kSector, 'a')) << "seed=" << seed;
      ASSERT_FALSE(is_new && (sector == 0 || sector == 3)) << "seed=" << seed;
      changed += is_new ? 1 : 0;
    }
    ++(changed == 0 ? none : changed == 1 ? torn : whole);
  }
  EXPECT_GT(whole, 20);
  EXPECT_GT(none, 20);
  EXPECT_GT(torn, 20);
}

TEST(MemLog, TheSameSeedGivesTheSameCrash) {
  const auto after_crash = [](std::uint64_t seed) {
    MemLog log(kSegment);
    EXPECT_TRUE(log.create(kOne).ok());
    EXPECT_TRUE(write(log, 0, Bytes(20 * kSector, 'a')).ok());
    Random random(seed);
    log.crash(random);
    return read(log, 0, 20 * kSector);
  };
  EXPECT_EQ(after_crash(7), after_crash(7));
  EXPECT_NE(after_crash(7), after_crash(8));
}

TEST(MemLog, UnsyncedBytesOfARecycledSegmentMayBeLostAndItsNumberNot) {
  MemLog log(kSegment);
  ASSERT_TRUE(log.create(kOne).ok());
  ASSERT_TRUE(write(log, 0, "unsynced").ok());
  ASSERT_TRUE(log.recycle(kOne, SegmentNumber(2)).ok());
  Random random(1);
  log.crash(random);
  EXPECT_EQ(*log.list(), std::vector{SegmentNumber(2)});
}

TEST(MemLog, ASecondCrashChangesNothing) {
  MemLog log(kSegment);
  ASSERT_TRUE(log.create(kOne).ok());
  ASSERT_TRUE(write(log, 0, Bytes(10 * kSector, 'a')).ok());
  Random random(3);
  log.crash(random);
  const Bytes first = read(log, 0, 10 * kSector);
  log.crash(random);
  EXPECT_EQ(read(log, 0, 10 * kSector), first);
}

TEST(MemLog, APlantedWriteFaultLeavesAPartAndCanBeTriedAgain) {
  MemLog log(kSegment);
  ASSERT_TRUE(log.create(kOne).ok());
  log.set_fault({LogFault::Call::write, 2, Code::full});
  ASSERT_TRUE(write(log, 0, "aaaa").ok());
  EXPECT_EQ(write(log, 4, "bbbb").code(), Code::full);
  EXPECT_EQ(read(log, 0, 8), ByteView("aaaabb\0\0", 8));
  EXPECT_TRUE(write(log, 4, "bbbb").ok());
  EXPECT_EQ(read(log, 0, 8), "aaaabbbb");
}

TEST(MemLog, AFaultCanLastAndBeCleared) {
  MemLog log(kSegment);
  log.set_fault({LogFault::Call::create, 1, Code::full, 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(log.create(kOne).code(), Code::full);
  EXPECT_TRUE(log.create(kOne).ok());
  log.set_fault({LogFault::Call::remove, 1, Code::storage_error, 100});
  EXPECT_EQ(log.remove(kOne).code(), Code::storage_error);
  log.clear_faults();
  EXPECT_TRUE(log.remove(kOne).ok());
}

TEST(MemLog, AFailedSyncPoisonsUntilTheCrashAndPromisesNothing) {
  MemLog log(kSegment);
  ASSERT_TRUE(log.create(kOne).ok());
  ASSERT_TRUE(write(log, 0, Bytes(kSector, 'a')).ok());
  ASSERT_TRUE(log.sync(kOne).ok());
  ASSERT_TRUE(write(log, kSector, Bytes(kSector, 'b')).ok());
  log.set_fault({LogFault::Call::sync, 1, Code::poisoned});
  EXPECT_EQ(log.sync(kOne).code(), Code::poisoned);
  EXPECT_EQ(log.sync(kOne).code(), Code::poisoned);
  EXPECT_EQ(write(log, 0, "x").code(), Code::poisoned);
  Random random(1);
  log.crash(random);
  EXPECT_EQ(read(log, 0, kSector), Bytes(kSector, 'a'));
  EXPECT_TRUE(log.sync(kOne).ok());
}

}  // namespace
}  // namespace tenuto::testing
