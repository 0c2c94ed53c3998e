#include "core/query/number_range.h"

#include <gtest/gtest.h>

#include "core/journal/summary.h"
#include "core/query/time_text.h"

namespace tenuto {
namespace {

using expr::BinaryOp;

constexpr BinaryOp kOps[] = {BinaryOp::less, BinaryOp::less_equal, BinaryOp::equal, BinaryOp::greater_equal,
                             BinaryOp::greater};

template <class T>
bool compare(BinaryOp op, const T& a, const T& b) {
  switch (op) {
    case BinaryOp::less:
      return a < b;
    case BinaryOp::less_equal:
      return a <= b;
    case BinaryOp::equal:
      return a == b;
    case BinaryOp::greater_equal:
      return a >= b;
    default:
      return a > b;
  }
}

TEST(NumberRange, OfIntegers) {
  constexpr std::int64_t kNumbers[] = {0, 1, 2, 1000, INT64_MAX - 1, INT64_MAX};
  for (const std::int64_t literal :
       {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{1000}, INT64_MAX}) {
    for (const BinaryOp op : kOps) {
      for (const std::int64_t n : kNumbers) {
        if (literal < 0 && op == BinaryOp::equal) {
          EXPECT_FALSE(range_of(op, literal)->holds(static_cast<std::uint64_t>(n)));
          continue;
        }
        EXPECT_EQ(range_of(op, literal)->holds(static_cast<std::uint64_t>(n)), compare(op, n, literal))
            << n << " " << literal << " " << static_cast<int>(op);
      }
    }
  }
}

TEST(NumberRange, OfTimesAsTexts) {
  constexpr Nanos kTimes[] = {INT64_MIN,
                              INT64_MIN + 1,
                              -1001,
                              -1000,
                              -1,
                              0,
                              1,
                              999,
                              1000,
                              1001,
                              1'700'000'000'000'000'000,
                              1'700'000'000'000'000'999,
                              1'700'000'000'000'001'000,
                              INT64_MAX};
  std::vector<std::string> literals = {"",           "1",   "1970",    "2023-11-14T22:13:20Z",
                                       "2023-11-14", "zzz", "\xC3\xA4"};
  for (const Nanos t : kTimes) literals.push_back(format_time(WallTime{t}));
  for (const Nanos t : kTimes) literals.push_back(format_time(WallTime{t}) + "0");
  for (const std::string& literal : literals) {
    for (const BinaryOp op : kOps) {
      const NumberRange range = *range_of(op, literal);
      for (const Nanos t : kTimes) {
        EXPECT_EQ(range.holds(column_number(WallTime{t})), compare(op, format_time(WallTime{t}), literal))
            << t << " " << literal << " " << static_cast<int>(op);
      }
    }
  }
}

TEST(NumberRange, WhatIsNoRange) {
  EXPECT_FALSE(range_of(BinaryOp::not_equal, 5).has_value());
  EXPECT_FALSE(range_of(BinaryOp::in, "2020").has_value());
  EXPECT_FALSE(NumberRange::none().meets(0, UINT64_MAX));
  EXPECT_FALSE(NumberRange::none().holds(0));
  EXPECT_TRUE((NumberRange{5, 9}.meets(9, 12)));
  EXPECT_FALSE((NumberRange{5, 9}.meets(10, 12)));
  EXPECT_EQ(mirrored(BinaryOp::less), BinaryOp::greater);
  EXPECT_EQ(mirrored(BinaryOp::greater_equal), BinaryOp::less_equal);
  EXPECT_EQ(mirrored(BinaryOp::equal), BinaryOp::equal);
}

}  // namespace
}  // namespace tenuto
