#include "core/query/time_text.h"

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace tenuto {
namespace {

TEST(TimeText, FormatsMicrosecondsInUtc) {
  EXPECT_EQ(format_time(WallTime{0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time(WallTime{1'700'000'000 * kSecond + 1'234'567}), "2023-11-14T22:13:20.001234Z");
  EXPECT_EQ(format_time(WallTime{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_time(WallTime{INT64_MAX}), "2262-04-11T23:47:16.854775Z");
  EXPECT_EQ(format_time(WallTime{INT64_MIN}), "1677-09-21T00:12:43.145224Z");
}

TEST(TimeText, ReadsZonesAndFractions) {
  const Nanos at = 1'700'000'000 * kSecond;
  EXPECT_EQ(parse_time("2023-11-14T22:13:20Z"), WallTime{at});
  EXPECT_EQ(parse_time("2023-11-14t22:13:20z"), WallTime{at});
  EXPECT_EQ(parse_time("2023-11-14 22:13:20Z"), WallTime{at});
  EXPECT_EQ(parse_time("2023-11-14T23:43:20+01:30"), WallTime{at});
  EXPECT_EQ(parse_time("2023-11-14T17:13:20-05:00"), WallTime{at});
  EXPECT_EQ(parse_time("2023-11-14T22:13:20.5Z"), WallTime{at + kSecond / 2});
  EXPECT_EQ(parse_time("2023-11-14T22:13:20.123456789Z"), WallTime{at + 123'456'789});
  EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), WallTime{1'709'164'800 * kSecond});
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2023-11-14", "2023-11-14T22:13:20", "2023-13-14T22:13:20Z", "2023-02-29T00:00:00Z",
        "2023-11-14T24:13:20Z", "2023-11-14T22:60:20Z", "2023-11-14T22:13:61Z", "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20.1234567890Z", "2023-11-14T22:13:20+1:00", "2023-11-14T22:13:20+24:00",
        "1677-01-01T00:00:00Z", "2262-01-01T00:00:00Z", "2023-11-14T22:13:20Z ", "x023-11-14T22:13:20Z"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(TimeText, ReadsBackWhatItWrites) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const WallTime time{static_cast<Nanos>(random.below(9'000'000'000'000'000)) * 1000 -
                        1'000'000'000'000'000'000};
    ASSERT_EQ(parse_time(format_time(time)), time) << format_time(time);
  }
}

}  // namespace
}  // namespace tenuto
