#include "core/expr/workspace.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace tenuto::expr {
namespace {

TEST(Workspace, HandsOutUpToItsLimitAndBeginsAnew) {
  Workspace work;
  for (int round = 0; round < 3; ++round) {
    std::size_t total = 0;
    while (char* p = work.allocate(100'000)) {
      std::memset(p, round, 100'000);
      total += 100'000;
    }
    EXPECT_GT(total, limits::kEvaluationBytesMax / 2);
    EXPECT_LE(total, limits::kEvaluationBytesMax);
    EXPECT_EQ(work.allocate(limits::kEvaluationBytesMax), nullptr);
    work.reset();
  }
}

TEST(Workspace, OnlyTheNewestGrowingAllocationGrows) {
  Workspace work;
  char* a = work.allocate_growing(10);
  EXPECT_FALSE(work.grow(a, 9, 12)) << "a prefix is not the whole: its continuation is taken";
  EXPECT_TRUE(work.grow(a, 10, 20));
  EXPECT_FALSE(work.grow(a, 10, 12)) << "grown once, the shorter one is a prefix";
  EXPECT_FALSE(work.grow(a, 20, 21)) << "no room left";
  char* b = work.allocate_growing(10);
  EXPECT_FALSE(work.grow(a, 20, 20 + 1));
  EXPECT_NE(work.allocate(8), nullptr);
  EXPECT_TRUE(work.grow(b, 10, 15)) << "its room is its own, whatever came behind it";
}

TEST(Workspace, CountsSteps) {
  Workspace work;
  EXPECT_TRUE(work.charge(limits::kEvaluationStepsMax));
  EXPECT_FALSE(work.charge(1));
  work.reset();
  EXPECT_TRUE(work.charge_bytes(1000));
}

TEST(Workspace, AnErrorNeedsNoMemory) {
  Workspace work;
  while (work.allocate(8) != nullptr) {
  }
  const Value v = work.fail(ErrorKind::no_operand, "x");
  ASSERT_EQ(v.kind, ValueKind::error);
  EXPECT_EQ(v.error->kind, ErrorKind::too_many_bytes);
}

TEST(Workspace, OfUnusableOperandsAnErrorComesFirst) {
  Workspace work;
  const Value error = work.fail(ErrorKind::overflow, "+");
  EXPECT_EQ(first_unusable(std::array{Value::of(true), Value::skipped(), error}).kind, ValueKind::error);
  EXPECT_EQ(first_unusable(std::array{Value::null(), Value::skipped()}).kind, ValueKind::skipped);
}

}  // namespace
}  // namespace tenuto::expr
