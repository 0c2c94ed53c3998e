#include "core/plan/validate.h"

#include <gtest/gtest.h>

#include "core/base/limits.h"
#include "core/plan/plan.h"
#include "tests/unit/plan/plan_text.h"

namespace tenuto {
namespace {

using testing::workflow;

std::string problem(const std::string& definition) {
  const Result<WorkflowSpec> spec = parse_workflow(definition);
  return spec.ok() ? to_text(validate(*spec)) : "does not parse: " + spec.status().message();
}

std::string tasks_problem(const std::string& tasks) {
  return problem(workflow(tasks));
}

TEST(Validate, EmptyWorkflowIsLegal) {
  EXPECT_EQ(tasks_problem(""), "");
}

TEST(Validate, NamesAreUnique) {
  EXPECT_EQ(tasks_problem("\n\"a\": {\"use\": \"f\"},\n  \"a\": {\"use\": \"g\"}"),
            "line 3, column 3: the name `a` is given twice: first at line 2, column 1; rename one");
  EXPECT_EQ(tasks_problem(
                "\n\"a\": {\"use\": \"f\"}, \"s\": {\"switch\": [{\"tasks\": {\n\"a\": {\"use\": \"g\"}}}]}"),
            "line 3, column 1: the name `a` is given twice: first at line 2, column 1; rename one");
}

TEST(Validate, NamesAreReadable) {
  EXPECT_EQ(tasks_problem(R"(
"a/b": {"use": "f"})"),
            "line 2, column 1: the node name `a/b` can't be used: it holds a `/`, which separates the parts "
            "of a path");
  EXPECT_EQ(tasks_problem("\n\"\": {\"use\": \"f\"}"),
            "line 2, column 1: the node name `` can't be used: it is empty");
  EXPECT_EQ(tasks_problem("\n\"input\": {\"use\": \"f\"}"),
            "line 2, column 1: a node can't be named `input`: expressions use the word; rename it");
  EXPECT_EQ(tasks_problem("\n\"tasks\": {\"use\": \"f\"}"),
            "line 2, column 1: a node can't be named `tasks`: expressions use the word; rename it");
  EXPECT_EQ(problem(R"({"tenuto": 1, "name": "a/b", "tasks": {}})"),
            "line 1, column 23: the workflow name `a/b` can't be used: it holds a `/`, which separates the "
            "parts of a path");
  EXPECT_EQ(tasks_problem("\n\"a\": {\"use\": \"f\\n\"}"),
            "line 2, column 1: task `a`: the action `f?` can't be used: it holds a control character");
  EXPECT_EQ(tasks_problem("\n\"a\": {\"use\": \"f\", \"pool\": \"\"}"),
            "line 2, column 1: task `a`: the pool `` can't be used: it is empty");
}

TEST(Validate, MadeSwitchesHaveNamesToo) {
  EXPECT_EQ(tasks_problem("\n\"a\": {\"use\": \"f\", \"if\": \"true\"},\n\"if:a\": {\"use\": \"f\"}"),
            "line 3, column 1: the name `if:a` is taken by the switch that the `if` of task `a` makes; "
            "rename this node");
  const std::string longest(limits::kNameBytesMax - 3, 'x');
  EXPECT_EQ(tasks_problem("\"" + longest + R"(": {"use": "f", "if": "true"})"), "");
  const std::string text = tasks_problem("\"" + longest + R"(y": {"use": "f", "if": "true"})");
  EXPECT_NE(text.find("is too long for a task with `if`: at most 252 bytes"), std::string::npos) << text;
  EXPECT_EQ(
      tasks_problem(
          "\n\"a\": {\"use\": \"f\", \"if\": \"true\"},\n\"b\": {\"use\": \"f\", \"needs\": [\"if:a\"]}"),
      "line 3, column 29: task `b` needs `if:a`, which does not exist; define it or remove it");
}

TEST(Validate, NeedsAreKnown) {
  EXPECT_EQ(tasks_problem(
                "\n\"tests\": {\"use\": \"f\"},\n\"b\": {\"use\": \"f\", \"needs\": [\"tests\", \"tets\"]}"),
            "line 3, column 38: task `b` needs `tets`, which does not exist; did you mean `tests`?");
  EXPECT_EQ(tasks_problem("\n\"b\": {\"use\": \"f\", \"needs\": [\"deploy\"]}"),
            "line 2, column 29: task `b` needs `deploy`, which does not exist; define it or remove it");
  EXPECT_EQ(tasks_problem("\n\"b\": {\"use\": \"f\", \"needs\": [\"b\"]}"),
            "line 2, column 29: task `b` needs itself; remove it from `needs`");
}

TEST(Validate, NamesInExpressionsAreKnown) {
  EXPECT_EQ(
      tasks_problem(
          "\n\"build\": {\"use\": \"f\"},\n\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${biuld.y}\"}}"),
      "line 3, column 27: `with` of task `b` refers to `biuld`, which does not exist; did you mean `build`?");
  EXPECT_EQ(
      tasks_problem("\n\"b\": {\"use\": \"f\", \"if\": \"imput.x\"}"),
      "line 2, column 25: `if` of task `b` refers to `imput`, which does not exist; did you mean `input`?");
  EXPECT_EQ(tasks_problem("\n\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${tasks[\\\"no-such\\\"]}\"}}"),
            "line 2, column 27: `with` of task `b` refers to `no-such`, which does not exist; define it or "
            "remove it");
  EXPECT_EQ(problem("{\"tenuto\": 1, \"name\": \"w\", \"tasks\": {},\n\"output\": \"${done}\"}"),
            "line 2, column 11: `output` refers to `done`, which does not exist; define it or remove it");
  EXPECT_EQ(tasks_problem("\n\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${b}\"}}"),
            "line 2, column 27: `with` of task `b` refers to `b`, which is its own result and does not exist "
            "yet; refer to "
            "another task");
}

TEST(Validate, ExpressionsCompile) {
  const std::string text = tasks_problem("\n\"b\": {\"use\": \"f\", \"if\": \"input.x >\"}");
  EXPECT_TRUE(text.starts_with("line 2, column 25: `if` of task `b`: column ")) << text;
  const std::string pattern = tasks_problem("\n\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${1 +}\"}}");
  EXPECT_TRUE(pattern.starts_with("line 2, column 27: `with` of task `b`: ")) << pattern;
}

TEST(Validate, SwitchesHaveNoResult) {
  EXPECT_EQ(
      tasks_problem(
          "\n\"s\": {\"switch\": [{\"tasks\": {}}]},\n\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${s}\"}}"),
      "line 3, column 27: `with` of task `b` refers to `s`, which is a switch and has no result; refer to a "
      "task in "
      "its arms");
}

const std::string kTwoArms =
    "\"s\": {\"switch\": [{\"if\": \"true\", \"tasks\": {\"a\": {\"use\": \"f\"}}}, {\"tasks\": {\n";

TEST(Validate, ValuesStayInTheirArms) {
  EXPECT_EQ(tasks_problem(kTwoArms + "}}]},\n\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${a}\"}}"),
            "line 3, column 27: `with` of task `b` refers to `a`, which is made in an arm of switch `s` that "
            "may not be "
            "taken; use it inside that arm only");
  EXPECT_EQ(tasks_problem(kTwoArms + "\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${a}\"}}}}]}"),
            "line 2, column 27: `with` of task `b` refers to `a`, which stands in another arm of switch `s`: "
            "only one of "
            "them is taken; do both in one arm");
  EXPECT_EQ(tasks_problem("\"s\": {\"switch\": [{\n\"if\": \"a.x\", \"tasks\": {\"a\": {\"use\": \"f\"}}}]}"),
            "line 2, column 7: `if` of switch `s` refers to `a`, which is made in an arm of switch `s` that "
            "may not be "
            "taken; use it inside that arm only");
}

TEST(Validate, ValuesReachInnerArmsAndTheOutput) {
  EXPECT_EQ(
      problem(
          R"({"tenuto": 1, "name": "w", "output": "${a}", "tasks": {"s": {"switch": [{"if": "true", "tasks": {
      "a": {"use": "f"},
      "t": {"switch": [{"if": "a.x", "tasks": {"b": {"use": "f", "if": "a.y", "with": {"x": "${a}"}}}}]}}}]}}})"),
      "");
}

TEST(Validate, TasksWithIfMayBeUsed) {
  EXPECT_EQ(tasks_problem(
                R"("a": {"use": "f", "if": "true"}, "b": {"use": "f", "with": {"x": "${a}"}, "if": "a.x"})"),
            "");
}

TEST(Validate, NeedsMayCrossArms) {
  EXPECT_EQ(tasks_problem(kTwoArms +
                          R"("b": {"use": "f", "needs": ["a"]}}}]}, "c": {"use": "f", "needs": ["a", "s"]})"),
            "");
  EXPECT_EQ(
      tasks_problem("\"s\": {\"switch\": [{\"tasks\": {\n\"a\": {\"use\": \"f\", \"needs\": [\"s\"]}}}]}"),
      "line 2, column 29: task `a` needs `s`, in whose arm it stands and which it waits for anyway; remove "
      "it from "
      "`needs`");
}

TEST(Validate, TheArmWithoutConditionIsTheLast) {
  EXPECT_EQ(tasks_problem("\"s\": {\"switch\": [{\"tasks\": {}},\n {\"if\": \"true\", \"tasks\": {}}]}"),
            "line 2, column 2: this arm of switch `s` is never taken: the one before it has no `if`; put "
            "that one last");
}

TEST(Validate, CyclesAreNamed) {
  EXPECT_EQ(
      tasks_problem(
          "\n\"a\": {\"use\": \"f\", \"needs\": [\"b\"]},\n\"b\": {\"use\": \"f\", \"needs\": [\"a\"]}"),
      "line 2, column 1: task `a` waits for itself: a -> b -> a; remove one of these references");
  EXPECT_EQ(tasks_problem(
                "\n\"c\": {\"use\": \"f\", \"needs\": [\"a\"]},\n\"a\": {\"use\": \"f\", \"if\": \"b.x\"},\n"
                "\"b\": {\"use\": \"f\", \"with\": {\"x\": \"${a}\"}}"),
            "line 3, column 1: task `a` waits for itself: a -> b -> a; remove one of these references");
  EXPECT_EQ(tasks_problem("\n\"x\": {\"use\": \"f\", \"needs\": [\"s\"]},\n\"s\": {\"switch\": [{\"tasks\": "
                          "{\"y\": {\"use\": "
                          "\"f\", \"needs\": [\"x\"]}}}]}"),
            "line 2, column 1: task `x` waits for itself: x -> y -> x; remove one of these references");
}

TEST(Validate, EveryCycleIsReportedOnce) {
  EXPECT_EQ(
      tasks_problem(
          "\n\"a\": {\"use\": \"f\", \"needs\": [\"b\"]},\n\"b\": {\"use\": \"f\", \"needs\": [\"a\"]},\n"
          "\"c\": {\"use\": \"f\", \"needs\": [\"d\", \"a\"]},\n\"d\": {\"use\": \"f\", \"needs\": [\"c\"]}"),
      "line 2, column 1: task `a` waits for itself: a -> b -> a; remove one of these references\n"
      "line 4, column 1: task `c` waits for itself: c -> d -> c; remove one of these references");
}

TEST(Validate, LongCyclesAreCut) {
  WorkflowSpec spec;
  spec.name = "w";
  for (int i = 0; i < 1000; ++i) {
    NodeSpec& node = spec.nodes.emplace_back();
    node.name = "n" + std::to_string(i);
    node.action = "f";
    node.needs.push_back({"n" + std::to_string((i + 999) % 1000), {}});
  }
  EXPECT_EQ(to_text(validate(spec)),
            "task `n0` waits for itself: n0 -> n1 -> n2 -> n3 -> n4 -> n5 -> n6 -> n7 -> n8 -> n9 -> … (990 "
            "more) -> n0; "
            "remove one of these references");
}

TEST(Validate, ReportsAllProblemsInTheOrderOfTheText) {
  EXPECT_EQ(
      tasks_problem(
          "\n\"a\": {\"use\": \"f\", \"needs\": [\"x1\"]},\n\"a\": {\"use\": \"f\", \"needs\": [\"x2\"]}"),
      "line 2, column 29: task `a` needs `x1`, which does not exist; define it or remove it\n"
      "line 3, column 1: the name `a` is given twice: first at line 2, column 1; rename one\n"
      "line 3, column 29: task `a` needs `x2`, which does not exist; define it or remove it");
}

WorkflowSpec made_spec() {
  WorkflowSpec spec;
  spec.name = "w";
  spec.nodes.emplace_back().name = "a";
  spec.nodes.back().action = "f";
  return spec;
}

TEST(Validate, ChecksWhatProgramsMade) {
  WorkflowSpec spec = made_spec();
  EXPECT_EQ(to_text(validate(spec)), "");
  spec.nodes[0].with.text = "{";
  EXPECT_TRUE(to_text(validate(spec)).starts_with("`with` of task `a` is no JSON: "))
      << to_text(validate(spec));
  spec.nodes[0].with.text = "[]";
  EXPECT_EQ(to_text(validate(spec)), "`with` of task `a` must be an object");
  spec = made_spec();
  spec.nodes[0].action.clear();
  EXPECT_EQ(to_text(validate(spec)), "node `a` has neither an action nor arms; add the action as `use`");
  spec = made_spec();
  spec.nodes[0].arms.emplace_back();
  EXPECT_EQ(to_text(validate(spec)),
            "switch `a` has an action or a condition of its own; put it into the arms");
  spec = made_spec();
  spec.nodes[0].policy.timeout = 1;
  EXPECT_EQ(to_text(validate(spec)), "task `a`: `timeout`: it is not a whole number of milliseconds");
  spec = made_spec();
  spec.defaults.retry = RetrySpec{limits::kAttemptsMax + 1};
  EXPECT_EQ(to_text(validate(spec)),
            "`defaults`: `retry`: `attempts` must be at most " + std::to_string(limits::kAttemptsMax));
  spec = made_spec();
  spec.labels = "1";
  spec.input_schema = "x";
  EXPECT_TRUE(to_text(validate(spec)).starts_with("`input` is no JSON: ")) << to_text(validate(spec));
}

TEST(Validate, SizesAreLimited) {
  WorkflowSpec spec = made_spec();
  NodeSpec node = spec.nodes[0];
  node.action.clear();
  node.arms.resize(kSwitchArmsMax + 1);
  for (ArmSpec& arm : node.arms) arm.condition = SourceText{"true", {}};
  spec.nodes[0] = node;
  EXPECT_EQ(to_text(validate(spec)), "switch `a` has 1025 arms, more than 1024; nest switches");
  spec.nodes[0].arms.pop_back();
  EXPECT_EQ(to_text(validate(spec)), "");
}

}  // namespace
}  // namespace tenuto
