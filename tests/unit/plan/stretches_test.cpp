#include "core/plan/stretches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plan/compile.h"

namespace tenuto {
namespace {

std::vector<std::uint32_t> ends_of(const std::string& tasks) {
  auto plan = compile_workflow_text(R"({"tenuto": 1, "name": "w", "tasks": {)" + tasks + "}}");
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  const auto ends = (*plan)->stretch_ends();
  EXPECT_EQ((*plan)->ordered_end(), ends.empty() ? 0 : ends.back());
  return {ends.begin(), ends.end()};
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Stretches, AlikeTasksAreOne) {
  EXPECT_THAT(ends_of(""), IsEmpty());
  EXPECT_THAT(ends_of(R"("a": {"use": "x"})"), ElementsAre(1));
  EXPECT_THAT(ends_of(R"("a": {"use": "x"}, "b": {"use": "x", "needs": ["a"]}, "c": {"use": "x"})"),
              ElementsAre(3));
}

TEST(Stretches, AnotherActionPolicyOrArgumentBeginsANewOne) {
  EXPECT_THAT(ends_of(R"("a": {"use": "x"}, "b": {"use": "y"}, "c": {"use": "y"})"), ElementsAre(1, 3));
  EXPECT_THAT(ends_of(R"("a": {"use": "x"}, "b": {"use": "x", "pure": true})"), ElementsAre(1, 2));
  EXPECT_THAT(ends_of(R"("a": {"use": "x"}, "b": {"use": "x", "with": {"n": 1}}, "c": {"use": "x"})"),
              ElementsAre(1, 2, 3));
}

TEST(Stretches, TheOrderEndsBeforeASwitch) {
  EXPECT_THAT(ends_of(R"("a": {"use": "x"}, "b": {"use": "x"}, "s": {"switch": [{"if": "input.y", "tasks": {
                           "c": {"use": "x"}}}]}, "d": {"use": "x"})"),
              ElementsAre(2));
}

TEST(Stretches, TheOrderEndsBeforeWhatWaitsForALaterNode) {
  EXPECT_THAT(
      ends_of(
          R"("a": {"use": "x"}, "b": {"use": "x", "needs": ["d"]}, "c": {"use": "x"}, "d": {"use": "x"})"),
      ElementsAre(1));
  EXPECT_THAT(ends_of(R"("a": {"use": "x", "needs": ["b"]}, "b": {"use": "x"})"), IsEmpty());
  // Found behind a node that ends it already.
  EXPECT_THAT(
      ends_of(R"("a": {"use": "x"}, "b": {"use": "x", "needs": ["d"]}, "c": {"use": "x", "needs": ["d"]},
                         "s": {"switch": [{"if": "input.y", "tasks": {"e": {"use": "x"}}}]}, "d": {"use": "x"})"),
      ElementsAre(1));
}

}  // namespace
}  // namespace tenuto
