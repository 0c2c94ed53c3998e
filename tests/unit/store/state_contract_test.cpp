// The contract of State, held by every implementation.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/store/lmdb_state.h"
#include "core/store/mem_state.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

struct InLmdb {
  TempDir directory;
  std::unique_ptr<State> state = *LmdbState::open(directory.path());
};
struct InMemory {
  std::unique_ptr<State> state = std::make_unique<MemState>();
};

using Entries = std::vector<std::pair<Bytes, Bytes>>;

Bytes get(const StateRead& from, Table table, ByteView key) {
  ByteView value;
  const Result<bool> found = from.get(table, key, value);
  EXPECT_TRUE(found.ok());
  return found.ok() && *found ? Bytes(value) : "(none)";
}

Entries scan(const StateRead& from, Table table, ByteView start, std::size_t count_max = 1000) {
  Entries entries;
  const Status status = from.scan(table, start, [&](ByteView key, ByteView value) {
    entries.emplace_back(key, value);
    return entries.size() < count_max;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return entries;
}

Entries scan_back(const StateRead& from, Table table, ByteView start, std::size_t count_max = 1000) {
  Entries entries;
  const Status status = from.scan_back(table, start, [&](ByteView key, ByteView value) {
    entries.emplace_back(key, value);
    return entries.size() < count_max;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return entries;
}

template <class Where>
class StateContract : public ::testing::Test {
 protected:
  State& state() { return *where_.state; }
  std::unique_ptr<StateRead> reading() { return *state().begin_read(); }
  std::unique_ptr<StateWrite> writing() { return *state().begin_write(); }
  void put(Table table, const Entries& entries) {
    auto write = writing();
    for (const auto& [key, value] : entries) ASSERT_TRUE(write->put(table, key, value).ok());
    ASSERT_TRUE(write->commit().ok());
  }

 private:
  Where where_;
};

using Implementations = ::testing::Types<InLmdb, InMemory>;
TYPED_TEST_SUITE(StateContract, Implementations);

TYPED_TEST(StateContract, StartsWithEmptyTables) {
  auto read = this->reading();
  for (std::size_t i = 0; i < kTableCount; ++i) {
    EXPECT_TRUE(scan(*read, static_cast<Table>(i), "").empty());
    EXPECT_TRUE(scan_back(*read, static_cast<Table>(i), "").empty());
    EXPECT_EQ(get(*read, static_cast<Table>(i), "k"), "(none)");
  }
}

TYPED_TEST(StateContract, TablesAreApart) {
  auto write = this->writing();
  for (std::size_t i = 0; i < kTableCount; ++i) {
    ASSERT_TRUE(write->put(static_cast<Table>(i), "k", std::to_string(i)).ok());
  }
  ASSERT_TRUE(write->commit().ok());
  auto read = this->reading();
  for (std::size_t i = 0; i < kTableCount; ++i)
    EXPECT_EQ(get(*read, static_cast<Table>(i), "k"), std::to_string(i));
}

TYPED_TEST(StateContract, APutReplacesAndAnEraseRemoves) {
  this->put(Table::meta, {{"a", "1"}, {"b", ""}, {"c", "3"}});
  auto write = this->writing();
  ASSERT_TRUE(write->put(Table::meta, "a", "one").ok());
  ASSERT_TRUE(write->erase(Table::meta, "c").ok());
  ASSERT_TRUE(write->erase(Table::meta, "never there").ok());
  ASSERT_TRUE(write->commit().ok());
  EXPECT_EQ(scan(*this->reading(), Table::meta, ""), (Entries{{"a", "one"}, {"b", ""}}));
}

TYPED_TEST(StateContract, AWriteTransactionReadsItsOwnChanges) {
  this->put(Table::live, {{"a", "1"}, {"b", "2"}});
  auto write = this->writing();
  ASSERT_TRUE(write->put(Table::live, "c", "3").ok());
  ASSERT_TRUE(write->erase(Table::live, "a").ok());
  EXPECT_EQ(get(*write, Table::live, "a"), "(none)");
  EXPECT_EQ(get(*write, Table::live, "c"), "3");
  EXPECT_EQ(scan(*write, Table::live, ""), (Entries{{"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(scan_back(*write, Table::live, ""), (Entries{{"c", "3"}, {"b", "2"}}));
}

TYPED_TEST(StateContract, ScansStartAtTheKeyOrNextToIt) {
  this->put(Table::keys, {{"b", "2"}, {"d", "4"}, {"f", "6"}});
  auto read = this->reading();
  EXPECT_EQ(scan(*read, Table::keys, "d"), (Entries{{"d", "4"}, {"f", "6"}}));
  EXPECT_EQ(scan(*read, Table::keys, "c"), (Entries{{"d", "4"}, {"f", "6"}}));
  EXPECT_EQ(scan(*read, Table::keys, "g"), Entries{});
  EXPECT_EQ(scan(*read, Table::keys, "", 2), (Entries{{"b", "2"}, {"d", "4"}}));
  EXPECT_EQ(scan_back(*read, Table::keys, "d"), (Entries{{"d", "4"}, {"b", "2"}}));
  EXPECT_EQ(scan_back(*read, Table::keys, "e"), (Entries{{"d", "4"}, {"b", "2"}}));
  EXPECT_EQ(scan_back(*read, Table::keys, "z"), (Entries{{"f", "6"}, {"d", "4"}, {"b", "2"}}));
  EXPECT_EQ(scan_back(*read, Table::keys, "a"), Entries{});
  EXPECT_EQ(scan_back(*read, Table::keys, "", 1), (Entries{{"f", "6"}}));
}

TYPED_TEST(StateContract, KeysAreOrderedAsUnsignedBytes) {
  const Bytes low("\x01\x00", 2);
  const Bytes high = "\xFF";
  this->put(Table::meta, {{high, "3"}, {"a", "2"}, {low, "1"}});
  EXPECT_EQ(scan(*this->reading(), Table::meta, ""), (Entries{{low, "1"}, {"a", "2"}, {high, "3"}}));
}

TYPED_TEST(StateContract, KeysHave1To511Bytes) {
  auto write = this->writing();
  ByteView value;
  EXPECT_EQ(write->put(Table::meta, "", "v").code(), Code::invalid_argument);
  EXPECT_EQ(write->erase(Table::meta, "").code(), Code::invalid_argument);
  EXPECT_EQ(write->get(Table::meta, "", value).code(), Code::invalid_argument);
  EXPECT_EQ(write->put(Table::meta, Bytes(512, 'k'), "v").code(), Code::invalid_argument);
  EXPECT_EQ(write->get(Table::meta, Bytes(512, 'k'), value).code(), Code::invalid_argument);
  EXPECT_TRUE(write->put(Table::meta, Bytes(511, 'k'), "v").ok())
      << "a refused key does not end the transaction";
  EXPECT_TRUE(write->commit().ok());
  EXPECT_EQ(get(*this->reading(), Table::meta, Bytes(511, 'k')), "v");
}

TYPED_TEST(StateContract, AppendingTakesAscendingKeysOnly) {
  auto write = this->writing();
  ASSERT_TRUE(write->append(Table::packs, "b", "1").ok());
  ASSERT_TRUE(write->append(Table::packs, "c", "2").ok());
  for (const char* key : {"a", "c"}) {
    EXPECT_EQ(write->append(Table::packs, key, "3").code(), Code::internal_error) << key;
  }
  ASSERT_TRUE(write->put(Table::packs, "a", "4").ok()) << "a refused key does not end the transaction";
  ASSERT_TRUE(write->append(Table::packs, "d", "5").ok());
  ASSERT_TRUE(write->commit().ok());
  EXPECT_EQ(scan(*this->reading(), Table::packs, ""),
            (Entries{{"a", "4"}, {"b", "1"}, {"c", "2"}, {"d", "5"}}));
}

TYPED_TEST(StateContract, LargeValuesComeBackWhole) {
  const Bytes large(5u << 20, 'x');
  this->put(Table::audit, {{"k", large}});
  EXPECT_TRUE(get(*this->reading(), Table::audit, "k") == large);
}

TYPED_TEST(StateContract, AnAbortedTransactionChangesNothing) {
  this->put(Table::meta, {{"a", "1"}});
  {
    auto write = this->writing();
    ASSERT_TRUE(write->put(Table::meta, "a", "2").ok());
    ASSERT_TRUE(write->put(Table::meta, "b", "2").ok());
  }
  EXPECT_EQ(scan(*this->reading(), Table::meta, ""), (Entries{{"a", "1"}}));
}

TYPED_TEST(StateContract, AnEndedTransactionRefusesEverything) {
  auto write = this->writing();
  ASSERT_TRUE(write->commit().ok());
  ByteView value;
  EXPECT_EQ(write->commit().code(), Code::wrong_state);
  EXPECT_EQ(write->put(Table::meta, "a", "1").code(), Code::wrong_state);
  EXPECT_EQ(write->erase(Table::meta, "a").code(), Code::wrong_state);
  EXPECT_EQ(write->get(Table::meta, "a", value).code(), Code::wrong_state);
  EXPECT_EQ(write->scan(Table::meta, "", [](ByteView, ByteView) { return true; }).code(), Code::wrong_state);
}

TYPED_TEST(StateContract, ThereIsOneWriteTransactionAtATime) {
  auto write = this->writing();
  EXPECT_EQ(this->state().begin_write().code(), Code::wrong_state);
  write.reset();
  EXPECT_TRUE(this->state().begin_write().ok());
}

TYPED_TEST(StateContract, AReaderSeesOneCommitForAsLongAsItLives) {
  this->put(Table::meta, {{"a", "1"}});
  auto before = this->reading();
  ByteView value;
  ASSERT_TRUE(*before->get(Table::meta, "a", value));
  this->put(Table::meta, {{"a", "2"}, {"b", "2"}});
  auto after = this->reading();
  EXPECT_EQ(value, "1") << "views live as long as the transaction";
  EXPECT_EQ(scan(*before, Table::meta, ""), (Entries{{"a", "1"}}));
  EXPECT_EQ(scan(*after, Table::meta, ""), (Entries{{"a", "2"}, {"b", "2"}}));
}

TYPED_TEST(StateContract, ReadersInThreadsSeeWholeCommits) {
  constexpr int kCommits = 60;
  const auto write_both = [&](int n) {
    auto write = this->writing();
    ASSERT_TRUE(write->put(Table::meta, "n", std::to_string(n)).ok());
    ASSERT_TRUE(write->put(Table::stats, "n", std::to_string(n)).ok());
    ASSERT_TRUE(write->commit().ok());
  };
  write_both(0);
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      while (!done.load(std::memory_order_relaxed)) {
        auto read = this->reading();
        const Bytes seen = get(*read, Table::meta, "n");
        const int n = std::stoi(seen);
        if (seen != get(*read, Table::stats, "n") || n < last) torn.fetch_add(1);
        last = n;
      }
    });
  }
  for (int n = 1; n <= kCommits; ++n) write_both(n);
  done.store(true, std::memory_order_relaxed);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn.load(), 0);
}

TYPED_TEST(StateContract, InfoCountsEntriesAndReaders) {
  this->put(Table::keys, {{"a", "1"}, {"b", "2"}});
  this->put(Table::audit, {{"a", "1"}});
  auto first = this->reading();
  auto second = this->reading();
  const auto info = this->state().info();
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->entries[static_cast<std::size_t>(Table::keys)], 2u);
  EXPECT_EQ(info->entries[static_cast<std::size_t>(Table::audit)], 1u);
  EXPECT_EQ(info->entries[static_cast<std::size_t>(Table::meta)], 0u);
  EXPECT_GT(info->used_bytes, 0u);
  EXPECT_GE(info->map_bytes, info->used_bytes);
  EXPECT_EQ(info->readers, 2u);
}

}  // namespace
}  // namespace tenuto::testing
