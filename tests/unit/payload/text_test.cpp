#include "core/payload/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tenuto {
namespace {

TEST(Text, PlacesCountLinesAndCodePoints) {
  const Bytes text = "ab\n\xC3\xA4x\n";
  EXPECT_EQ(line_column(text, 0), (LineColumn{1, 1}));
  EXPECT_EQ(line_column(text, 2), (LineColumn{1, 3}));
  EXPECT_EQ(line_column(text, 3), (LineColumn{2, 1}));
  EXPECT_EQ(line_column(text, 5), (LineColumn{2, 2})) << "two bytes, one column";
  EXPECT_EQ(line_column(text, 999), (LineColumn{3, 1}));
  EXPECT_EQ(describe(LineColumn{3, 14}), "line 3, column 14");
}

TEST(Text, EveryCodePointEncodesToOneWellFormedSequence) {
  for (std::uint32_t c = 0; c <= 0x10FFFF; c += c < 0x1000 ? 1 : 97) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    Bytes text;
    append_utf8(text, c);
    ASSERT_EQ(utf8_sequence(text), text.size()) << c;
    ASSERT_EQ(count_code_points(text), 1u);
  }
}

TEST(Text, MalformedSequencesAreSeen) {
  for (const ByteView bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3(", ""}) {
    EXPECT_EQ(utf8_sequence(bad), 0u) << testing::PrintToString(bad);
  }
}

TEST(Text, DoublesOutsideTheRangeBecomeInfiniteOrZero) {
  EXPECT_EQ(read_double("0.1"), 0.1);
  EXPECT_EQ(read_double("-2.5e3"), -2500.0);
  EXPECT_EQ(read_double(".5"), 0.5);
  EXPECT_EQ(read_double("1e309"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(read_double("-1e99999999999999999999"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(read_double("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(read_double("-1e-400")));
  EXPECT_EQ(read_double("0.0e999"), 0.0);
  EXPECT_EQ(read_double("0." + Bytes(400, '0') + "1e420"), 1e19) << "the digits' place counts too";
  EXPECT_EQ(read_double("1" + Bytes(400, '0') + "e-399"), 10.0);
  EXPECT_EQ(read_double("5e-324"), std::numeric_limits<double>::denorm_min());
}

}  // namespace
}  // namespace tenuto
