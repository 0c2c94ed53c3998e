#include "core/machine/operands.h"

#include "tests/unit/machine/fixture.h"

namespace tenuto::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Operands, AnArgumentHoldsTheValuesItUses) {
  MachineWorld world(build_plan({{a_task(), a_task(), a_task({}, {1, 0})}}));
  ASSERT_TRUE(world.done(0, R"("x")").ok());
  ASSERT_TRUE(world.done(1, "[1, 2]").ok());
  Evaluation evaluation;
  const auto argument = argument_of(world.run(), TaskIndex{2}, evaluation);
  ASSERT_TRUE(argument.ok());
  EXPECT_EQ(argument->view(), R"({"n1":[1, 2],"n0":"x"})");
  EXPECT_EQ(*argument_of(world.run(), TaskIndex{2}, evaluation), *argument);
  EXPECT_EQ(argument_of(world.run(), TaskIndex{0}, evaluation)->view(), "{}");
}

// One task whose argument is the pattern.
PlanRef with_argument(const std::string& pattern) {
  Plan::Parts parts;
  parts.rows.resize(2);
  parts.policies.resize(1);
  parts.actions = {"act"};
  parts.templates.push_back(make_template(pattern));
  parts.argument_of = {0};
  parts.names = {{0, 4}, "only"};
  return std::make_shared<const Plan>(std::move(parts));
}

TEST(Operands, AnArgumentSeesTheInput) {
  MachineWorld world(with_argument(R"({"a":"${input.x}"})"), Payload::json(R"({"x":[true]})"));
  Evaluation evaluation;
  EXPECT_EQ(argument_of(world.run(), TaskIndex{0}, evaluation)->view(), R"({"a":[true]})");
}

TEST(Operands, AnArgumentThatCannotBeMadeNamesItsNode) {
  MachineWorld world(with_argument(R"({"a":"${input.nowhere}"})"), Payload::json("{}"));
  Evaluation evaluation;
  const auto argument = argument_of(world.run(), TaskIndex{0}, evaluation);
  EXPECT_EQ(argument.code(), Code::invalid_argument);
  EXPECT_THAT(argument.status().message(), HasSubstr("node `only`: "));
}

TEST(Operands, AValueThatIsNotJsonIsAnErrorAndNoCrash) {
  MachineWorld world(with_argument(R"({"a":"${input.x}"})"), Payload::make(ContentType::bytes, "\xff\x00{"));
  Evaluation evaluation;
  EXPECT_EQ(argument_of(world.run(), TaskIndex{0}, evaluation).code(), Code::invalid_argument);
}

TEST(Operands, AResultOfBytesIsNoArgumentEvenWhenItReadsAsJson) {
  MachineWorld world(build_plan({{a_task(), a_task({}, {0})}}));
  ASSERT_TRUE(world.done(0, Payload::make(ContentType::bytes, "12")).ok());
  Evaluation evaluation;
  const auto argument = argument_of(world.run(), TaskIndex{1}, evaluation);
  EXPECT_EQ(argument.code(), Code::invalid_argument);
  EXPECT_THAT(argument.status().message(), HasSubstr("node `n1`: the result of `n0` is bytes"));
}

TEST(Operands, TheOutputIsNullWithoutATemplate) {
  MachineWorld world(build_plan({{a_task()}}));
  Evaluation evaluation;
  EXPECT_TRUE(output_of(world.run(), evaluation)->is_null_json());
}

TEST(Operands, SkippedValuesAreNullInTheOutput) {
  PlanShape shape{{a_switch({always_false()}), in_arm(0, 0), a_task()}, {1, 2}};
  MachineWorld world(build_plan(shape));
  ASSERT_TRUE(world.done(2, "3").ok());
  EXPECT_EQ(world.run().output().view(), R"({"n1":null,"n2":3})");
}

TEST(Operands, AResultThatIsNotThereYetIsAnError) {
  MachineWorld world(build_plan({{a_task(), a_task({}, {0})}}));
  Evaluation evaluation;
  const auto argument = argument_of(world.run(), TaskIndex{1}, evaluation);
  EXPECT_EQ(argument.code(), Code::invalid_argument);
  EXPECT_THAT(argument.status().message(), HasSubstr("node `n1`"));
}

TEST(Operands, AnArgumentThatIsASkippedValueIsNull) {
  MachineWorld world(build_plan({{a_switch({always_false()}), in_arm(0, 0), a_task({}, {1}), a_task()}}));
  ASSERT_EQ(world.state(1), TaskState::skipped);
  Evaluation evaluation;
  const auto argument = argument_of(world.run(), TaskIndex{2}, evaluation);
  ASSERT_TRUE(argument.ok()) << argument.status().message();
  EXPECT_TRUE(argument->is_null_json());
}

// The arm of the switch 3 over the results of 0 and 1; 2 is skipped.
Result<std::uint32_t> arm_of(std::vector<ConditionShape> arms, const char* first, const char* second) {
  MachineWorld world(build_plan(
      {{a_task(), a_task(), in_arm(4, 0), a_switch(std::move(arms)), a_switch({always_false()})}}));
  // Choosing is pure: here it is asked again after the run has done it.
  TN_CHECK(world.done(1, second).ok());
  TN_CHECK(world.done(0, first).ok());
  Evaluation evaluation;
  return choose_arm(world.run(), TaskIndex{3}, evaluation);
}

TEST(Operands, ArmsAreAskedInTheirOrder) {
  EXPECT_EQ(*arm_of({any_of({0}), any_of({1}), otherwise()}, "true", "true"), 0u);
  EXPECT_EQ(*arm_of({any_of({0}), any_of({1}), otherwise()}, "false", "true"), 1u);
  EXPECT_EQ(*arm_of({any_of({0}), any_of({1}), otherwise()}, "false", "false"), 2u);
  EXPECT_EQ(*arm_of({any_of({0}), any_of({1})}, "false", "false"), SwitchChosen::kNoArm);
}

TEST(Operands, AConditionThatIsNotReachedIsNotAsked) {
  EXPECT_EQ(*arm_of({any_of({0}), any_of({1})}, "true", "7"), 0u);
  const auto wrong = arm_of({any_of({0}), any_of({1})}, "false", "7");
  EXPECT_EQ(wrong.code(), Code::invalid_argument);
  EXPECT_THAT(wrong.status().message(), HasSubstr("node `n3`: "));
  EXPECT_THAT(wrong.status().message(), Not(HasSubstr("is bytes"))) << "that is another mistake";
}

TEST(Operands, ASkippedValueActsLikeAnErrorThatIsFalseInTheEnd) {
  EXPECT_EQ(*arm_of({any_of({2})}, "true", "true"), SwitchChosen::kNoArm);
  EXPECT_EQ(*arm_of({any_of({2, 0})}, "true", "true"), 0u);
  EXPECT_EQ(*arm_of({any_of({2, 0})}, "false", "true"), SwitchChosen::kNoArm);
  EXPECT_EQ(*arm_of({all_of({2, 0}), otherwise()}, "true", "true"), 1u);
  // An error is worse than a skipped value.
  EXPECT_FALSE(arm_of({any_of({2, 0})}, "7", "true").ok());
}

}  // namespace
}  // namespace tenuto::testing
