#include "core/journal/packed_column.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tenuto::testing {
namespace {

Bytes packed(const std::vector<std::uint64_t>& numbers) {
  Bytes bytes;
  pack_column(numbers, bytes);
  return bytes;
}

PackedColumn read_back(const Bytes& bytes, std::size_t rows) {
  ByteReader in(bytes);
  PackedColumn column;
  EXPECT_TRUE(PackedColumn::read(in, rows, column));
  EXPECT_TRUE(in.at_end());
  return column;
}

struct Case {
  std::vector<std::uint64_t> numbers;
  std::size_t bytes_each;
};

TEST(PackedColumn, TakesAsFewBytesAsTheGreatestDistanceNeeds) {
  constexpr std::uint64_t kBase = 1'700'000'000'000'000'000;
  for (const Case& c :
       {Case{{}, 0}, Case{{kBase, kBase}, 0}, Case{{kBase + 255, kBase, kBase + 7}, 1},
        Case{{kBase, kBase + 256}, 2}, Case{{kBase + 65535, kBase}, 2}, Case{{kBase, kBase + 65536}, 4},
        Case{{UINT32_MAX, 0, 5}, 4}, Case{{0, UINT32_MAX + 1ull}, 8}, Case{{UINT64_MAX, 0, 1}, 8}}) {
    const Bytes bytes = packed(c.numbers);
    EXPECT_EQ(bytes.size(), 9 + c.bytes_each * c.numbers.size());
    const PackedColumn column = read_back(bytes, c.numbers.size());
    for (std::size_t i = 0; i < c.numbers.size(); ++i) EXPECT_EQ(column.at(i), c.numbers[i]);
    for (const std::uint64_t bound : c.numbers) {
      std::vector<std::uint32_t> rows(c.numbers.size());
      std::iota(rows.begin(), rows.end(), 0u);
      std::vector<std::uint32_t> expected;
      for (const std::uint32_t row : rows) {
        if (c.numbers[row] >= bound) expected.push_back(row);
      }
      column.filter(rows, [bound](std::uint64_t n) { return n >= bound; });
      EXPECT_EQ(rows, expected);
    }
  }
}

TEST(PackedColumn, FilterGoesOnWithWhatIsLeft) {
  const Bytes bytes = packed({1, 2, 3, 4, 5, 6});
  const PackedColumn column = read_back(bytes, 6);
  std::vector<std::uint32_t> rows = {0, 2, 3, 5};
  column.filter(rows, [](std::uint64_t n) { return n % 2 == 0; });
  EXPECT_EQ(rows, (std::vector<std::uint32_t>{3, 5}));
}

TEST(PackedColumn, CutsAndUnknownWidthsAreRefused) {
  Bytes bytes = packed({1, 2, 300});
  PackedColumn column;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in(ByteView(bytes).substr(0, size));
    EXPECT_FALSE(PackedColumn::read(in, 3, column));
  }
  bytes[8] = 3;
  bytes += "room for more";
  ByteReader in(bytes);
  EXPECT_FALSE(PackedColumn::read(in, 3, column));
}

}  // namespace
}  // namespace tenuto::testing
