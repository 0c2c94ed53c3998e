// The shared page across processes. A kill here tests what the kernel keeps, not what a power cut leaves.
#include "core/store/shared_page.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "core/base/bytes.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/faulty_calls.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

RunningBody body(std::uint64_t n) {
  const auto small = static_cast<std::uint32_t>(n);
  return {RunNumber(n), ScopeNumber(small), TaskIndex(small), Attempt(small),
          WallTime{static_cast<Nanos>(n)}};
}

class SharedPageTest : public ::testing::Test {
 protected:
  std::unique_ptr<SharedPage> owner() { return *SharedPage::open_owner(path()); }
  std::unique_ptr<SharedPage> reader() { return *SharedPage::open_reader(path()); }
  std::string path() { return directory_ / "shared"; }

 private:
  TempDir directory_;
};

TEST_F(SharedPageTest, IsThereOnlyAfterAnOwner) {
  EXPECT_EQ(SharedPage::open_reader(path()).code(), Code::not_found);
  owner();
  auto page = reader();
  EXPECT_EQ(page->generation(), Generation(0));
  EXPECT_EQ(page->owner_pid(), 0);
  EXPECT_EQ(page->durable(), Position(0));
  EXPECT_TRUE(page->running().empty());
}

TEST_F(SharedPageTest, AReaderSeesWhatTheOwnerTells) {
  auto page = owner();
  auto seen = reader();
  page->begin(Generation(7), 4711);
  page->publish_durable(Position(123456));
  page->beat(WallTime{55});
  page->beat(WallTime{66});
  EXPECT_EQ(seen->generation(), Generation(7));
  EXPECT_EQ(seen->owner_pid(), 4711);
  EXPECT_EQ(seen->durable(), Position(123456));
  EXPECT_EQ(seen->heartbeats(), 2u);
  EXPECT_EQ(seen->last_heartbeat(), WallTime{66});
  page->end();
  EXPECT_EQ(seen->owner_pid(), 0);
}

TEST_F(SharedPageTest, BodiesComeAndGo) {
  auto page = owner();
  page->body_started(0, body(1));
  page->body_started(SharedPage::kSlots - 1, body(2));
  EXPECT_EQ(reader()->running(), (std::vector{body(1), body(2)}));
  page->body_ended(0);
  page->body_started(5, body(3));
  EXPECT_EQ(reader()->running(), (std::vector{body(3), body(2)}));
}

TEST_F(SharedPageTest, RunningBodiesOfAKilledOwnerAreThereForTheNextOneUntilItBegins) {
  Child killed([&](const auto& tell, const auto& wait) {
    auto page = owner();
    page->begin(Generation(1), ::getpid());
    page->publish_durable(Position(99));
    page->body_started(3, body(42));
    tell('a');
    wait();
    return 0;
  });
  ASSERT_EQ(killed.wait(), 'a');
  const pid_t pid = killed.pid();
  killed.kill();
  auto seen = reader();
  auto page = owner();
  EXPECT_EQ(page->running(), std::vector{body(42)});
  EXPECT_EQ(page->owner_pid(), pid);
  page->begin(Generation(2), ::getpid());
  EXPECT_TRUE(page->running().empty());
  EXPECT_EQ(seen->generation(), Generation(2)) << "an old mapping follows";
  EXPECT_EQ(page->durable(), Position(99));
}

TEST_F(SharedPageTest, AReaderNeverSeesAMixtureOfTwoBodies) {
  auto page = owner();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint64_t n = 1; !done.load(std::memory_order_relaxed); ++n) {
      page->body_started(0, body(n));
      if (n % 3 == 0) page->body_ended(0);
    }
  });
  auto seen = reader();
  int found = 0;
  for (int i = 0; i < 2000 || found == 0; ++i) {
    for (const RunningBody& b : seen->running()) {
      ASSERT_EQ(b, body(b.run.value));
      ++found;
    }
  }
  done.store(true, std::memory_order_relaxed);
  writer.join();
}

TEST_F(SharedPageTest, APageOfAnotherKindIsRefusedToReadersAndReplacedByOwners) {
  const std::vector<Bytes> files = {"", "short", Bytes(100'000, 'x')};
  for (const Bytes& bytes : files) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_EQ(SharedPage::open_reader(path()).code(), Code::damaged);
    owner()->publish_durable(Position(5));
    EXPECT_EQ(reader()->durable(), Position(5));
  }
  std::filesystem::resize_file(path(), 5000);
  EXPECT_EQ(SharedPage::open_reader(path()).code(), Code::damaged) << "a cut page would be a SIGBUS";
}

TEST_F(SharedPageTest, ANewerLayoutIsNamed) {
  owner();
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(8);
  file.write("\x09\0\0\0", 4);
  file.close();
  EXPECT_EQ(SharedPage::open_reader(path()).code(), Code::newer_format);
}

TEST_F(SharedPageTest, EveryFailedCallOfItsMakingIsReportedAndTheNextTryWorks) {
  for (const int error : {EIO, ENOSPC}) {
    int failures = 0;
    for (std::uint64_t nth = 1;; ++nth) {
      std::filesystem::remove(path());
      FaultyCalls calls;
      calls.fail(nth, error);
      const auto page = SharedPage::open_owner(path(), calls);
      if (calls.hit().empty()) break;
      EXPECT_FALSE(page.ok()) << "call " << nth << ": " << calls.hit();
      ++failures;
      EXPECT_TRUE(SharedPage::open_owner(path()).ok());
    }
    EXPECT_GE(failures, 7);
  }
}

}  // namespace
}  // namespace tenuto::testing
