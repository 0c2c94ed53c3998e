// Every write and sync of LMDB fails once, in turn: no failure is taken for success, and the tables are those of the
// last commit or, when the outcome was unknown, of the one that failed.
//
// The failures come from functions of this program that stand in for those of the C library. Nothing is dropped from
// the page cache, so this tests atomicity and reporting, not what a power cut leaves.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <map>

#include "core/store/lmdb_state.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/death.h"
#include "tests/unit/store/temp_dir.h"

namespace {

std::atomic<long> calls_until_fault{0};  // 0: none comes
std::atomic<int> fault_error{0};
std::atomic<bool> disk_is_full{false};  // every write fails, after a short one

bool fails() {
  if (calls_until_fault.load() == 0 || calls_until_fault.fetch_sub(1) > 1) return false;
  errno = fault_error.load();
  return true;
}

bool finds_no_room() {
  if (!disk_is_full.load()) return false;
  errno = ENOSPC;
  return true;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  if (finds_no_room() || fails()) return -1;
  const ssize_t written = ::syscall(SYS_pwrite64, fd, bytes, size, offset);
  std::atomic<int>& left = tenuto::testing::writes_until_death;
  if (left.load() > 0 && left.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
  return written;
}
__attribute__((visibility("default"))) ssize_t writev(int fd, const iovec* pieces, int count) {
  // A disk that fills up takes a part of the first large write.
  if (disk_is_full.load()) return ::syscall(SYS_write, fd, pieces[0].iov_base, pieces[0].iov_len / 2);
  if (fails()) return -1;
  return ::syscall(SYS_writev, fd, pieces, count);
}
__attribute__((visibility("default"))) ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  if (finds_no_room()) return -1;
  return ::syscall(SYS_pwritev, fd, pieces, count, offset, 0);
}
__attribute__((visibility("default"))) int fdatasync(int fd) {
  if (fails()) return -1;
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

}  // extern "C"

namespace tenuto::testing {
namespace {

constexpr std::size_t kMiB = 1u << 20;
constexpr int kTransactions = 5;
using Model = std::map<Bytes, Bytes>;

LmdbOptions small_map() {
  LmdbOptions options;
  options.initial_map_bytes = kMiB;
  return options;
}

void arm(long nth, int error) {
  fault_error.store(error);
  calls_until_fault.store(nth);
}
bool was_met() {
  return calls_until_fault.exchange(0) == 0;
}

Model contents(const State& state) {
  Model model;
  const auto read = state.begin_read();
  EXPECT_TRUE(read.ok());
  EXPECT_TRUE((*read)
                  ->scan(Table::keys, "",
                         [&](ByteView key, ByteView value) {
                           return model.insert_or_assign(Bytes(key), Bytes(value)), true;
                         })
                  .ok());
  return model;
}

// A transaction that writes single pages, many pages and values longer than a page.
void change(Model& model, int n) {
  model["counter"] = std::to_string(n);
  for (int i = 0; i < 40; ++i)
    model[std::to_string(n) + "-" + std::to_string(i)] = Bytes(300, static_cast<char>('a' + n));
  model["large"] = Bytes(50'000, static_cast<char>('a' + n));
}

Status commit(State& state, const Model& model) {
  TN_ASSIGN(const auto write, state.begin_write());
  for (const auto& [key, value] : model) TN_TRY(write->put(Table::keys, key, value));
  return write->commit();
}

struct Outcome {
  bool met = false;
  std::vector<Status> failures;
};

// Commits some transactions with the fault at call `nth`, and checks what a new opening finds.
Outcome run_with_fault(long nth, int error) {
  TempDir directory;
  Outcome outcome;
  Model committed;
  Model in_doubt;
  {
    auto state = *LmdbState::open(directory.path(), small_map());
    arm(nth, error);
    for (int n = 0; n < kTransactions; ++n) {
      Model next = committed;
      change(next, n);
      Status status = commit(*state, next);
      if (!status.ok()) {
        outcome.failures.push_back(status);
        if (status.code() == Code::poisoned) {
          in_doubt = next;
          EXPECT_EQ(state->begin_read().code(), Code::poisoned);
          EXPECT_EQ(state->begin_write().code(), Code::poisoned);
          break;
        }
        EXPECT_EQ(contents(*state), committed) << "a failed commit changes nothing";
        status = commit(*state, next);
        EXPECT_TRUE(status.ok()) << status.message();
      }
      committed = next;
    }
    outcome.met = was_met();
  }
  auto state = LmdbState::open(directory.path(), small_map());
  EXPECT_TRUE(state.ok());
  const Model found = contents(**state);
  EXPECT_TRUE(found == committed || (!in_doubt.empty() && found == in_doubt));
  EXPECT_TRUE(commit(**state, committed).ok()) << "the store goes on after reopening";
  return outcome;
}

template <class Check>
void for_each_call(int error, Check check) {
  long nth = 1;
  for (;; ++nth) {
    const Outcome outcome = run_with_fault(nth, error);
    if (!outcome.met) break;
    SCOPED_TRACE("call " + std::to_string(nth));
    // LMDB makes interrupted writes again itself; every other failure must come out.
    ASSERT_TRUE(error == EINTR || outcome.failures.size() == 1) << "a failure was taken for success";
    for (const Status& status : outcome.failures) check(status);
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  // Each transaction writes data, syncs and writes a meta page.
  EXPECT_GE(nth, 3 * kTransactions) << "the stand-ins were not called";
}

TEST(LmdbFault, AnIoErrorPoisons) {
  for_each_call(EIO, [](const Status& status) {
    EXPECT_EQ(status.code(), Code::poisoned);
    EXPECT_NE(status.message().find("data.mdb"), std::string::npos);
  });
}

TEST(LmdbFault, AFullDiskIsFullUnlessItMeetsTheMetaPage) {
  int full = 0;
  int poisoned = 0;
  for_each_call(ENOSPC, [&](const Status& status) {
    EXPECT_TRUE(status.code() == Code::full || status.code() == Code::poisoned);
    ++(status.code() == Code::full ? full : poisoned);
  });
  EXPECT_EQ(poisoned, kTransactions) << "one write of a meta page in each";
  EXPECT_GE(full, 2 * kTransactions);
}

TEST(LmdbFault, AnInterruptedCommitIsMadeAgainOrCanBe) {
  for_each_call(
      EINTR, [](const Status& status) { EXPECT_EQ(status.code(), Code::storage_error) << status.message(); });
}

TEST(LmdbFault, TheShortWriteOfADiskThatFillsUpIsFullNotDamage) {
  TempDir directory;
  auto state = *LmdbState::open(directory.path(), small_map());
  Model committed;
  change(committed, 0);
  ASSERT_TRUE(commit(*state, committed).ok());
  Model next = committed;
  change(next, 1);
  disk_is_full.store(true);
  for (int i = 0; i < 3; ++i) {
    const Status status = commit(*state, next);
    EXPECT_EQ(status.code(), Code::full) << status.message();
    EXPECT_EQ(contents(*state), committed);
  }
  disk_is_full.store(false);
  EXPECT_TRUE(commit(*state, next).ok());
  EXPECT_EQ(contents(*state), next);
}

TEST(LmdbFault, AMapThatFindsNoAddressSpaceIsNoMemoryAndTheStoreGoesOn) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need the address space themselves";
#endif
  TempDir directory;
  EXPECT_EQ(in_child([&] {
              auto state = *LmdbState::open(directory.path(), small_map());
              const rlimit limit{1, RLIM_INFINITY};
              rlimit old{};
              if (::getrlimit(RLIMIT_AS, &old) != 0) return 1;
              rlimit tight = limit;
              tight.rlim_max = old.rlim_max;
              const Bytes large(2 * kMiB, 'x');
              auto write = *state->begin_write();
              if (::setrlimit(RLIMIT_AS, &tight) != 0) return 2;
              const Status status = write->put(Table::audit, "k", large);
              if (::setrlimit(RLIMIT_AS, &old) != 0) return 3;
              if (status.code() != Code::no_memory) return 4;
              write.reset();
              return commit(*state, {{"a", "1"}}).ok() && contents(*state) == Model{{"a", "1"}} ? 0 : 5;
            }),
            0);
}

}  // namespace
}  // namespace tenuto::testing
