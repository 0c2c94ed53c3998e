#include "core/expr/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tenuto::expr {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(ByteView text) {
  const Result<Program> program = compile(text);
  EXPECT_TRUE(program.ok()) << program.status().message();
  return {program->names().begin(), program->names().end()};
}

TEST(Compile, NamesComeInOrderOfFirstUse) {
  EXPECT_THAT(names_of("b.x > a && b.y < c[d]"), ElementsAre("b", "a", "c", "d"));
  EXPECT_THAT(names_of("1 + 2"), ElementsAre());
  EXPECT_THAT(names_of("has(input.x) ? input.x : fallback"), ElementsAre("input", "fallback"));
}

TEST(Compile, QuotedTaskNamesAreNames) {
  EXPECT_THAT(names_of("tasks[\"deploy-prod\"].ok && tasks['a b'] == tasks[\"deploy-prod\"]"),
              ElementsAre("deploy-prod", "a b"));
  EXPECT_THAT(names_of("tasks[x]"), ElementsAre("tasks", "x"));
  EXPECT_THAT(names_of("a.tasks['b']"), ElementsAre("a"));
}

TEST(Compile, KnowsItsTextAndASingleName) {
  const Result<Program> program = compile(" input ");
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(program->text(), " input ");
  EXPECT_EQ(program->single_name(), 0);
  EXPECT_EQ(compile("tasks['x-y']")->single_name(), 0);
  EXPECT_EQ(compile("input.x")->single_name(), -1);
  EXPECT_EQ(compile("'input'")->single_name(), -1);
}

TEST(Compile, UnknownFunctionsAreErrors) {
  EXPECT_EQ(compile("1 + f(2)").status().message(), "line 1, column 5: unknown function `f` with 1 argument");
  EXPECT_EQ(compile("a.f(2, 3)").status().message(),
            "line 1, column 3: unknown function `f` with 2 arguments behind a dot");
  EXPECT_EQ(compile("size(1, 2)").status().message(),
            "line 1, column 1: no form of the function `size` with 2 arguments");
}

TEST(Compile, ProgramsOfOneTextShareTheirNames) {
  std::vector<std::string> names;
  const ByteView whole = "${a.x} and ${b + a}";
  const Result<Program> first = compile_within(whole, 2, 5, names);
  const Result<Program> second = compile_within(whole, 13, 18, names);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(names, ElementsAre("a", "b"));
  EXPECT_EQ(first->text(), "a.x");
  EXPECT_EQ(second->text(), "b + a");
}

}  // namespace
}  // namespace tenuto::expr
