#include "core/store/file_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/store/faulty_calls.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

constexpr std::size_t kMiB = 1u << 20;

std::unique_ptr<FileLog> open_log(const TempDir& directory, std::size_t segment_bytes = 64 * kMiB) {
  return *FileLog::open(directory.path(), false, segment_bytes);
}

Status write(Log& log, std::uint64_t segment, std::uint64_t offset, ByteView bytes) {
  return log.write(SegmentNumber(segment), offset, std::span(&bytes, 1));
}

std::string name_of(const TempDir& directory) {
  return directory / "0000000000000001.seg";
}

TEST(FileLog, NamesSegmentsBySixteenHexDigitsForTheOwnerOnly) {
  TempDir directory;
  auto log = open_log(directory);
  ASSERT_TRUE(log->create(SegmentNumber(0xAB12)).ok());
  struct stat facts {};
  ASSERT_EQ(::stat((directory / "000000000000ab12.seg").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST(FileLog, IgnoresFilesOfOtherNames) {
  TempDir directory;
  for (const char* name : {"notes.txt", "000000000000ab1.seg", "000000000000AB12.seg", "+00000000000ab12.seg",
                           "000000000000ab12.seg.bak", "0000000000000g00.seg"}) {
    std::ofstream(directory / name) << "x";
  }
  auto log = open_log(directory);
  EXPECT_TRUE((*log->list()).empty());
  EXPECT_TRUE(std::filesystem::exists(directory / "notes.txt"));
}

TEST(FileLog, ANewSegmentTakesOneMebibyteAndGrowsInSteps) {
  TempDir directory;
  auto log = open_log(directory);
  ASSERT_TRUE(log->create(SegmentNumber(1)).ok());
  const auto size = [&] { return std::filesystem::file_size(name_of(directory)) / kMiB; };
  EXPECT_EQ(size(), 1u);
  const std::vector<std::pair<std::size_t, std::size_t>> steps = {{1, 1},  {2, 2},   {3, 4},   {8, 8},
                                                                  {9, 16}, {17, 32}, {33, 48}, {64, 64}};
  for (const auto& [end, wanted] : steps) {
    ASSERT_TRUE(write(*log, 1, end * kMiB - 1, "x").ok());
    EXPECT_EQ(size(), wanted) << "after a write to " << end << " MiB";
  }
}

TEST(FileLog, TheFileNeverExceedsTheSegment) {
  TempDir directory;
  auto log = open_log(directory, 3 * kMiB);
  ASSERT_TRUE(log->create(SegmentNumber(1)).ok());
  ASSERT_TRUE(write(*log, 1, 3 * kMiB - 1, "x").ok());
  EXPECT_EQ(std::filesystem::file_size(name_of(directory)), 3 * kMiB);
}

TEST(FileLog, AWriteWithinThePrewrittenPartIsOneCallAndASyncOneMore) {
  TempDir directory;
  FaultyCalls calls;
  auto log = *FileLog::open(directory.path(), false, 64 * kMiB, calls);
  ASSERT_TRUE(log->create(SegmentNumber(1)).ok());
  ASSERT_TRUE(write(*log, 1, 0, "x").ok());
  calls.forget_counts();
  ASSERT_TRUE(write(*log, 1, 1, "y").ok());
  ASSERT_TRUE(log->sync(SegmentNumber(1)).ok());
  EXPECT_EQ(calls.count("pwritev"), 1u);
  EXPECT_EQ(calls.count("fdatasync"), 1u);
  EXPECT_EQ(calls.count("open") + calls.count("fsync") + calls.count("size"), 0u);
}

TEST(FileLog, AnotherLogReadsWhatWasWritten) {
  TempDir directory;
  auto log = open_log(directory);
  ASSERT_TRUE(log->create(SegmentNumber(1)).ok());
  ASSERT_TRUE(write(*log, 1, 2 * kMiB, "far").ok());
  auto reader = *FileLog::open(directory.path(), true);
  Bytes out;
  ASSERT_TRUE(reader->read(SegmentNumber(1), 2 * kMiB, 3, out).ok());
  EXPECT_EQ(out, "far");
  ASSERT_TRUE(reader->read(SegmentNumber(1), 60 * kMiB, 3, out).ok());
  EXPECT_EQ(out, Bytes(3, '\0'));
}

TEST(FileLog, ReadOnlyRefusesChangesAndRemovesNothing) {
  TempDir directory;
  ASSERT_TRUE(open_log(directory)->create(SegmentNumber(1)).ok());
  std::ofstream(directory / "segment.new") << "x";
  auto log = *FileLog::open(directory.path(), true);
  EXPECT_EQ(log->create(SegmentNumber(2)).code(), Code::wrong_state);
  EXPECT_EQ(log->recycle(SegmentNumber(1), SegmentNumber(2)).code(), Code::wrong_state);
  EXPECT_EQ(log->remove(SegmentNumber(1)).code(), Code::wrong_state);
  EXPECT_EQ(write(*log, 1, 0, "x").code(), Code::wrong_state);
  EXPECT_EQ(log->sync(SegmentNumber(1)).code(), Code::wrong_state);
  EXPECT_TRUE(std::filesystem::exists(directory / "segment.new"));
}

TEST(FileLog, OpenRemovesWhatAnInterruptedCreateLeft) {
  TempDir directory;
  std::ofstream(directory / "segment.new") << "x";
  auto log = open_log(directory);
  EXPECT_FALSE(std::filesystem::exists(directory / "segment.new"));
}

TEST(FileLog, AFileCutShortReadsAsZerosAndCanBeWritten) {
  TempDir directory;
  ASSERT_TRUE(open_log(directory)->create(SegmentNumber(1)).ok());
  std::filesystem::resize_file(name_of(directory), 0);
  auto log = open_log(directory);
  Bytes out;
  ASSERT_TRUE(log->read(SegmentNumber(1), 0, 4, out).ok());
  EXPECT_EQ(out, Bytes(4, '\0'));
  ASSERT_TRUE(write(*log, 1, 0, "back").ok());
  ASSERT_TRUE(log->read(SegmentNumber(1), 0, 4, out).ok());
  EXPECT_EQ(out, "back");
}

TEST(FileLog, AMissingDirectoryIsNotFoundAndNamed) {
  TempDir directory;
  const auto log = FileLog::open(directory / "none", false);
  ASSERT_EQ(log.code(), Code::not_found);
  EXPECT_NE(log.status().message().find(directory / "none"), std::string::npos);
  EXPECT_EQ(FileLog::open(directory.path(), false, 0).code(), Code::invalid_argument);
}

}  // namespace
}  // namespace tenuto::testing
