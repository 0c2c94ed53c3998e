#include "core/plan/canonical.h"

#include <gtest/gtest.h>

#include "core/plan/compile.h"
#include "core/plan/parse.h"
#include "tests/unit/plan/plan_text.h"

namespace tenuto {
namespace {

using testing::workflow;

std::string canonical(const std::string& definition) {
  const Result<WorkflowSpec> spec = parse_workflow(definition);
  EXPECT_TRUE(spec.ok()) << spec.status().message();
  NormalTexts texts;
  return canonical_form(*spec, texts);
}

TEST(Canonical, GoldenForm) {
  const std::string definition = R"({
  "name": "all", "tenuto": 1, "description": "left out",
  "output": {"b": "${a}", "a": 1.50},
  "labels": {"team": "x"}, "input": {"type": "object"},
  "defaults": {"retry": 2, "timeout": "90m", "pool": "docker", "pure": true},
  "tasks": {
    "b": {"with": {"z": 1, "a": "\u0041\n"}, "use": "f", "needs": ["s", "a", "a"], "if": "input.go", "description": "out",
          "labels": {"k": 1}},
    "a": {"use": "g", "pool": "default", "pure": false, "retry": 0, "timeout": "120s"},
    "s": {"switch": [{"tasks": {"c": {"use": "h", "retry": {"attempts": 1, "jitter": "none"}}}, "if": "true"}, {"tasks": {}}],
          "needs": ["a"], "description": "out"}
  }
})";
  const std::string expected =
      R"({"input":{"type":"object"},"labels":{"team":"x"},"name":"all","output":{"a":1.5,"b":"${a}"},"tasks":{)"
      R"("b":{"if":"input.go","labels":{"k":1},"needs":["a","s"],"pool":"docker","pure":true,)"
      R"("retry":{"attempts":2,"backoff":"1s","factor":2.0,"jitter":"full","max":"1h"},"timeout":"90m","use":"f",)"
      R"("with":{"a":"A\n","z":1}},)"
      R"("a":{"timeout":"2m","use":"g"},)"
      R"("s":{"needs":["a"],"switch":[{"if":"true","tasks":{"c":{"pool":"docker","pure":true,)"
      R"("retry":{"attempts":1,"backoff":"1s","factor":2.0,"jitter":"none","max":"1h"},"timeout":"90m","use":"h"}}},)"
      R"({"tasks":{}}]}},"tenuto":1})";
  EXPECT_EQ(canonical(definition), expected);
  EXPECT_EQ(canonical(expected), expected);
}

TEST(Canonical, TheHashNeverChanges) {
  // Stored runs name their workflow by this number: a change here orphans them.
  const Result<PlanRef> plan = compile_workflow_text(workflow(R"("a": {"use": "f"})"));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ((*plan)->definition(), R"({"name":"w","tasks":{"a":{"use":"f"}},"tenuto":1})");
  EXPECT_EQ((*plan)->hash(), hash_of((*plan)->definition()));
  EXPECT_EQ((*plan)->hash(), (WorkflowHash{0x39DC025C3CD75EBD, 0xE2207FCA9AB1ACB5}));
}

TEST(Canonical, EmptyAndDefaultAreTheSame) {
  const std::string plain = canonical(workflow(R"("a": {"use": "f"})"));
  EXPECT_EQ(
      canonical(workflow(
          R"("a": {"use": "f", "with": {}, "needs": [], "retry": 0, "pool": "default", "pure": false})")),
      plain);
  EXPECT_EQ(
      canonical(
          R"({"tenuto":1,"name":"w","tasks":{"a":{"use":"f"}},"output":null,"labels":{},"input":{},"defaults":{}})"),
      plain);
  EXPECT_NE(canonical(R"({"tenuto":1,"name":"w","tasks":{"a":{"use":"f"}},"output":{}})"), plain);
}

TEST(Canonical, NumbersKeepTheirKind) {
  const auto with = [](const std::string& value) {
    return canonical(workflow(R"("a": {"use": "f", "with": {"x": )" + value + "}}"));
  };
  EXPECT_EQ(with("1.0"), with("1.00"));
  EXPECT_EQ(with("1.0"), with("1e0"));
  EXPECT_NE(with("1.0"), with("1"));
  EXPECT_NE(with("99999999999999999999"), with("99999999999999999998"));
}

TEST(Canonical, OrderOfNodesCounts) {
  EXPECT_NE(canonical(workflow(R"("a": {"use": "f"}, "b": {"use": "f"})")),
            canonical(workflow(R"("b": {"use": "f"}, "a": {"use": "f"})")));
}

}  // namespace
}  // namespace tenuto
