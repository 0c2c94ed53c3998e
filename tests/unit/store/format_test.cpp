#include "core/store/format.h"

#include <gtest/gtest.h>

#include <vector>

namespace tenuto::testing {
namespace {

// Steps 1 -> 2 -> 4, which write down that they ran.
struct FakeSteps {
  std::vector<std::uint32_t> ran;
  std::vector<std::uint32_t> noted;
  std::uint32_t broken = 0;  // the step from this format fails
  std::vector<UpgradeStep> steps = {{1, 2, step(1)}, {2, 4, step(2)}};

  std::function<Status(const std::string&)> step(std::uint32_t from) {
    return [this, from](const std::string& store) -> Status {
      EXPECT_EQ(store, "/s");
      if (from == broken) return {Code::full, "no space"};
      ran.push_back(from);
      return {};
    };
  }
  Status run(std::uint32_t format, std::uint32_t target = 4) {
    return upgrade("/s", format, target, steps, [this](std::uint32_t f) {
      noted.push_back(f);
      return Status();
    });
  }
};

TEST(Format, EveryStepOfThisVersionLeadsUpwardsToItsFormat) {
  std::uint32_t last = 0;
  for (const UpgradeStep& step : upgrade_steps()) {
    EXPECT_GT(step.from, last);
    EXPECT_GT(step.to, step.from);
    EXPECT_LE(step.to, kStoreFormat);
    last = step.from;
  }
}

TEST(Format, StepsRunInOrderAndEachIsNoted) {
  FakeSteps fake;
  ASSERT_TRUE(fake.run(1).ok());
  EXPECT_EQ(fake.ran, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(fake.noted, (std::vector<std::uint32_t>{2, 4}));
}

TEST(Format, AStoreInTheMiddleTakesTheRestAndANewOneNothing) {
  FakeSteps fake;
  ASSERT_TRUE(fake.run(2).ok());
  EXPECT_EQ(fake.ran, std::vector<std::uint32_t>{2});
  ASSERT_TRUE(fake.run(4).ok());
  EXPECT_EQ(fake.ran, std::vector<std::uint32_t>{2});
}

TEST(Format, AfterAFailedStepTheNextTryGoesOnFromTheLastNote) {
  FakeSteps fake;
  fake.broken = 2;
  EXPECT_EQ(fake.run(1).code(), Code::full);
  EXPECT_EQ(fake.noted, std::vector<std::uint32_t>{2});
  fake.broken = 0;
  ASSERT_TRUE(fake.run(2).ok());
  EXPECT_EQ(fake.noted, (std::vector<std::uint32_t>{2, 4}));
}

TEST(Format, AFailedNoteStops) {
  FakeSteps fake;
  const Status status =
      upgrade("/s", 1, 4, fake.steps, [](std::uint32_t) { return Status(Code::full, "no space"); });
  EXPECT_EQ(status.code(), Code::full);
  EXPECT_EQ(fake.ran, std::vector<std::uint32_t>{1});
}

TEST(Format, ANewerStoreIsRefusedWithBothNumbers) {
  FakeSteps fake;
  const Status status = fake.run(5);
  ASSERT_EQ(status.code(), Code::newer_format);
  EXPECT_NE(status.message().find("format 5"), std::string::npos);
  EXPECT_NE(status.message().find("up to 4"), std::string::npos);
}

TEST(Format, OneBeforeTheFirstReleaseIsRefusedWithTheNextStep) {
  EXPECT_TRUE(check_format("/s", kStoreFormatOldest).ok());
  const Status status = check_format("/s", kStoreFormatOldest - 1);
  ASSERT_EQ(status.code(), Code::invalid_argument);
  EXPECT_NE(status.message().find("format 2 of"), std::string::npos);
  EXPECT_NE(status.message().find("take a new directory"), std::string::npos);
}

TEST(Format, AFormatThatNoStepLeavesIsDamage) {
  FakeSteps fake;
  EXPECT_EQ(fake.run(3).code(), Code::damaged);
  EXPECT_TRUE(fake.ran.empty());
}

}  // namespace
}  // namespace tenuto::testing
