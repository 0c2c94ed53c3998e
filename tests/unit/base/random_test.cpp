#include "core/base/random.h"

#include <gtest/gtest.h>

namespace tenuto {
namespace {

// The reference values of SplitMix64 with the seed 1234567. Idempotency keys and run ids rest on this mixer: it never changes.
TEST(Random, MixesAsTheReferenceDoes) {
  std::uint64_t state = 1'234'567;
  for (const std::uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                       4593380528125082431u, 16408922859458223821u}) {
    EXPECT_EQ(mix64(state), expected);
    state += 0x9E37'79B9'7F4A'7C15u;
  }
}

TEST(Random, TheSameSeedGivesTheSameNumbers) {
  Random a(7);
  Random b(7);
  EXPECT_NE(Random(7).next(), Random(8).next());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, BelowAndChanceKeepTheirBounds) {
  Random random(3);
  int hits = 0;
  int zeros = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_LT(random.below(3), 3u);
    EXPECT_EQ(random.below(1), 0u);
    EXPECT_FALSE(random.chance(0, 5));
    EXPECT_TRUE(random.chance(5, 5));
    hits += random.chance(1, 4) ? 1 : 0;
    zeros += random.below(2) == 0 ? 1 : 0;
  }
  // Five standard deviations.
  EXPECT_NEAR(hits, 2'500, 217);
  EXPECT_NEAR(zeros, 5'000, 250);
}

}  // namespace
}  // namespace tenuto
