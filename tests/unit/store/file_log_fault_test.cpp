// Every system call of the file log fails once, in turn: no failure is taken for success, and what was synced is
// there.
#include <gtest/gtest.h>

#include <map>

#include "core/store/file_log.h"
#include "tests/unit/store/faulty_calls.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

constexpr std::size_t kSegment = 3u << 19;  // so that a segment grows while it is written
constexpr std::size_t kPiece = 250'000;

// What the log has promised: per segment, the bytes that were synced.
using Promised = std::map<SegmentNumber, Bytes>;

// A fixed piece of work with all kinds of calls. It goes on after a failure that may be tried again, once, and stops
// at any other. The promises hold whatever happens.
class Work {
 public:
  explicit Work(FileLog& log) : log_(log) {}

  Status run() {
    TN_TRY(step([&] { return log_.create(kFirst); }));
    promised_[kFirst];
    for (char c = 'a'; c < 'f'; ++c) TN_TRY(append(kFirst, Bytes(kPiece, c)));
    TN_TRY(step([&] { return log_.create(kSecond); }));
    promised_[kSecond];
    TN_TRY(append(kSecond, "second"));
    // From here on until it has worked, the bytes are under one of the two names.
    const Bytes recycled = promised_[kFirst];
    promised_.erase(kFirst);
    TN_TRY(step([&] { return log_.recycle(kFirst, kThird); }));
    promised_[kThird] = recycled;
    TN_TRY(append(kThird, "third"));
    promised_.erase(kSecond);
    return step([&] { return log_.remove(kSecond); });
  }
  [[nodiscard]] const Promised& promised() const { return promised_; }
  [[nodiscard]] const std::vector<Status>& failures() const { return failures_; }

 private:
  static constexpr SegmentNumber kFirst{1};
  static constexpr SegmentNumber kSecond{2};
  static constexpr SegmentNumber kThird{3};

  template <class Call>
  Status step(Call call) {
    Status status = call();
    if (status.ok()) return status;
    failures_.push_back(status);
    return status.code() == Code::full ? call() : status;
  }
  Status append(SegmentNumber segment, const Bytes& bytes) {
    Bytes& synced = promised_[segment];
    const Bytes half = bytes.substr(bytes.size() / 2);
    const std::vector<ByteView> pieces = {ByteView(bytes).substr(0, bytes.size() / 2), half};
    TN_TRY(step([&] { return log_.write(segment, synced.size(), pieces); }));
    TN_TRY(step([&] { return log_.sync(segment); }));
    synced += bytes;
    return {};
  }
  FileLog& log_;
  Promised promised_;
  std::vector<Status> failures_;
};

void expect_promised(const TempDir& directory, const Promised& promised) {
  auto log = FileLog::open(directory.path(), true, kSegment);
  ASSERT_TRUE(log.ok());
  for (const auto& [segment, bytes] : promised) {
    Bytes out;
    const Status status = (*log)->read(segment, 0, bytes.size(), out);
    ASSERT_TRUE(status.ok()) << status.message();
    ASSERT_TRUE(out == bytes) << "segment " << segment.value << " differs";
  }
}

struct Outcome {
  Status status;
  std::string hit;
  std::vector<Status> failures;
};

// Runs the work with the fault at the N-th call, and checks the promises with sound calls afterwards.
Outcome run_with_fault(std::uint64_t nth, int error, bool torn) {
  TempDir directory;
  FaultyCalls calls;
  auto log = FileLog::open(directory.path(), false, kSegment, calls);
  EXPECT_TRUE(log.ok());
  calls.fail(nth, error, torn);
  Work work(**log);
  Outcome outcome;
  outcome.status = work.run();
  outcome.hit = calls.hit();
  outcome.failures = work.failures();
  expect_promised(directory, work.promised());
  return outcome;
}

// Tries N = 1, 2, … until the work is done before the fault is met; returns how many faults were met.
template <class Check>
int for_each_call(int error, bool torn, Check check) {
  for (std::uint64_t nth = 1;; ++nth) {
    const Outcome outcome = run_with_fault(nth, error, torn);
    if (outcome.hit.empty()) {
      EXPECT_TRUE(outcome.status.ok()) << outcome.status.message();
      return static_cast<int>(nth) - 1;
    }
    SCOPED_TRACE("call " + std::to_string(nth) + ": " + outcome.hit + ": " + outcome.status.message());
    check(outcome);
    if (::testing::Test::HasFailure()) return 0;
  }
}

constexpr int kCallsMin = 30;  // the work makes more; fewer would mean that it no longer does what it should

TEST(FileLogFault, AnInterruptedCallIsMadeAgain) {
  const int met = for_each_call(EINTR, false, [](const Outcome& outcome) {
    EXPECT_TRUE(outcome.status.ok());
    EXPECT_TRUE(outcome.failures.empty());
  });
  EXPECT_GE(met, kCallsMin);
}

TEST(FileLogFault, ShortWritesAreCompleted) {
  const int met = for_each_call(0, false, [](const Outcome& outcome) {
    EXPECT_TRUE(outcome.status.ok());
    EXPECT_TRUE(outcome.failures.empty());
  });
  EXPECT_GE(met, kCallsMin);
}

TEST(FileLogFault, AFullDiskIsFullAndTheSameCallWorksLater) {
  for (const bool torn : {false, true}) {
    const int met = for_each_call(ENOSPC, torn, [](const Outcome& outcome) {
      // A sync that fails may have lost data, whatever its reason; before a new segment has its name there is none to
      // lose.
      if (outcome.hit == "fdatasync" || (outcome.hit == "fsync" && outcome.status.code() == Code::poisoned)) {
        EXPECT_EQ(outcome.status.code(), Code::poisoned);
        return;
      }
      EXPECT_TRUE(outcome.status.ok());
      if (outcome.hit == "unlink" && outcome.failures.empty()) return;
      ASSERT_EQ(outcome.failures.size(), 1u);
      EXPECT_EQ(outcome.failures[0].code(), Code::full);
    });
    EXPECT_GE(met, kCallsMin);
  }
}

TEST(FileLogFault, AnIoErrorIsNeverTakenForSuccess) {
  const int met = for_each_call(EIO, true, [](const Outcome& outcome) {
    ASSERT_EQ(outcome.failures.size(), 1u);
    const Code code = outcome.status.code();
    if (outcome.hit == "fdatasync") {
      EXPECT_EQ(code, Code::poisoned);
    } else if (outcome.hit == "fsync") {
      EXPECT_TRUE(code == Code::poisoned || code == Code::storage_error);
    } else {
      EXPECT_EQ(code, Code::storage_error);
    }
    EXPECT_NE(outcome.status.message().find("Input/output error"), std::string::npos);
    EXPECT_NE(outcome.status.message().find('/'), std::string::npos) << "no path";
  });
  EXPECT_GE(met, kCallsMin);
}

TEST(FileLogFault, AfterAFailedSyncEveryChangeIsRefused) {
  TempDir directory;
  FaultyCalls calls;
  auto log = *FileLog::open(directory.path(), false, kSegment, calls);
  ASSERT_TRUE(log->create(SegmentNumber(1)).ok());
  const ByteView piece = "x";
  ASSERT_TRUE(log->write(SegmentNumber(1), 0, std::span(&piece, 1)).ok());
  calls.fail(1, EIO);
  ASSERT_EQ(log->sync(SegmentNumber(1)).code(), Code::poisoned);
  calls.heal();
  EXPECT_EQ(log->sync(SegmentNumber(1)).code(), Code::poisoned);
  EXPECT_EQ(log->write(SegmentNumber(1), 0, std::span(&piece, 1)).code(), Code::poisoned);
  EXPECT_EQ(log->create(SegmentNumber(2)).code(), Code::poisoned);
  EXPECT_EQ(log->recycle(SegmentNumber(1), SegmentNumber(2)).code(), Code::poisoned);
  EXPECT_EQ(log->remove(SegmentNumber(1)).code(), Code::poisoned);
  Bytes out;
  EXPECT_TRUE(log->read(SegmentNumber(1), 0, 1, out).ok());
}

TEST(FileLogFault, ReadingSurvivesInterruptionsAndShortReadsAndReportsErrors) {
  TempDir directory;
  FaultyCalls calls;
  auto log = *FileLog::open(directory.path(), false, kSegment, calls);
  ASSERT_TRUE(log->create(SegmentNumber(1)).ok());
  const ByteView piece = "0123456789";
  ASSERT_TRUE(log->write(SegmentNumber(1), 0, std::span(&piece, 1)).ok());
  for (const int error : {0, EINTR}) {
    for (const std::uint64_t nth : {1u, 2u}) {
      calls.fail(nth, error);
      Bytes out;
      ASSERT_TRUE(log->read(SegmentNumber(1), 0, 10, out).ok());
      EXPECT_EQ(out, piece);
    }
  }
  for (const std::uint64_t nth : {1u, 2u}) {
    calls.fail(nth, EIO);
    Bytes out;
    EXPECT_EQ(log->read(SegmentNumber(1), 0, 10, out).code(), Code::storage_error);
  }
  calls.fail(1, EIO);
  EXPECT_EQ(log->list().code(), Code::storage_error);
}

}  // namespace
}  // namespace tenuto::testing
