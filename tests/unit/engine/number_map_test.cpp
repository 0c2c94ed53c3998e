#include "core/engine/number_map.h"

#include <gtest/gtest.h>

#include <unordered_map>

namespace tenuto {
namespace {

TEST(NumberMap, AgreesWithAStandardMapOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    NumberMap map;
    std::unordered_map<std::uint64_t, std::uint32_t> model;
    for (int step = 0; step < 2000; ++step) {
      const std::uint64_t number = 1 + random.below(200);
      if (random.chance(1, 2)) {
        if (model.emplace(number, step).second)
          map.insert(RunNumber{number}, {static_cast<std::uint32_t>(step), 1});
      } else {
        model.erase(number);
        map.erase(RunNumber{number});
      }
      const auto found = map.find(RunNumber{number});
      ASSERT_EQ(found.has_value(), model.contains(number)) << "seed=" << seed << " step " << step;
      ASSERT_EQ(found.value_or(RunRef{}).slot, model.contains(number) ? model[number] : 0u);
      ASSERT_EQ(map.size(), model.size());
    }
    for (std::uint64_t number = 1; number <= 200; ++number) {
      ASSERT_EQ(map.find(RunNumber{number}).has_value(), model.contains(number)) << "seed=" << seed;
    }
  }
}

TEST(NumberMap, IsEmptyAtFirst) {
  NumberMap map;
  EXPECT_FALSE(map.find(RunNumber{1}).has_value());
  map.erase(RunNumber{1});
  EXPECT_EQ(map.size(), 0u);
}

}  // namespace
}  // namespace tenuto
