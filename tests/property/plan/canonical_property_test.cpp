// The canonical form depends on what a definition says and on nothing else.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/plan/canonical.h"
#include "core/plan/compile.h"
#include "core/plan/parse.h"
#include "tests/property/plan/definition_writer.h"
#include "tests/property/plan/random_workflow.h"

namespace tenuto {
namespace {

using testing::DefinitionWriter;
using testing::RandomWorkflow;

constexpr std::uint64_t kSeeds = 500;

std::string canonical(const WorkflowSpec& spec) {
  NormalTexts texts;
  return canonical_form(spec, texts);
}

TEST(CanonicalProperty, SpellingDoesNotCount) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    const WorkflowSpec spec = RandomWorkflow(seed).draw();
    const std::string expected = canonical(spec);
    for (std::uint64_t spelling = 0; spelling < 3; ++spelling) {
      const std::string text = DefinitionWriter(seed * 3 + spelling).write(spec);
      const Result<WorkflowSpec> read = parse_workflow(text);
      ASSERT_TRUE(read.ok()) << read.status().message() << "\n" << text;
      EXPECT_EQ(canonical(*read), expected) << text;
    }
  }
}

TEST(CanonicalProperty, ReadsBackAsTheSamePlan) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    const Result<PlanRef> first = compile_workflow(RandomWorkflow(seed).draw());
    ASSERT_TRUE(first.ok()) << first.status().message();
    const Result<PlanRef> again = compile_workflow_text((*first)->definition());
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ((*again)->definition(), (*first)->definition());
    EXPECT_EQ((*again)->hash(), (*first)->hash());
    ASSERT_EQ((*again)->node_count(), (*first)->node_count());
    for (std::uint32_t i = 0; i < (*first)->node_count(); ++i) {
      const TaskIndex node{i};
      EXPECT_EQ((*again)->name_of(node), (*first)->name_of(node));
      EXPECT_EQ((*again)->row(node).kind, (*first)->row(node).kind);
      EXPECT_EQ((*again)->row(node).in_degree, (*first)->row(node).in_degree);
      EXPECT_EQ((*again)->edges_of(node).size(), (*first)->edges_of(node).size());
      if ((*first)->row(node).kind != NodeKind::task) continue;
      EXPECT_EQ((*again)->policy_of(node), (*first)->policy_of(node));
    }
  }
}

TEST(CanonicalProperty, EveryChangeOfMeaningCounts) {
  using Change = std::function<void(WorkflowSpec&)>;
  const std::vector<Change> changes = {
      [](WorkflowSpec& s) { s.name += "x"; },
      [](WorkflowSpec& s) { s.input_schema = R"({"type":"string"})"; },
      [](WorkflowSpec& s) { s.labels = R"({"other":1})"; },
      [](WorkflowSpec& s) {
        s.output = SourceText{"\"other\"", {}};
      },
      [](WorkflowSpec& s) { s.nodes.emplace_back(s.nodes[0]).name = "new"; },
      [](WorkflowSpec& s) { s.nodes[0].name += "x"; },
      [](WorkflowSpec& s) {
        s.nodes[0].needs.push_back({"new", {}});
      },
      [](WorkflowSpec& s) { s.nodes[0].action += "x"; },
      [](WorkflowSpec& s) { s.nodes[0].with.text = R"({"other":1})"; },
      [](WorkflowSpec& s) { s.nodes[0].with.text = R"({"other":1.0})"; },
      [](WorkflowSpec& s) {
        s.nodes[0].condition = SourceText{"input.other", {}};
      },
      [](WorkflowSpec& s) { s.nodes[0].labels = R"({"other":1})"; },
      [](WorkflowSpec& s) { s.nodes[0].policy.retry = RetrySpec{77}; },
      [](WorkflowSpec& s) {
        s.nodes[0].policy.retry = RetrySpec{77, 3 * kSecond};
      },
      [](WorkflowSpec& s) {
        s.nodes[0].policy.retry = RetrySpec{77, kSecond, 3};
      },
      [](WorkflowSpec& s) {
        s.nodes[0].policy.retry = RetrySpec{77, kSecond, 2, 60 * kSecond};
      },
      [](WorkflowSpec& s) {
        s.nodes[0].policy.retry = RetrySpec{77, kSecond, 2, 3600 * kSecond, false};
      },
      [](WorkflowSpec& s) { s.nodes[0].policy.timeout = 77'777 * kSecond; },
      [](WorkflowSpec& s) { s.nodes[0].policy.pool = "other"; },
      [](WorkflowSpec& s) {
        s.nodes[0].policy.pure = !s.nodes[0].policy.pure.value_or(s.defaults.pure.value_or(false));
      },
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    WorkflowSpec spec = RandomWorkflow(seed).draw();
    if (spec.nodes[0].is_switch()) continue;
    std::vector<std::string> forms{canonical(spec)};
    for (const Change& change : changes) {
      WorkflowSpec changed = spec;
      change(changed);
      const std::string form = canonical(changed);
      for (std::size_t i = 0; i < forms.size(); ++i)
        EXPECT_NE(form, forms[i]) << i << " and " << forms.size();
      forms.push_back(form);
    }
  }
}

}  // namespace
}  // namespace tenuto
