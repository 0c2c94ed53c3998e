#include "core/journal/history_pack.h"

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/journal/seal.h"
#include "core/store/keys.h"

namespace tenuto::testing {
namespace {

struct Packed {
  Bytes key;
  Bytes value;
};

Packed finish(HistoryPackWriter& writer) {
  Packed packed;
  packed.key = run_key(writer.last());
  packed.value = writer.finish(packed.key);
  return packed;
}

Packed pack_of(const std::vector<std::pair<std::uint64_t, Bytes>>& runs) {
  HistoryPackWriter writer;
  for (const auto& [run, chunk] : runs) writer.add(RunNumber(run), chunk);
  return finish(writer);
}

TEST(HistoryPack, EveryRunIsFoundAndNoOther) {
  const Packed pack = pack_of({{3, "three"}, {4, ""}, {900, Bytes(kPackedChunkBytesMax, 'x')}});
  const auto all = read_pack(pack.key, pack.value);
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[2].run, RunNumber(900));
  EXPECT_EQ(**find_in_pack(pack.key, pack.value, RunNumber(3)), "three");
  EXPECT_EQ(**find_in_pack(pack.key, pack.value, RunNumber(4)), "");
  EXPECT_EQ((*find_in_pack(pack.key, pack.value, RunNumber(900)))->size(), kPackedChunkBytesMax);
  for (const std::uint64_t other : {0u, 2u, 5u, 899u, 901u}) {
    EXPECT_FALSE((*find_in_pack(pack.key, pack.value, RunNumber(other))).has_value()) << other;
  }
}

TEST(HistoryPack, TheWriterIsEmptyAfterItHasFinishedAndStartsAnew) {
  HistoryPackWriter writer;
  writer.add(RunNumber(70), "a");
  finish(writer);
  EXPECT_TRUE(writer.empty());
  writer.add(RunNumber(71), "b");
  const Packed pack = finish(writer);
  EXPECT_EQ(**find_in_pack(pack.key, pack.value, RunNumber(71)), "b");
}

TEST(HistoryPack, WhatHasRoomStaysBelowTheLimit) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    HistoryPackWriter writer;
    std::uint64_t run = 0;
    for (;;) {
      const Bytes chunk(random.below(kPackedChunkBytesMax + 1), 'c');
      if (!writer.has_room_for(chunk)) break;
      writer.add(RunNumber(run += 1 + random.below(std::uint64_t{1} << random.below(40))), chunk);
    }
    ASSERT_GE(run, 1u);
    EXPECT_LE(finish(writer).value.size(), kPackBytesMax);
  }
}

TEST(HistoryPack, CutOrChangedItIsDamagedWithAndWithoutASeal) {
  const Packed pack = pack_of({{3, "three"}, {4, "four"}});
  for (std::size_t i = 0; i < pack.value.size(); ++i) {
    EXPECT_EQ(read_pack(pack.key, pack.value.substr(0, i)).code(), Code::damaged) << i;
    Bytes changed = pack.value;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    EXPECT_EQ(read_pack(pack.key, changed).code(), Code::damaged) << i;
  }
  EXPECT_EQ(read_pack(run_key(RunNumber(5)), pack.value).code(), Code::damaged) << "under another key";
  EXPECT_EQ(read_pack("short", pack.value).code(), Code::damaged);
}

// What no writer writes, but a seal says nothing of that.
TEST(HistoryPack, MalformedContentIsDamaged) {
  const Bytes key = run_key(RunNumber(9));
  const Bytes huge(9, '\xff');
  for (const Bytes& content :
       {Bytes(), Bytes("\x00", 1), Bytes("\x01\x00\x00", 3), Bytes("\x01\x0a\x00", 3), Bytes("\x01\x05\x02z"),
        Bytes("\x01\x05\x01zz"), Bytes("\x02\x05\x01z"), huge, "\x01" + huge + "\x01\x01z"}) {
    Bytes value = content;
    seal(key, value);
    EXPECT_EQ(read_pack(key, value).code(), Code::damaged) << content.size();
  }
}

}  // namespace
}  // namespace tenuto::testing
