#include "core/payload/json_scan.h"

#include <gtest/gtest.h>

namespace tenuto::json {
namespace {

struct Found {
  Scan scan;
  ByteView member;
};

Found look_up(ByteView text, ByteView key) {
  Found f{};
  f.scan = find_member(text, key, f.member);
  return f;
}

TEST(JsonScan, FindsTheTextOfAMember) {
  const ByteView text = R"( {"a" : 1, "bb":[{"a":2},"]"] ,"c":{"a":"}\""},"d":"text that is longer"} )";
  EXPECT_EQ(look_up(text, "a").member, "1");
  EXPECT_EQ(look_up(text, "bb").member, R"([{"a":2},"]"])");
  EXPECT_EQ(look_up(text, "c").member, R"({"a":"}\""})");
  EXPECT_EQ(look_up(text, "d").member, "\"text that is longer\"");
  EXPECT_EQ(look_up(text, "e").scan, Scan::absent);
  EXPECT_EQ(look_up("{}", "a").scan, Scan::absent);
}

TEST(JsonScan, TakesTheLastOfRepeatedKeys) {
  EXPECT_EQ(look_up(R"({"a":1,"b":2,"a":3})", "a").member, "3");
}

TEST(JsonScan, IsUnsureWhereATreeIsNeeded) {
  for (const ByteView text : {"", "1", "[]", "{\"a\":1", "{\"a\"", "{\"a\":}", "{\"a\":1} x", "{\"a\":\"",
                              "{\"a\":\"\\", "{\"\\u0061\":1}", "{\"a\":[}", "{a:1}", "{\"a\":1,}"}) {
    EXPECT_EQ(look_up(text, "a").scan, Scan::unsure) << text;
  }
  EXPECT_EQ(look_up("{\"b\":" + Bytes(64, '[') + Bytes(64, ']') + "}", "a").scan, Scan::unsure);
}

}  // namespace
}  // namespace tenuto::json
