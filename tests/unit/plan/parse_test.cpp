#include "core/plan/parse.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/limits.h"
#include "tests/unit/plan/plan_text.h"

namespace tenuto {
namespace {

using testing::workflow;

std::string problem(const std::string& text) {
  const Result<WorkflowSpec> spec = parse_workflow(text);
  if (spec.ok()) return "";
  EXPECT_EQ(spec.code(), Code::invalid_argument);
  return spec.status().message();
}

TEST(ParseWorkflow, ReadsEverything) {
  const Result<WorkflowSpec> parsed = parse_workflow(R"({
  "tenuto": 1, "name": "all", "description": "about",
  "input": {"type": "object"}, "labels": {"team": "a"},
  "defaults": {"retry": 2, "timeout": "1h", "pool": "docker", "pure": true},
  "tasks": {
    "a": {"use": "py:m.f", "with": {"x": [1, 2]}, "needs": ["s"], "if": "input.go", "pool": "p", "pure": false,
          "retry": {"attempts": 3, "backoff": "2s", "factor": 1.5, "max": "1m", "jitter": "none"},
          "timeout": "30s", "description": "d", "labels": {"k": 1}},
    "s": {"needs": ["\u0062"], "switch": [{"if": "input.x == 1", "tasks": {"b": {"use": "f"}}}, {"tasks": {}}]}
  },
  "output": "${a}"
})");
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  const WorkflowSpec& spec = *parsed;
  EXPECT_EQ(spec.name, "all");
  EXPECT_EQ(spec.description, "about");
  EXPECT_EQ(spec.input_schema, R"({"type": "object"})");
  EXPECT_EQ(spec.labels, R"({"team": "a"})");
  EXPECT_EQ(spec.defaults.retry->attempts, 2u);
  EXPECT_EQ(*spec.defaults.timeout, 3600 * kSecond);
  EXPECT_EQ(*spec.defaults.pool, "docker");
  EXPECT_TRUE(*spec.defaults.pure);
  EXPECT_EQ(spec.output->text, "\"${a}\"");
  ASSERT_EQ(spec.nodes.size(), 2u);
  const NodeSpec& a = spec.nodes[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.at.line, 6u);
  EXPECT_EQ(a.at.column, 5u);
  EXPECT_EQ(a.action, "py:m.f");
  EXPECT_EQ(a.with.text, R"({"x": [1, 2]})");
  EXPECT_EQ(a.with.at.column, 36u);
  ASSERT_EQ(a.needs.size(), 1u);
  EXPECT_EQ(a.needs[0].name, "s");
  EXPECT_EQ(a.needs[0].at.column, 61u);
  EXPECT_EQ(a.condition->text, "input.go");
  EXPECT_EQ(*a.policy.retry, (RetrySpec{3, 2 * kSecond, 1.5, 60 * kSecond, false}));
  EXPECT_EQ(*a.policy.timeout, 30 * kSecond);
  EXPECT_EQ(*a.policy.pool, "p");
  EXPECT_FALSE(*a.policy.pure);
  EXPECT_EQ(a.labels, R"({"k": 1})");
  const NodeSpec& s = spec.nodes[1];
  EXPECT_EQ(s.needs[0].name, "b");
  ASSERT_EQ(s.arms.size(), 2u);
  EXPECT_EQ(s.arms[0].condition->text, "input.x == 1");
  EXPECT_EQ(s.arms[0].nodes[0].name, "b");
  EXPECT_FALSE(s.arms[1].condition);
}

TEST(ParseWorkflow, ColumnsCountCodePoints) {
  EXPECT_EQ(problem("{\"tenuto\": 1, \"name\": \"größe\", \"x\": 1, \"tasks\": {}}"),
            "line 1, column 32: unknown key `x` in the workflow");
}

TEST(ParseWorkflow, NullOutputIsNone) {
  const Result<WorkflowSpec> spec = parse_workflow(R"({"tenuto":1,"name":"w","tasks":{},"output":null})");
  ASSERT_TRUE(spec.ok());
  EXPECT_FALSE(spec->output);
}

TEST(ParseWorkflow, ReportsSyntaxWithItsPlace) {
  EXPECT_EQ(problem(""), "line 1, column 1: expected an object, the text ends here");
  EXPECT_EQ(problem("[]"), "line 1, column 1: expected an object, found `[`");
  EXPECT_EQ(problem("{"), "line 1, column 2: expected a key in double quotes, the text ends here");
  EXPECT_EQ(problem("{\"tenuto\" 1}"), "line 1, column 11: expected `:` after the key, found `1`");
  EXPECT_EQ(problem("{\"tenuto\": 1 \"name\": \"w\"}"), "line 1, column 14: expected `,` or `}`, found `\"`");
  EXPECT_EQ(problem("{\"tenuto\": 1,}"), "line 1, column 14: expected a key in double quotes, found `}`");
  EXPECT_EQ(problem("{\"tenuto\": 1, \"name"), "line 1, column 15: this string has no closing quote");
  EXPECT_EQ(problem("{\"tenuto\": }"), "line 1, column 12: expected a value, found `}`");
  EXPECT_EQ(problem(workflow("") + " x"), "line 1, column 41: expected the end, found `x`");
  EXPECT_EQ(problem("{\"tenuto\": 1, \"name\": \"\xFF\"}"), "the definition is not valid UTF-8 text");
}

TEST(ParseWorkflow, ReportsWrongValuesWithTheirPlace) {
  const std::string broken = problem(
      "{\"tenuto\": 1,\n \"name\": \"w\",\n \"tasks\": {\"a\": {\"use\": \"f\",\n  \"with\": {\"x\": 1,\n   "
      "\"y\": 01}}}}");
  EXPECT_TRUE(broken.starts_with("line 5, column ")) << broken;
  const std::string twice = problem(workflow(R"("a": {"use": "f", "with": {"x": 1, "x": 2}})"));
  EXPECT_TRUE(twice.starts_with("line 1, column ")) << twice;
  EXPECT_NE(twice.find("`x`"), std::string::npos) << twice;
}

TEST(ParseWorkflow, ReportsMissingKeys) {
  EXPECT_EQ(problem("{}"),
            "line 1, column 1: the workflow has no `tenuto`; add \"tenuto\": 1\n"
            "line 1, column 1: the workflow has no `name`; add it\n"
            "line 1, column 1: the workflow has no `tasks`; add it");
  EXPECT_EQ(problem(workflow(R"("a": {})")),
            "line 1, column 38: node `a` has neither `use` nor `switch`; add the action as `use`");
  EXPECT_EQ(problem(workflow(R"("s": {"switch": [{"if": "true"}]})")),
            "line 1, column 55: an arm has no `tasks`; add \"tasks\": {}");
  EXPECT_EQ(problem(workflow(R"("s": {"switch": []})")),
            "line 1, column 54: switch `s` has no arm; add one or remove it");
}

TEST(ParseWorkflow, ReportsUnknownAndRepeatedKeys) {
  EXPECT_EQ(problem(workflow("\n\"a\": {\"use\": \"f\",\n \"retries\": 1}")),
            "line 3, column 2: unknown key `retries` in a node; did you mean `retry`?");
  EXPECT_EQ(problem(workflow("\n\"a\": {\"use\": \"f\",\n \"use\": \"g\"}")),
            "line 3, column 2: the key `use` stands twice in a node, the first time at line 2, column 7; "
            "remove one");
  EXPECT_EQ(problem(workflow(R"("s": {"switch": [{"iff": "true", "tasks": {}}]})")),
            "line 1, column 56: unknown key `iff` in an arm; did you mean `if`?");
}

TEST(ParseWorkflow, KeepsTasksOfSwitchesApart) {
  EXPECT_EQ(problem(workflow(R"("s": {"use": "f", "retry": 1, "switch": [{"tasks": {}}]})")),
            "line 1, column 44: `use` can't stand beside `switch` in node `s`; put it into the arms\n"
            "line 1, column 56: `retry` can't stand beside `switch` in node `s`; put it into the arms");
}

TEST(ParseWorkflow, ReportsWrongTypes) {
  EXPECT_EQ(problem(R"({"tenuto": "1", "name": 5, "tasks": [], "input": 1, "labels": "x", "defaults": 1})"),
            "line 1, column 12: `tenuto` must be the format version 1, found string\n"
            "line 1, column 25: `name` must be text in quotes, found integer\n"
            "line 1, column 37: `tasks` must be an object of nodes by name, found array\n"
            "line 1, column 50: `input` must be an object, found integer\n"
            "line 1, column 63: `labels` must be an object, found string\n"
            "line 1, column 80: `defaults` must be an object, found integer");
  EXPECT_EQ(problem(R"({"tenuto": 2, "name": "w", "tasks": {}})"),
            "line 1, column 12: format version 2 is newer than this program, which reads 1; update it");
  EXPECT_EQ(problem(workflow(
                R"("a": 1, "b": {"use": 1, "needs": "a", "with": []}, "c": {"use": "f", "needs": [1]},)"
                R"("d": {"use": ""}, "e": {"switch": {}}, "f": {"switch": [1]})")),
            "line 1, column 43: a node must be an object with `use` or `switch`, found integer\n"
            "line 1, column 59: `use` must be text in quotes, found integer\n"
            "line 1, column 71: `needs` must be a list of node names, found string\n"
            "line 1, column 84: `with` must be an object, found array\n"
            "line 1, column 117: an element of `needs` must be a node name in quotes, found integer\n"
            "line 1, column 134: `use` is empty\n"
            "line 1, column 155: `switch` must be a list of arms, found object\n"
            "line 1, column 177: an arm must be an object with `if` and `tasks`, found integer");
}

std::string policy_problem(const std::string& keys) {
  return problem(workflow("\n\"a\": {\"use\": \"f\", " + keys + "}"));
}

TEST(ParseWorkflow, ReportsWrongPolicies) {
  EXPECT_EQ(policy_problem(R"("timeout": 30)"),
            "line 2, column 19: `timeout` must be a duration in quotes like \"30s\", found integer");
  EXPECT_EQ(policy_problem(R"("timeout": "30")"),
            "line 2, column 19: `timeout`: `30` is no duration: a number has no unit (ms s m h d)");
  EXPECT_EQ(policy_problem(R"("pool": 1)"),
            "line 2, column 19: `pool` must be a name in quotes, found integer");
  EXPECT_EQ(policy_problem(R"("pure": "yes")"),
            "line 2, column 19: `pure` must be true or false, found string");
  EXPECT_EQ(policy_problem(R"("retry": -1)"),
            std::string("line 2, column 19: `retry` must be a number of further tries from 0 to ") +
                std::to_string(limits::kAttemptsMax) + ", or an object with `attempts`");
  EXPECT_EQ(policy_problem(R"("retry": {})"),
            "line 2, column 19: `retry` has no `attempts`; add the number of further tries");
  EXPECT_EQ(policy_problem(R"("retry": {"attempts": 1, "factor": 0.5})"),
            "line 2, column 19: `retry`: `factor` must be a number of at least 1");
  EXPECT_EQ(policy_problem(R"("retry": {"attempts": 1, "factor": "2"})"),
            "line 2, column 19: `factor` must be a number of at least 1, found string");
  EXPECT_EQ(policy_problem(R"("retry": {"attempts": 1, "jitter": "some"})"),
            "line 2, column 19: `jitter` must be \"full\" or \"none\"");
  EXPECT_EQ(policy_problem(R"("retry": {"attempts": 1, "backof": "1s"})"),
            "line 2, column 19: unknown key `backof` in `retry`; did you mean `backoff`?");
  EXPECT_EQ(policy_problem(R"("retry": {"attempts": 1, "backoff": "2h"})"),
            "line 2, column 19: `retry`: `max` (1h) is shorter than `backoff` (2h); set `max` to the longest "
            "delay");
}

std::string nested(std::uint32_t depth) {
  std::string text = R"("t": {"use": "f"})";
  for (std::uint32_t i = 0; i < depth; ++i) {
    text = "\"s" + std::to_string(i) + R"(": {"switch": [{"tasks": {)" + text + "}}]}";
  }
  return workflow(text);
}

TEST(ParseWorkflow, ArmsNestUpToTheLimit) {
  EXPECT_EQ(problem(nested(limits::kDepthMax)), "");
  EXPECT_NE(problem(nested(limits::kDepthMax + 1)).find("arms nest deeper than 64"), std::string::npos);
  EXPECT_NE(problem(std::string(1'000'000, '[')), "");
  EXPECT_NE(problem("{\"a\": " + std::string(1'000'000, '[')), "");
}

TEST(ParseWorkflow, KeepsTheFirstHundredProblems) {
  std::string tasks;
  for (int i = 0; i < 150; ++i)
    tasks += (i == 0 ? "" : ",") + std::string("\"t") + std::to_string(i) + "\": 1";
  const std::string text = problem(workflow(tasks));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100);
  EXPECT_TRUE(text.ends_with("\nand 50 more problems")) << text;
}

}  // namespace
}  // namespace tenuto
