#include "core/engine/number_map.h"

#include <gtest/gtest.h>

#include <unordered_map>

namespace tenuto {
namespace {

// The n-th number of one map.
RunNumber nth(std::uint64_t n) {
  return RunNumber{n * NumberMap::kStride + 7};
}

TEST(NumberMap, AgreesWithAStandardMapOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    NumberMap map;
    std::unordered_map<std::uint64_t, std::uint32_t> model;
    for (std::uint32_t step = 0; step < 2000; ++step) {
      const std::uint64_t n = random.below(200);
      if (random.chance(1, 2)) {
        if (model.emplace(n, step).second) map.insert(nth(n), step);
      } else {
        model.erase(n);
        map.erase(nth(n));
      }
      const auto found = map.find(nth(n));
      ASSERT_EQ(found.has_value(), model.contains(n)) << "seed=" << seed << " step " << step;
      ASSERT_EQ(found.value_or(0), model.contains(n) ? model[n] : 0u);
      ASSERT_EQ(map.size(), model.size());
    }
    for (std::uint64_t n = 0; n < 200; ++n) {
      ASSERT_EQ(map.find(nth(n)).has_value(), model.contains(n)) << "seed=" << seed;
    }
  }
}

TEST(NumberMap, KeepsWhatItHasWhenRoomIsMade) {
  NumberMap map;
  for (std::uint64_t n = 0; n < 10; ++n) map.insert(nth(n), static_cast<std::uint32_t>(n));
  map.reserve(1000);
  map.reserve(5);
  for (std::uint64_t n = 10; n < 2000; ++n) map.insert(nth(n), static_cast<std::uint32_t>(n));
  for (std::uint64_t n = 0; n < 2000; ++n) ASSERT_EQ(map.find(nth(n)), static_cast<std::uint32_t>(n));
  EXPECT_EQ(map.size(), 2000u);
}

// A dense stretch of numbers that moves on, with a few that stay behind, as in an engine.
TEST(NumberMap, HoldsAMovingStretchAndThoseLeftBehind) {
  NumberMap map;
  constexpr std::uint64_t kAtOnce = 1000;
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    map.insert(nth(n), static_cast<std::uint32_t>(n));
    if (n >= kAtOnce && (n - kAtOnce) % 100 != 0) map.erase(nth(n - kAtOnce));
  }
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    const bool there = n % 100 == 0 || n + kAtOnce >= 100'000;
    ASSERT_EQ(map.find(nth(n)), there ? std::optional(static_cast<std::uint32_t>(n)) : std::nullopt) << n;
  }
}

TEST(NumberMap, TakesTheLargestNumberAndSlot) {
  NumberMap map;
  const RunNumber last{NumberMap::kNumberMax};
  map.insert(last, NumberMap::kSlotsMax - 1);
  EXPECT_EQ(map.find(last), NumberMap::kSlotsMax - 1);
  EXPECT_EQ(map.find(RunNumber{last.value + NumberMap::kStride}), std::nullopt);
}

TEST(NumberMap, IsEmptyAtFirst) {
  NumberMap map;
  EXPECT_FALSE(map.find(RunNumber{1}).has_value());
  map.erase(RunNumber{1});
  EXPECT_EQ(map.size(), 0u);
}

}  // namespace
}  // namespace tenuto
