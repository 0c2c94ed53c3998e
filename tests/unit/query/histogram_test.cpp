#include "core/query/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/random.h"

namespace tenuto {
namespace {

TEST(Durations, EmptyHasNothing) {
  const Durations none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.percentile(0.5), std::nullopt);
  EXPECT_EQ(none.mean_seconds(), std::nullopt);
}

TEST(Durations, FewAreExactByNearestRank) {
  Durations durations;
  for (const Nanos seconds : {5, 1, 4, 2, 3}) durations.add(seconds * kSecond);
  EXPECT_EQ(durations.percentile(0.5), 3 * kSecond);
  EXPECT_EQ(durations.percentile(0.2), kSecond);
  EXPECT_EQ(durations.percentile(0.21), 2 * kSecond);
  EXPECT_EQ(durations.percentile(0.99), 5 * kSecond);
  EXPECT_EQ(durations.percentile(1), 5 * kSecond);
  EXPECT_DOUBLE_EQ(*durations.mean_seconds(), 3);
}

TEST(Durations, ManyAreWithinTheErrorOfTheHistogram) {
  Random random(7);
  Durations durations;
  std::vector<Nanos> all;
  for (std::size_t i = 0; i < Durations::kExactMax * 2; ++i) {
    // Over many orders of magnitude.
    const Nanos value = static_cast<Nanos>(random.below(std::uint64_t{1} << (10 + random.below(40))));
    all.push_back(value);
    durations.add(value);
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.01, 0.5, 0.9, 0.95, 0.99, 1.0}) {
    const auto exact = static_cast<double>(all[percentile_rank(q, all.size()) - 1]);
    EXPECT_NEAR(static_cast<double>(*durations.percentile(q)), exact, exact * 0.022 + 1) << q;
  }
}

TEST(Durations, LongSumsDoNotOverflow) {
  Durations durations;
  for (int i = 0; i < 1000; ++i) durations.add(INT64_MAX);
  EXPECT_NEAR(*durations.mean_seconds(), 9'223'372'036.85, 1);
}

TEST(ExponentialHistogram, MergesLikeAdding) {
  Random random(3);
  ExponentialHistogram all;
  ExponentialHistogram left;
  ExponentialHistogram right;
  for (int i = 0; i < 1000; ++i) {
    const auto value = static_cast<Nanos>(random.below(1'000'000));
    all.add(value);
    (i % 3 == 0 ? left : right).add(value);
  }
  left.merge(right);
  EXPECT_EQ(left.count(), all.count());
  for (const double q : {0.001, 0.1, 0.5, 0.9, 1.0}) EXPECT_EQ(left.percentile(q), all.percentile(q));
}

TEST(ExponentialHistogram, ZeroAndExtremes) {
  ExponentialHistogram histogram;
  histogram.add(0);
  histogram.add(-5);
  EXPECT_EQ(histogram.percentile(1), 0);
  histogram.add(1);
  histogram.add(INT64_MAX - 1);
  EXPECT_EQ(histogram.percentile(0.5), 0);
  EXPECT_EQ(histogram.percentile(0.75), 1);
  EXPECT_GT(histogram.percentile(1), INT64_MAX / 100 * 97);
}

}  // namespace
}  // namespace tenuto
