// Damaged texts are refused with a message or mean something else; they never do harm.
#include <gtest/gtest.h>

#include <string>

#include "core/plan/compile.h"
#include "core/plan/parse.h"
#include "core/plan/wfformat.h"
#include "tests/property/plan/definition_writer.h"
#include "tests/property/plan/random_workflow.h"

namespace tenuto {
namespace {

std::string mutate(std::string text, Random& random) {
  static constexpr std::string_view kPieces[] = {
      "{",    "}",     "[",    "]",  "\"",         ",",           ":",       "\\",   "\\u00", "${",
      "null", "1e999", "\xFF", "\n", "\"tasks\":", "\"switch\":", "\"if\":", "\"\"", "-"};
  for (std::uint64_t i = 1 + random.below(4); i > 0 && !text.empty(); --i) {
    const std::size_t at = random.below(text.size());
    const std::size_t size = random.below(std::min<std::uint64_t>(20, text.size() - at) + 1);
    switch (random.below(5)) {
      case 0:
        text.erase(at, size);
        break;
      case 1:
        text.insert(at, kPieces[random.below(std::size(kPieces))]);
        break;
      case 2:
        text.insert(random.below(text.size()), text.substr(at, size));
        break;
      case 3:
        text[at] = static_cast<char>(random.below(256));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

TEST(MutationProperty, DefinitionsNeverCrash) {
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    Random random(seed);
    const std::string text =
        mutate(testing::DefinitionWriter(seed).write(testing::RandomWorkflow(seed % 100).draw()), random);
    const Result<PlanRef> plan = compile_workflow_text(text);
    if (plan.ok()) {
      const Result<PlanRef> again = compile_workflow_text((*plan)->definition());
      ASSERT_TRUE(again.ok()) << again.status().message() << "\n" << text;
      EXPECT_EQ((*again)->hash(), (*plan)->hash());
    } else {
      ++refused;
      EXPECT_EQ(plan.code(), Code::invalid_argument);
      EXPECT_FALSE(plan.status().message().empty());
    }
  }
  EXPECT_GT(refused, 10'000u);
}

TEST(MutationProperty, WfFormatNeverCrashes) {
  const std::string document =
      R"({"name": "w", "workflow": {"specification": {"tasks": [{"id": "a", "name": "x", "parents": [], "children": ["b", "c"]},
      {"id": "b", "name": "x", "parents": ["a"], "children": ["c"]}, {"id": "c", "name": "y", "parents": ["a", "b"], "children": []}
      ]}}})";
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    Random random(seed);
    const Result<WorkflowSpec> spec = parse_wfformat(mutate(document, random), "run");
    if (spec.ok()) static_cast<void>(compile_workflow(*spec).ok());
  }
}

}  // namespace
}  // namespace tenuto
