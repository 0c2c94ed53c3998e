#include "core/machine/retry.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tenuto {
namespace {

RetrySpec plain() {
  return {.attempts = 100, .backoff = kSecond, .factor = 2, .max = 3600 * kSecond, .full_jitter = false};
}

TEST(Retry, TheBackoffDoublesUpToItsCap) {
  const RetrySpec retry = plain();
  for (std::uint32_t attempt = 1; attempt <= 12; ++attempt) {
    EXPECT_EQ(retry_delay(retry, attempt, 1),
              std::min<Nanos>((Nanos{1} << (attempt - 1)) * kSecond, 3600 * kSecond));
  }
}

TEST(Retry, TheCapHoldsHoweverLargeTheAttempt) {
  RetrySpec retry = plain();
  EXPECT_EQ(retry_delay(retry, 64, 1), retry.max);
  EXPECT_EQ(retry_delay(retry, 2'000, 1), retry.max);  // the power is infinite
  EXPECT_EQ(retry_delay(retry, 65'000, 1), retry.max);
  retry.backoff = 7200 * kSecond;  // longer than the cap from the start
  EXPECT_EQ(retry_delay(retry, 1, 1), retry.max);
}

TEST(Retry, AFactorOfOneKeepsTheDelay) {
  RetrySpec retry = plain();
  retry.factor = 1;
  EXPECT_EQ(retry_delay(retry, 1, 1), kSecond);
  EXPECT_EQ(retry_delay(retry, 50'000, 1), kSecond);
}

TEST(Retry, WithoutJitterTheSeedIsNotAsked) {
  EXPECT_EQ(retry_delay(plain(), 3, 1), retry_delay(plain(), 3, 2));
}

TEST(Retry, FullJitterIsUniformFromZeroToTheDelay) {
  RetrySpec retry = plain();
  retry.full_jitter = true;
  constexpr int kDraws = 20'000;
  int below_tenth = 0;
  int above_nine_tenths = 0;
  double sum = 0;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    const Nanos delay = retry_delay(retry, 3, seed);
    ASSERT_GE(delay, 0);
    ASSERT_LE(delay, 4 * kSecond);
    ASSERT_EQ(delay, retry_delay(retry, 3, seed));
    sum += static_cast<double>(delay);
    below_tenth += delay < 4 * kSecond / 10 ? 1 : 0;
    above_nine_tenths += delay > 4 * kSecond / 10 * 9 ? 1 : 0;
  }
  // Five standard deviations: 0.5 ± 0.0102 of the mean, 2,000 ± 212 of the counts.
  EXPECT_NEAR(sum / kDraws / (4.0 * kSecond), 0.5, 0.0102);
  EXPECT_NEAR(below_tenth, kDraws / 10, 212);
  EXPECT_NEAR(above_nine_tenths, kDraws / 10, 212);
}

TEST(Retry, WithoutABackoffItIsTriedAtOnce) {
  for (const bool jitter : {false, true}) {
    RetrySpec retry = plain();
    retry.backoff = 0;
    retry.full_jitter = jitter;
    EXPECT_EQ(retry_delay(retry, 1, 3), 0);
    EXPECT_EQ(retry_delay(retry, 9, 3), 0);
  }
}

TEST(Retry, JitterOfTheShortestDelays) {
  RetrySpec retry = plain();
  retry.full_jitter = true;
  retry.backoff = 1;
  bool zero = false;
  bool one = false;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    const Nanos delay = retry_delay(retry, 1, seed);
    zero |= delay == 0;
    one |= delay == 1;
    EXPECT_LE(delay, 1);
  }
  EXPECT_TRUE(zero && one);
}

}  // namespace
}  // namespace tenuto
