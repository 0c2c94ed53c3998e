// What only the tables in LMDB have: files, other processes, and a map that grows.
#include "core/store/lmdb_state.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/base/random.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

constexpr std::size_t kMiB = 1u << 20;

LmdbOptions options(bool read_only, std::size_t map_bytes = kMiB) {
  LmdbOptions o;
  o.read_only = read_only;
  o.initial_map_bytes = map_bytes;
  return o;
}

std::unique_ptr<LmdbState> open_state(const TempDir& directory, std::size_t map_bytes = kMiB) {
  auto state = LmdbState::open(directory.path(), options(false, map_bytes));
  EXPECT_TRUE(state.ok()) << state.status().message();
  return *std::move(state);
}

// Does the whole transaction again when the map has grown, as the contract asks for.
Status put(State& state, ByteView key, ByteView value) {
  for (int tries = 0;; ++tries) {
    TN_ASSIGN(const auto write, state.begin_write());
    Status status = write->put(Table::audit, key, value);
    if (status.ok()) status = write->commit();
    if (status.code() != Code::full || tries == 20) return status;
  }
}

Bytes get(const State& state, ByteView key) {
  const auto read = state.begin_read();
  if (!read.ok()) return read.status().message();
  ByteView value;
  return *(*read)->get(Table::audit, key, value) ? Bytes(value) : "(none)";
}

TEST(LmdbState, WhatWasCommittedIsThereAfterClosing) {
  TempDir directory;
  ASSERT_TRUE(put(*open_state(directory), "a", "1").ok());
  EXPECT_EQ(get(*open_state(directory), "a"), "1");
}

TEST(LmdbState, ANewStoreIsSmallAndForTheOwnerOnly) {
  TempDir directory;
  auto state = open_state(directory, 256 * kMiB);
  EXPECT_LT(std::filesystem::file_size(directory / "data.mdb"), 200'000u);
  struct stat facts {};
  ASSERT_EQ(::stat((directory / "data.mdb").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(directory / "new"));
}

TEST(LmdbState, AnInterruptedCreationIsDoneAgain) {
  TempDir directory;
  std::filesystem::create_directory(directory / "new");
  std::ofstream(directory / "new/data.mdb") << "half";
  std::ofstream(directory / "new/lock.mdb") << "half";
  EXPECT_TRUE(put(*open_state(directory), "a", "1").ok());
}

TEST(LmdbState, IsOpenOnceInAProcess) {
  TempDir directory;
  auto state = open_state(directory);
  EXPECT_EQ(LmdbState::open(directory.path(), options(true)).code(), Code::conflict);
  EXPECT_EQ(LmdbState::open(directory.path() + "/.", options(false)).code(), Code::conflict);
  state.reset();
  EXPECT_TRUE(LmdbState::open(directory.path(), options(true)).ok());
}

TEST(LmdbState, ReadingOnlyRefusesWritesAndNeedsSomethingToRead) {
  TempDir directory;
  EXPECT_EQ(LmdbState::open(directory.path(), options(true)).code(), Code::not_found);
  EXPECT_EQ(LmdbState::open(directory / "none", options(true)).code(), Code::not_found);
  EXPECT_EQ(LmdbState::open(directory / "none", options(false)).code(), Code::not_found);
  ASSERT_TRUE(put(*open_state(directory), "a", "1").ok());
  auto reader = *LmdbState::open(directory.path(), options(true));
  EXPECT_EQ(get(*reader, "a"), "1");
  EXPECT_EQ(reader->begin_write().code(), Code::wrong_state);
}

TEST(LmdbState, ForeignAndDamagedFilesAreDamagedAndNamed) {
  TempDir good;
  ASSERT_TRUE(put(*open_state(good), "a", "1").ok());
  Bytes image;
  {
    std::ifstream file(good / "data.mdb", std::ios::binary);
    image.assign(std::istreambuf_iterator<char>(file), {});
  }
  const auto with = [&](std::size_t at, std::uint64_t bits, std::size_t size) {
    Bytes bytes = image;
    std::memcpy(bytes.data() + at, &bits, size);
    return bytes;
  };
  const std::vector<std::pair<const char*, Bytes>> files = {
      {"text", "this is no database, but a text that is long enough to look like one: " + Bytes(9000, '.')},
      {"empty", ""},
      {"short", image.substr(0, 100)},
      {"one page", image.substr(0, 4096)},
      {"another version", with(16 + 4, 999, 4)},
      {"page size 0", with(16 + 24, 0, 4)},
      {"odd page size", with(16 + 24, 4097, 4)},
      {"second page size", with(4096 + 16 + 24, 0, 4)},
      {"huge map", with(16 + 16, ~std::uint64_t{0}, 8)},
  };
  for (const auto& [what, bytes] : files) {
    TempDir directory;
    std::ofstream(directory / "data.mdb", std::ios::binary) << bytes;
    for (const bool read_only : {false, true}) {
      const auto state = LmdbState::open(directory.path(), options(read_only));
      ASSERT_EQ(state.code(), Code::damaged) << what;
      EXPECT_NE(state.status().message().find(directory / "data.mdb"), std::string::npos)
          << state.status().message();
    }
  }
}

TEST(LmdbState, AFifoIsDamagedAndDoesNotBlock) {
  TempDir directory;
  ASSERT_EQ(::mkfifo((directory / "data.mdb").c_str(), 0600), 0);
  EXPECT_EQ(LmdbState::open(directory.path(), options(true)).code(), Code::damaged);
}

TEST(LmdbState, AFullMapSaysSoHasGrownAndTheRetryWorks) {
  TempDir directory;
  auto state = open_state(directory);
  auto write = *state->begin_write();
  ASSERT_TRUE(write->put(Table::meta, "lost", "with its transaction").ok());
  const Status full = write->put(Table::audit, "k", Bytes(3 * kMiB, 'x'));
  ASSERT_EQ(full.code(), Code::full);
  EXPECT_NE(full.message().find("has grown to 2 MiB; retry"), std::string::npos) << full.message();
  EXPECT_EQ(write->put(Table::meta, "a", "1").code(), Code::wrong_state);
  EXPECT_EQ(write->commit().code(), Code::wrong_state);
  EXPECT_TRUE(put(*state, "k", Bytes(3 * kMiB, 'x')).ok());
  EXPECT_EQ(get(*state, "k").size(), 3 * kMiB);
  ByteView value;
  EXPECT_FALSE(*(*state->begin_read())->get(Table::meta, "lost", value));
}

TEST(LmdbState, TheMapGrowsEarlySoThatSmallTransactionsNeverMeetItsEnd) {
  TempDir directory;
  auto state = open_state(directory);
  const Bytes value(50'000, 'x');
  for (int i = 0; i < 100; ++i) {
    auto write = *state->begin_write();
    ASSERT_TRUE(write->put(Table::audit, std::to_string(i), value).ok());
    ASSERT_TRUE(write->commit().ok());
  }
  EXPECT_GE(state->info()->map_bytes, 5 * kMiB);
}

TEST(LmdbState, AThreadThatReadsIsToldThatItKeepsTheMapFromGrowing) {
  TempDir directory;
  auto state = open_state(directory);
  auto read = *state->begin_read();
  auto write = *state->begin_write();
  EXPECT_EQ(write->put(Table::audit, "k", Bytes(3 * kMiB, 'x')).code(), Code::wrong_state);
  write.reset();
  read.reset();
  EXPECT_TRUE(put(*state, "k", Bytes(3 * kMiB, 'x')).ok());
}

TEST(LmdbState, TheSizeOfTheMapIsKept) {
  TempDir directory;
  ASSERT_TRUE(put(*open_state(directory), "k", Bytes(9 * kMiB, 'x')).ok());
  EXPECT_GE(open_state(directory)->info()->map_bytes, 9 * kMiB);
}

TEST(LmdbState, TheMapGrowsPast100MibWhileReadersComeAndGo) {
  TempDir directory;
  auto state = open_state(directory);
  constexpr int kValues = 120;
  const auto value_of = [](int i) { return Bytes(kMiB - 100, static_cast<char>('a' + i % 26)); };
  std::atomic<int> committed{0};
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    readers.emplace_back([&, seed] {
      Random random(seed);
      while (!done.load(std::memory_order_relaxed)) {
        const int upto = committed.load(std::memory_order_acquire);
        if (upto == 0) continue;
        const int i = static_cast<int>(random.below(static_cast<std::uint64_t>(upto)));
        if (get(*state, std::to_string(i)) != value_of(i)) wrong.fetch_add(1);
      }
    });
  }
  for (int i = 0; i < kValues; ++i) {
    const Status status = put(*state, std::to_string(i), value_of(i));
    ASSERT_TRUE(status.ok()) << status.message();
    committed.store(i + 1, std::memory_order_release);
  }
  done.store(true, std::memory_order_relaxed);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_GE(state->info()->used_bytes, 100 * kMiB);
}

TEST(LmdbState, AReaderInAnotherProcessSeesCommitsAndFollowsTheMap) {
  TempDir directory;
  auto state = open_state(directory);
  ASSERT_TRUE(put(*state, "k", "first").ok());
  Child child([&](const auto& tell, const auto& wait) {
    auto reader = LmdbState::open(directory.path(), options(true));
    if (!reader.ok() || get(**reader, "k") != "first") return 1;
    auto old = *(*reader)->begin_read();
    tell('a');
    wait();
    ByteView value;
    if (!*old->get(Table::audit, "k", value) || value != "first") return 2;
    old.reset();
    if (get(**reader, "k") != Bytes(20 * kMiB, 'x')) return 3;
    return 0;
  });
  ASSERT_EQ(child.wait(), 'a');
  ASSERT_TRUE(put(*state, "k", Bytes(20 * kMiB, 'x')).ok());
  child.tell('b');
  EXPECT_EQ(child.finish(), 0);
}

TEST(LmdbState, ReadersAreListedByProcessAndThoseOfDeadOnesCleared) {
  TempDir directory;
  auto state = open_state(directory);
  ASSERT_TRUE(put(*state, "k", "1").ok());
  Child child([&](const auto& tell, const auto& wait) {
    auto reader = LmdbState::open(directory.path(), options(true));
    auto read = *(*reader)->begin_read();
    tell('a');
    wait();
    return 0;
  });
  ASSERT_EQ(child.wait(), 'a');
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(put(*state, "k", "2").ok());
  const auto listed = [&] {
    std::vector<StateReader> all = *state->readers();
    std::erase_if(all, [&](const StateReader& reader) { return reader.pid != child.pid(); });
    return all;
  };
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_TRUE(listed()[0].in_transaction);
  EXPECT_EQ(listed()[0].commits_behind, 3u);
  EXPECT_EQ(*state->clear_dead_readers(), 0);
  child.kill();
  EXPECT_EQ(*state->clear_dead_readers(), 1);
  EXPECT_EQ(listed().size(), 0u);
}

TEST(LmdbState, WhenSlotsRunOutThoseOfDeadReadersAreTaken) {
  TempDir directory;
  LmdbOptions few = options(false);
  few.max_readers = 4;
  auto state = *LmdbState::open(directory.path(), few);
  Child child([&](const auto& tell, const auto& wait) {
    auto reader = LmdbState::open(directory.path(), options(true));
    std::vector<std::unique_ptr<StateRead>> reads;
    for (int i = 0; i < 3; ++i) reads.push_back(*(*reader)->begin_read());
    tell('a');
    wait();
    return 0;
  });
  ASSERT_EQ(child.wait(), 'a');
  auto last = state->begin_read();
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(state->begin_read().code(), Code::full);
  child.kill();
  EXPECT_TRUE(state->begin_read().ok());
}

TEST(LmdbState, AForkedChildIsRefusedAndItsParentUnharmed) {
  TempDir directory;
  auto state = open_state(directory);
  ASSERT_TRUE(put(*state, "k", "1").ok());
  auto read = *state->begin_read();
  EXPECT_EQ(in_child([&] {
              if (state->begin_read().code() != Code::forked) return 1;
              if (state->begin_write().code() != Code::forked) return 2;
              if (state->info().code() != Code::forked) return 3;
              if (state->clear_dead_readers().code() != Code::forked) return 4;
              read.reset();
              state.reset();
              auto own = LmdbState::open(directory.path(), options(true));
              return own.ok() && get(**own, "k") == "1" ? 0 : 5;
            }),
            0);
  ByteView value;
  EXPECT_TRUE(*read->get(Table::audit, "k", value));
  EXPECT_EQ(state->info()->readers, 1u) << "the child must not clear its parent's slots";
  read.reset();
  EXPECT_TRUE(put(*state, "k", "2").ok());
}

}  // namespace
}  // namespace tenuto::testing
