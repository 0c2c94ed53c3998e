#include "core/plan/wfformat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/payload/json.h"
#include "core/plan/compile.h"
#include "core/plan/plan.h"
#include "tests/support/roots.h"
#include "tests/unit/plan/plan_text.h"

namespace tenuto {
namespace {

std::string document(const std::string& tasks) {
  return "{\"name\": \"w\", \"schemaVersion\": \"1.5\", \"workflow\": {\"specification\": {\"tasks\": [\n" +
         tasks + "]}}}";
}

std::string problem(const std::string& text) {
  const Result<WorkflowSpec> spec = parse_wfformat(text, "run");
  return spec.ok() ? "" : spec.status().message();
}

TEST(WfFormat, TasksAreNamedByTheirIds) {
  const Result<WorkflowSpec> spec =
      parse_wfformat(document(R"({"id": "1", "name": "split", "parents": [], "children": ["2", "3"]},
                                 {"id": "2", "name": "${work}", "parents": ["1"], "children": []},
                                 {"id": "3", "name": "${work}", "parents": ["1"], "children": []})"),
                     "run");
  ASSERT_TRUE(spec.ok()) << spec.status().message();
  EXPECT_EQ(spec->name, "w");
  EXPECT_EQ(spec->nodes[1].action, "run");
  EXPECT_EQ(spec->nodes[1].with.text, R"({"id":"2","name":"$${work}"})");
  const Result<PlanRef> plan = compile_workflow(*spec);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(testing::edges_text(**plan), "1 -> 2(order) 3(order)\n2 ->\n3 ->\n");
}

TEST(WfFormat, Version14RefersByName) {
  const Result<WorkflowSpec> spec = parse_wfformat(
      R"({"name": "w", "schemaVersion": "1.4", "workflow": {"tasks": [{"id": "1", "name": "a", "parents": [], "children": ["b"]},
          {"name": "b", "parents": ["a"], "children": []}]}})",
      "run");
  ASSERT_TRUE(spec.ok()) << spec.status().message();
  EXPECT_EQ(spec->nodes[1].name, "b");
  EXPECT_EQ(spec->nodes[1].needs[0].name, "1");
}

TEST(WfFormat, SaysWhatIsWrong) {
  EXPECT_NE(problem("{"), "");
  EXPECT_EQ(
      problem("[]"),
      "line 1, column 1: this is no WfFormat document: there is no list `workflow.specification.tasks`");
  EXPECT_EQ(
      problem("{\"workflow\": {\"specification\": {\"tasks\": {}}}}"),
      "line 1, column 1: this is no WfFormat document: there is no list `workflow.specification.tasks`");
  EXPECT_EQ(problem(document("{\"name\": \"a\"}, 1")),
            "line 2, column 1: a task has no `id` in quotes\n"
            "line 2, column 16: a task has no `id` in quotes");
  EXPECT_EQ(problem(document("{\"id\": \"a\"},\n {\"id\": \"a\"}")),
            "line 3, column 9: the task id `a` is given twice, the first time at line 2, column 1; make ids "
            "unique");
  EXPECT_EQ(
      problem(document("{\"id\": \"first\"},\n{\"id\": \"b\", \"parents\": [\"frist\"]}")),
      "line 3, column 25: `parents` of task `b` names `frist`, which is no task; did you mean `first`?");
  EXPECT_EQ(problem(document("{\"id\": \"a\", \"parents\": 1, \"children\": [2]}")),
            "line 2, column 24: `parents` of task `a` must be a list of ids\n"
            "line 2, column 40: `children` of task `a` must be a list of ids in quotes");
}

TEST(WfFormat, DirectionsMustAgree) {
  EXPECT_EQ(problem(document("{\"id\": \"a\"},\n{\"id\": \"b\", \"parents\": [\"a\"]}")),
            "line 3, column 1: task `b` has the parent `a`, which does not have it as a child; `parents` and "
            "`children` must "
            "agree");
  EXPECT_EQ(problem(document("{\"id\": \"a\", \"children\": [\"b\"]},\n{\"id\": \"b\"}")),
            "line 2, column 1: task `a` has the child `b`, which does not have it as a parent; `parents` and "
            "`children` must "
            "agree");
}

TEST(WfFormat, CyclesAreFoundByCompilation) {
  const Result<WorkflowSpec> spec = parse_wfformat(
      document(
          R"({"id": "a", "parents": ["b"], "children": ["b"]}, {"id": "b", "parents": ["a"], "children": ["a"]})"),
      "run");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(compile_workflow(*spec).status().message(),
            "task `a` waits for itself: a -> b -> a; remove one of these references");
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// How many nodes stand on each level: a root on 0, others one above their highest predecessor.
std::vector<std::int64_t> level_sizes(const Plan& plan) {
  std::vector<std::uint32_t> level(plan.node_count(), 0);
  std::vector<std::uint32_t> waits_for(plan.node_count());
  for (std::uint32_t i = 0; i < plan.node_count(); ++i) waits_for[i] = plan.row(TaskIndex{i}).in_degree;
  std::vector<std::int64_t> sizes;
  std::vector<TaskIndex> ready = testing::roots_of(plan);
  while (!ready.empty()) {
    const TaskIndex node = ready.back();
    ready.pop_back();
    if (sizes.size() <= level[node.value]) sizes.resize(level[node.value] + 1);
    ++sizes[level[node.value]];
    for (const Edge edge : plan.edges_of(node)) {
      const std::uint32_t target = edge.target().value;
      level[target] = std::max(level[target], level[node.value] + 1);
      if (--waits_for[target] == 0) ready.push_back(edge.target());
    }
  }
  return sizes;
}

void expect_oracle(const Plan& plan, const json::Value& oracle) {
  std::int64_t edges = 0;
  std::int64_t leaves = 0;
  for (std::uint32_t i = 0; i < plan.node_count(); ++i) {
    edges += static_cast<std::int64_t>(plan.edges_of(TaskIndex{i}).size());
    if (plan.edges_of(TaskIndex{i}).empty()) ++leaves;
  }
  EXPECT_EQ(plan.node_count(), oracle.find("tasks")->as_integer());
  EXPECT_EQ(edges, oracle.find("edges")->as_integer());
  EXPECT_EQ(static_cast<std::int64_t>(testing::roots_of(plan).size()), oracle.find("roots")->as_integer());
  EXPECT_EQ(leaves, oracle.find("leaves")->as_integer());
  std::vector<std::int64_t> levels;
  for (const json::Value& size : oracle.find("level_sizes")->elements()) levels.push_back(size.as_integer());
  EXPECT_EQ(level_sizes(plan), levels);
}

TEST(WfFormat, RealWorkflowsHaveTheirShape) {
  const char* folder = std::getenv("TENUTO_CASES");
  if (folder == nullptr) GTEST_SKIP() << "TENUTO_CASES does not name the folder with wfinstances/";
  const std::string root = std::string(folder) + "/wfinstances/";
  const Result<json::Document> expected = json::Document::parse(read_file(root + "expected.json"));
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  int checked = 0;
  for (const json::Member file : expected->root().members()) {
    if (!file.key().ends_with(".json")) continue;
    SCOPED_TRACE(file.key());
    const Result<WorkflowSpec> spec = parse_wfformat(read_file(root + std::string(file.key())), "run");
    ASSERT_TRUE(spec.ok()) << spec.status().message();
    const Result<PlanRef> plan = compile_workflow(*spec);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    expect_oracle(**plan, file.value);
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace tenuto
