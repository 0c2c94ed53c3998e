#include "core/engine/run_table.h"

#include <gtest/gtest.h>

#include <set>

namespace tenuto {
namespace {

TEST(RunTable, WhatIsAddedInBulkIsFoundAfterTheFlush) {
  RunTable table;
  std::set<std::uint32_t> slots;
  {
    RunTable::Adder adder(table);
    table.reserve(20'000);
    for (std::uint64_t n = 1; n <= 20'000; ++n) {
      const auto run = adder.add(RunNumber{n * 3});
      ASSERT_TRUE(run.has_value());
      EXPECT_TRUE(slots.insert(run->slot).second);
    }
    EXPECT_EQ(table.find(RunNumber{60'000}), std::nullopt);
    adder.flush();
    EXPECT_TRUE(table.find(RunNumber{60'000}).has_value());
    ASSERT_TRUE(adder.add(RunNumber{1}).has_value());
  }
  // The end of the adder flushes.
  EXPECT_TRUE(table.find(RunNumber{1}).has_value());
  EXPECT_EQ(table.size(), 20'001u);
  for (std::uint64_t n = 1; n <= 20'000; ++n) {
    const auto run = table.find(RunNumber{n * 3});
    ASSERT_TRUE(run.has_value()) << n;
    ASSERT_EQ(slots.erase(run->slot), 1u) << n;
  }
}

TEST(RunTable, WhatAnAdderDidNotUseIsFree) {
  RunTable table;
  { RunTable::Adder(table).add(RunNumber{1}); }
  // The first of the slots that were looked up with it, and not one behind them.
  EXPECT_LT(table.add(RunNumber{2})->slot, 256u);
}

}  // namespace
}  // namespace tenuto
