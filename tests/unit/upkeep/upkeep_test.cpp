// The parts of backup, restore and compaction; the whole is tested in tests/crash and tests/python/cli/test_care.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "core/base/store_keys.h"
#include "core/journal/seal.h"
#include "core/store/keys.h"
#include "core/store/mem_state.h"
#include "core/upkeep/backup_manifest.h"
#include "core/upkeep/table_copy.h"
#include "tests/unit/store/temp_dir.h"

namespace tenuto::testing {
namespace {

using ::testing::HasSubstr;

TEST(StoreKeys, ARunHasTheKeyOfTheStoreThatItBeganIn) {
  StoreKeys keys(3);
  EXPECT_EQ(keys.of(RunNumber(1)), 3u);
  keys.inherit(RunNumber(10), 1);
  keys.inherit(RunNumber(20), 2);
  EXPECT_EQ(keys.of(RunNumber(9)), 1u);
  EXPECT_EQ(keys.of(RunNumber(10)), 2u);
  EXPECT_EQ(keys.of(RunNumber(19)), 2u);
  EXPECT_EQ(keys.of(RunNumber(20)), 3u);
}

BackupManifest manifest() {
  BackupManifest made;
  made.store_format = 3;
  made.store = {1, 2};
  made.origins = {{{3, 4}, RunNumber(5)}, {{6, 7}, RunNumber(8)}};
  made.made = WallTime{1'700'000'000'000'000'000};
  made.version = "0.1.0";
  made.watermark = Position(8);
  made.position = Position(64);
  made.generation = Generation(2);
  made.files = {{kTablesFile, {kDigestBlockBytes + 1, {1, ~std::uint64_t{0}}}, 0},
                {kFramesFile, {0, {}}, 0},
                {"0123.json", {3, {9}}, 77}};
  return made;
}

TEST(BackupManifest, ComesBack) {
  const BackupManifest made = manifest();
  const Result<BackupManifest> back = decode_manifest("m", encode(made));
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(encode(*back), encode(made));
  EXPECT_EQ(back->origins, made.origins);
  EXPECT_EQ(back->bytes(), kDigestBlockBytes + 4);
}

TEST(BackupManifest, EveryFlippedBitAndEveryCutIsNoticed) {
  const Bytes whole = encode(manifest());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      EXPECT_EQ(decode_manifest("m", flipped).code(), Code::damaged) << i << " " << bit;
    }
    EXPECT_EQ(decode_manifest("m", ByteView(whole).substr(0, i)).code(), Code::damaged) << i;
  }
}

TEST(BackupManifest, ANameThatLeadsElsewhereIsRefused) {
  BackupManifest made = manifest();
  made.files[2].name = "../x.json";
  EXPECT_EQ(decode_manifest("m", encode(made)).code(), Code::damaged);
}

class FileDigestTest : public ::testing::Test {
 protected:
  void write(const Bytes& content) { std::ofstream(path, std::ios::binary | std::ios::trunc) << content; }
  Status check() { return check_file(FileCalls::system(), path, "file", digest, {}); }

  const TempDir directory;
  const std::string path = directory / "file";
  const Bytes content = Bytes(kDigestBlockBytes, 'a') + Bytes(kDigestBlockBytes, 'b') + "end";
  FileDigest digest;
};

TEST_F(FileDigestTest, TellsTheBlockThatIsNotAsItWas) {
  write(content);
  digest = *digest_file(FileCalls::system(), path);
  EXPECT_EQ(digest.bytes, content.size());
  EXPECT_EQ(digest.blocks.size(), 3u);
  EXPECT_TRUE(check().ok());
  Bytes flipped = content;
  flipped[kDigestBlockBytes + 5] = 'x';
  write(flipped);
  EXPECT_EQ(check().code(), Code::damaged);
  EXPECT_THAT(check().message(), HasSubstr("between byte 4194304 and byte 8388608"));
  // Two blocks that changed places.
  write(Bytes(kDigestBlockBytes, 'b') + Bytes(kDigestBlockBytes, 'a') + "end");
  EXPECT_THAT(check().message(), HasSubstr("between byte 0 and"));
}

TEST_F(FileDigestTest, TellsAnotherSize) {
  write(content);
  digest = *digest_file(FileCalls::system(), path);
  write(content.substr(0, content.size() - 1));
  EXPECT_THAT(check().message(), HasSubstr("ends after"));
  write(content.substr(0, kDigestBlockBytes + 1));
  EXPECT_THAT(check().message(), HasSubstr("ends after"));
  write(content + "x");
  EXPECT_THAT(check().message(), HasSubstr("has more than"));
  write("");
  EXPECT_THAT(check().message(), HasSubstr("ends after 0"));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_THAT(check().message(), HasSubstr("is missing"));
}

class TableCopyTest : public ::testing::Test {
 protected:
  void put(Table table, const Bytes& key, Bytes value) {
    const auto write = from.begin_write();
    ASSERT_TRUE(write.ok());
    seal(key, value);
    ASSERT_TRUE((*write)->put(table, key, value).ok());
    ASSERT_TRUE((*write)->commit().ok());
  }
  Result<TableCopy> copy(const KeepRow& keep = {}) {
    const auto read = from.begin_read();
    return copy_tables(**read, to, 0, keep, {});
  }
  MemState from;
  MemState to;
};

TEST_F(TableCopyTest, EveryRowOfEveryTableAlsoInSeveralTransactions) {
  for (std::size_t table = 0; table < kTableCount; ++table) put(static_cast<Table>(table), "k", "v");
  // More than one transaction takes.
  for (std::uint64_t run = 1; run <= 5; ++run)
    put(Table::history, history_key({RunNumber(run), ChunkNumber(0)}),
        Bytes(6u << 20, static_cast<char>(run)));
  const Result<TableCopy> copied = copy();
  ASSERT_TRUE(copied.ok()) << copied.status().message();
  EXPECT_EQ(copied->entries[static_cast<std::size_t>(Table::history)], 6u);
  const auto old = from.begin_read();
  const auto made = to.begin_read();
  for (std::size_t table = 0; table < kTableCount; ++table) {
    std::vector<std::pair<Bytes, Bytes>> rows[2];
    for (const bool is_copy : {false, true}) {
      const StateRead& read = is_copy ? **made : **old;
      ASSERT_TRUE(read.scan(static_cast<Table>(table), {},
                            [&](ByteView key, ByteView value) {
                              rows[is_copy ? 1 : 0].emplace_back(key, value);
                              return true;
                            })
                      .ok());
    }
    EXPECT_TRUE(rows[0] == rows[1]) << table;
  }
}

TEST_F(TableCopyTest, ARowThatIsLeftOutIsNotCounted) {
  put(Table::keys, "a", "1");
  put(Table::keys, "b", "2");
  const Result<TableCopy> copied = copy([](Table, ByteView key) { return key != "a"; });
  ASSERT_TRUE(copied.ok());
  EXPECT_EQ(copied->entries[static_cast<std::size_t>(Table::keys)], 1u);
}

TEST_F(TableCopyTest, ADamagedRowIsToldWithItsPlace) {
  put(Table::keys, "a", "1");
  const auto write = from.begin_write();
  ASSERT_TRUE((*write)->put(Table::keys, "b", "no seal that fits").ok());
  ASSERT_TRUE((*write)->commit().ok());
  const Result<TableCopy> copied = copy();
  EXPECT_EQ(copied.code(), Code::damaged);
  EXPECT_THAT(copied.status().message(), HasSubstr("table keys, row 1"));
}

}  // namespace
}  // namespace tenuto::testing
