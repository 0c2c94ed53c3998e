// Crashes and planted faults of the tables in memory.
#include "core/store/mem_state.h"

#include <gtest/gtest.h>

namespace tenuto::testing {
namespace {

Status put(MemState& state, ByteView key, ByteView value) {
  TN_ASSIGN(const auto write, state.begin_write());
  TN_TRY(write->put(Table::meta, key, value));
  return write->commit();
}

Bytes get(const MemState& state, ByteView key) {
  const auto read = state.begin_read();
  ByteView value;
  EXPECT_TRUE(read.ok());
  return *(*read)->get(Table::meta, key, value) ? Bytes(value) : "(none)";
}

TEST(MemState, ACrashGoesBackToTheLastCommit) {
  MemState state;
  ASSERT_TRUE(put(state, "a", "1").ok());
  auto write = *state.begin_write();
  ASSERT_TRUE(write->put(Table::meta, "a", "2").ok());
  state.crash();
  EXPECT_EQ(get(state, "a"), "1");
  EXPECT_EQ(write->commit().code(), Code::wrong_state);
  EXPECT_EQ(get(state, "a"), "1");
}

TEST(MemState, ATransactionFromBeforeACrashDoesNotEndALaterOne) {
  MemState state;
  auto old = *state.begin_write();
  state.crash();
  auto write = *state.begin_write();
  old.reset();
  EXPECT_EQ(state.begin_write().code(), Code::wrong_state);
  EXPECT_TRUE(write->commit().ok());
}

TEST(MemState, AFullCommitChangesNothingAndCanBeTriedAgain) {
  MemState state;
  ASSERT_TRUE(put(state, "a", "1").ok());
  state.set_fault({StateFault::Call::commit, 2, Code::full});
  ASSERT_TRUE(put(state, "a", "2").ok());
  EXPECT_EQ(put(state, "a", "3").code(), Code::full);
  EXPECT_EQ(get(state, "a"), "2");
  EXPECT_TRUE(put(state, "a", "3").ok());
  EXPECT_EQ(get(state, "a"), "3");
}

TEST(MemState, FaultsMeetTheCallThatTheyName) {
  for (const auto call : {StateFault::Call::begin_write, StateFault::Call::put, StateFault::Call::erase}) {
    MemState state;
    state.set_fault({call, 1, Code::storage_error});
    const auto work = [&]() -> Status {
      TN_ASSIGN(const auto write, state.begin_write());
      TN_TRY(write->put(Table::meta, "a", "1"));
      TN_TRY(write->erase(Table::meta, "b"));
      return write->commit();
    };
    EXPECT_EQ(work().code(), Code::storage_error);
    EXPECT_TRUE(work().ok());
  }
}

TEST(MemState, APoisonedCommitIsThereAfterTheCrashOrNot) {
  int there = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    MemState state;
    ASSERT_TRUE(put(state, "a", "old").ok());
    state.set_fault({StateFault::Call::commit, 1, Code::poisoned});
    EXPECT_EQ(put(state, "a", "new").code(), Code::poisoned);
    EXPECT_EQ(state.begin_write().code(), Code::poisoned);
    EXPECT_EQ(state.begin_read().code(), Code::poisoned);
    Random random(seed);
    state.crash(random);
    const Bytes after = get(state, "a");
    ASSERT_TRUE(after == "old" || after == "new") << "seed=" << seed;
    there += after == "new" ? 1 : 0;
    EXPECT_TRUE(put(state, "a", "again").ok());
  }
  EXPECT_GT(there, 20);
  EXPECT_LT(there, 80);
}

TEST(MemState, APlainCrashDropsAPoisonedCommit) {
  MemState state;
  state.set_fault({StateFault::Call::commit, 1, Code::poisoned});
  EXPECT_EQ(put(state, "a", "new").code(), Code::poisoned);
  state.crash();
  EXPECT_EQ(get(state, "a"), "(none)");
}

}  // namespace
}  // namespace tenuto::testing
