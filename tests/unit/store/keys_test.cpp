#include "core/store/keys.h"

#include <gtest/gtest.h>

#include "core/base/limits.h"
#include "core/store/table_key.h"

namespace tenuto::testing {
namespace {

// The layout is on disk: these bytes may not change without a new store format.
TEST(Keys, HaveTheDocumentedBytes) {
  EXPECT_EQ(run_key(RunNumber(0x0102030405060708)), "\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(history_key({RunNumber(1), ChunkNumber(2)}), ByteView("\0\0\0\0\0\0\0\x01\0\0\0\x02", 12));
  EXPECT_EQ(block_key(BlockNumber(258)), ByteView("\0\0\0\0\0\0\x01\x02", 8));
  EXPECT_EQ(workflow_key({1, 2}), ByteView("\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02", 16));
  EXPECT_EQ(command_key({1, 2}), ByteView("\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02", 16));
  EXPECT_EQ(timer_key({WallTime{1}, RunNumber(2), PartNumber(3)}),
            ByteView("\x80\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x03", 20));
  EXPECT_EQ(stats_key({"a", 2, 3}), ByteView("a\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x03", 15));
  EXPECT_EQ(stats_prefix(ByteView("a\0b", 3)), ByteView("a\0\xFF"
                                                        "b\0\x01",
                                                        6));
}

TEST(Keys, BytesThatAreNoKeyGiveNothing) {
  for (std::size_t size = 0; size < 32; ++size) {
    const Bytes bytes(size, 'x');
    EXPECT_EQ(parse_run_key(bytes).has_value(), size == 8);
    EXPECT_EQ(parse_block_key(bytes).has_value(), size == 8);
    EXPECT_EQ(parse_history_key(bytes).has_value(), size == 12);
    EXPECT_EQ(parse_workflow_key(bytes).has_value(), size == 16);
    EXPECT_EQ(parse_command_key(bytes).has_value(), size == 16);
    EXPECT_EQ(parse_timer_key(bytes).has_value(), size == 20);
    EXPECT_FALSE(parse_stats_key(bytes).has_value());
  }
}

TEST(Keys, NoPrefixOfAStatsKeyIsOne) {
  const Bytes key = stats_key({Bytes("a\0b", 3), 7, 9});
  for (std::size_t size = 0; size < key.size(); ++size) {
    EXPECT_FALSE(parse_stats_key(ByteView(key).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(parse_stats_key(key + "x").has_value());
  EXPECT_FALSE(parse_stats_key(ByteView("a\0\x02\0\0\0\0\0\0\0\0\0\0\0\0", 15)).has_value())
      << "an unknown escape";
}

TEST(Keys, ThePrefixOfAWorkflowStartsItsKeysAndNoOthers) {
  const Bytes prefix = stats_prefix("build");
  EXPECT_TRUE(stats_key({"build", 1, 1}).starts_with(prefix));
  EXPECT_FALSE(stats_key({"build2", 1, 1}).starts_with(prefix));
  EXPECT_FALSE(stats_key({Bytes("build\0", 6), 1, 1}).starts_with(prefix));
}

TEST(Keys, TheLongestNamesFit) {
  EXPECT_LE(stats_key({Bytes(limits::kNameBytesMax, 'n'), 1, 1}).size(), kKeyBytesMax);
  EXPECT_LE(limits::kRunIdBytesMax, kKeyBytesMax);
}

}  // namespace
}  // namespace tenuto::testing
