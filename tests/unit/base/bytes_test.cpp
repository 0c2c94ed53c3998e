#include "core/base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace tenuto {
namespace {

TEST(Bytes, RoundTripAtTheEdges) {
  Bytes buffer;
  ByteWriter w(buffer);
  const std::uint64_t values[] = {0, 1, 127, 128, 16383, 16384, std::numeric_limits<std::uint64_t>::max()};
  for (auto v : values) w.varint(v);
  w.fixed<std::uint32_t>(0xDEADBEEF);
  w.string("text");
  w.string("");
  ByteReader r(buffer);
  for (auto v : values) EXPECT_EQ(r.varint(), v);
  EXPECT_EQ(r.fixed<std::uint32_t>(), 0xDEADBEEF);
  EXPECT_EQ(r.string(), "text");
  EXPECT_EQ(r.string(), "");
  EXPECT_TRUE(r.ok());
  EXPECT_TRUE(r.at_end());
}

TEST(Bytes, EveryPrefixOfAnEncodingFailsWithoutReadingPastIt) {
  Bytes buffer;
  ByteWriter w(buffer);
  w.varint(1u << 20);
  w.string("abcdef");
  w.fixed<std::uint64_t>(7);
  for (std::size_t n = 0; n < buffer.size(); ++n) {
    ByteReader r(ByteView(buffer).substr(0, n));
    (void)r.varint();
    (void)r.string();
    (void)r.fixed<std::uint64_t>();
    EXPECT_FALSE(r.ok()) << n;
    EXPECT_EQ(r.varint(), 0u) << "a failed reader yields zeros";
  }
}

TEST(Bytes, AnOverlongVarintIsAnErrorNotAWrap) {
  ByteReader eleven(ByteView("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11));
  (void)eleven.varint();
  EXPECT_FALSE(eleven.ok());
  ByteReader too_big(ByteView("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10));
  (void)too_big.varint();
  EXPECT_FALSE(too_big.ok());
}

}  // namespace
}  // namespace tenuto
