#include "core/base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace tenuto {
namespace {

TEST(Status, EveryCodeHasANameATextAndItsOwnNumber) {
  std::set<std::int32_t> numbers;
#define TN_CASE(name, number, text)                \
  EXPECT_EQ(static_cast<int>(Code::name), number); \
  EXPECT_EQ(code_name(Code::name), #name);         \
  EXPECT_EQ(code_text(Code::name), text);          \
  EXPECT_TRUE(numbers.insert(number).second) << #name;
  TN_STATUS_TABLE(TN_CASE)
#undef TN_CASE
}

TEST(Status, AForeignNumberIsUnknownNotACrash) {
  EXPECT_EQ(code_name(static_cast<Code>(9999)), "unknown");
  EXPECT_EQ(code_text(static_cast<Code>(9999)), "unknown status");
}

Result<std::unique_ptr<int>> half(int v) {
  if (v % 2 != 0) return Status(Code::invalid_argument, "odd: " + std::to_string(v));
  return std::make_unique<int>(v / 2);
}

Result<int> quarter(int v) {
  TN_ASSIGN(auto first, half(v));
  TN_ASSIGN(auto second, half(*first));
  return *second;
}

TEST(Result, CarriesAMoveOnlyValueOrTheFirstStatus) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).code(), Code::invalid_argument);
  EXPECT_EQ(quarter(6).status().message(), "odd: 3");
}

}  // namespace
}  // namespace tenuto
