#include "core/payload/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/payload/json.h"

namespace tenuto::json {
namespace {

TEST(JsonWriter, PlacesCommasAndColons) {
  Bytes out;
  Writer(out)
      .begin_object()
      .key("a")
      .begin_array()
      .integer(1)
      .number(2.5)
      .boolean(true)
      .null()
      .end_array()
      .key("b")
      .begin_object()
      .end_object()
      .key("c")
      .raw("[ 7 ]")
      .key("d")
      .string("x")
      .key("e")
      .begin_array()
      .begin_array()
      .end_array()
      .begin_array()
      .end_array()
      .end_array()
      .end_object();
  EXPECT_EQ(out, R"({"a":[1,2.5,true,null],"b":{},"c":[ 7 ],"d":"x","e":[[],[]]})");
  EXPECT_TRUE(validate(out).ok());
}

TEST(JsonWriter, EscapesWhatJsonDemands) {
  Bytes out;
  append_quoted(out, Bytes("\"\\\b\f\n\r\t\x01\x1F\0 /\x7F\xC3\xA4", 15));
  EXPECT_EQ(out, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000 /\x7F\xC3\xA4\"");
}

TEST(JsonWriter, BytesThatAreNotUtf8AreReplaced) {
  Bytes out;
  append_quoted(out, "a\xFF\xC3\xA4\xED\xA0\x80z\xC3");
  EXPECT_TRUE(validate(out).ok());
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\"");
}

TEST(JsonWriter, DoublesStayDoubles) {
  const auto text = [](double v) {
    Bytes out;
    append_double(out, v);
    return out;
  };
  EXPECT_EQ(text(1), "1.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(1e300), "1e+300");
  EXPECT_EQ(text(123456789012345680.0), "123456789012345680.0");
  for (const double v : {std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
                         std::numeric_limits<double>::denorm_min(), 1.0 / 3, -1e22, 9007199254740993.0}) {
    Parser parser;
    const Bytes written = text(v);
    const auto root = parser.parse(written);
    ASSERT_TRUE(root.ok()) << written;
    EXPECT_EQ((*root)->kind(), Kind::number) << written;
    EXPECT_EQ((*root)->as_double(), v);
  }
}

TEST(JsonWriter, IntegersAtTheEdges) {
  Bytes out;
  append_integer(out, std::numeric_limits<std::int64_t>::min());
  out += ' ';
  append_integer(out, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(out, "-9223372036854775808 9223372036854775807");
}

}  // namespace
}  // namespace tenuto::json
