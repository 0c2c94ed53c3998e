#include "core/payload/payload.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace tenuto {
namespace {

TEST(Payload, TheEmptyOneIsJsonNull) {
  const Payload p;
  EXPECT_TRUE(p.is_null_json());
  EXPECT_EQ(p.view(), "null");
  EXPECT_EQ(p.content_type(), ContentType::json);
  EXPECT_EQ(p.size(), 4u);
}

TEST(Payload, JsonNullBecomesTheEmptyOneHoweverItIsMade) {
  EXPECT_TRUE(Payload::json("null").is_null_json());
  EXPECT_TRUE(
      Payload::build(ContentType::json, 4, [](char* to) { std::memcpy(to, "null", 4); }).is_null_json());
  EXPECT_FALSE(Payload::make(ContentType::bytes, "null").is_null_json());
  EXPECT_EQ(Payload::json("null"), Payload());
}

TEST(Payload, EqualityIsByTypeAndContent) {
  EXPECT_EQ(Payload::json("[1]"), Payload::json("[1]"));
  EXPECT_FALSE(Payload::json("[1]") == Payload::json("[2]"));
  EXPECT_FALSE(Payload::json("[1]") == Payload::make(ContentType::bytes, "[1]"));
  EXPECT_FALSE(Payload::json("[1]") == Payload());
}

TEST(Payload, CopiesShareTheBytesAndMovesLeaveNull) {
  Payload a = Payload::json("\"text\"");
  Payload b = a;
  EXPECT_EQ(a.view().data(), b.view().data());
  const Payload c = std::move(a);
  EXPECT_EQ(c.view().data(), b.view().data());
  b = Payload();
  EXPECT_EQ(c.view(), "\"text\"");
  Payload d = c;
  Payload& same = d;
  d = same;
  d = std::move(same);
  EXPECT_EQ(d, c);
}

TEST(Payload, HoldsAnyBytes) {
  const Bytes bytes("\0\xFF\x80", 3);
  const Payload p = Payload::make(ContentType::bytes, bytes);
  EXPECT_EQ(p.view(), bytes);
  EXPECT_EQ(p.content_type(), ContentType::bytes);
  EXPECT_EQ(Payload::make(ContentType::bytes, "").size(), 0u);
}

TEST(Payload, NoArgumentsAreOneBlock) {
  const char* data = nullptr;
  for (int i = 0; i < 3; ++i) {
    const Payload p = Payload::json("{}");
    const Payload copy = p;
    ASSERT_EQ(copy.view(), "{}");
    EXPECT_EQ(copy.content_type(), ContentType::json);
    EXPECT_EQ(copy.view().data()[2], '\0') << "as hosts in C are promised";
    EXPECT_FALSE(copy.is_null_json());
    EXPECT_EQ(std::exchange(data, copy.view().data()), i == 0 ? nullptr : copy.view().data());
  }
  const Payload other = Payload::build(ContentType::json, 2, [](char* to) { std::memcpy(to, "{}", 2); });
  EXPECT_EQ(other, Payload::json("{}"));
  EXPECT_FALSE(other == Payload::make(ContentType::bytes, "{}"));
}

TEST(Payload, IsCountedAcrossThreads) {
  const Payload shared = Payload::json("[1,2,3]");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([copy = shared] {
      for (int i = 0; i < 10'000; ++i) {
        Payload mine = copy;
        ASSERT_EQ(mine.size(), 7u);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(shared.view(), "[1,2,3]");
}

}  // namespace
}  // namespace tenuto
