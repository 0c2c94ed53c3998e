#include "core/base/ids.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace tenuto {
namespace {

TEST(CommandId, NoneIsZeroInBothHalves) {
  EXPECT_TRUE(CommandId{}.is_none());
  EXPECT_FALSE((CommandId{1, 0}).is_none());
  EXPECT_FALSE((CommandId{0, 1}).is_none());
}

TEST(Ids, CanBeKeys) {
  std::unordered_set<CommandId> commands;
  std::unordered_set<WorkflowHash> hashes;
  std::unordered_set<RunNumber> runs;
  for (std::uint64_t i = 0; i < 100; ++i) {
    commands.insert({i, 1});
    commands.insert({1, i});
    hashes.insert({i, 0});
    runs.insert(RunNumber{i});
  }
  EXPECT_EQ(commands.size(), 199u);
  EXPECT_EQ(hashes.size(), 100u);
  EXPECT_EQ(runs.size(), 100u);
}

}  // namespace
}  // namespace tenuto
