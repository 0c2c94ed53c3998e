// A list with a condition is what a plain evaluation of the condition over every row leaves of the list without it.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/query/column_tests.h"
#include "core/query/list.h"
#include "tests/support/condition_maker.h"
#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using testing::ConditionMaker;
using testing::HistoryMaker;
using testing::lines_of;
using testing::member;
using testing::one_of;
using testing::QueryWorld;
using testing::Tables;

constexpr std::uint64_t kSeeds = 25;
constexpr int kConditions = 40;

// What the whole condition is for one row.
struct Verdict {
  bool holds = false;
  bool is_no_boolean = false;
};
template <class TextOf>
Verdict judge(const expr::Program& program, TextOf&& text_of) {
  std::vector<std::string> texts;
  for (const std::string& name : program.names()) texts.push_back(text_of(name));
  std::vector<expr::Operand> operands;
  for (const std::string& text : texts) operands.push_back({expr::Operand::Kind::value, text});
  expr::Evaluator evaluator;
  const expr::Outcome outcome = evaluator.evaluate(program, operands);
  if (outcome.kind != expr::Outcome::Kind::value) return {};
  if (outcome.value.kind != expr::ValueKind::boolean) return {false, true};
  return {outcome.is_true(), false};
}

std::string query_of(const std::string& where, std::size_t limit) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .key("where")
      .string(where)
      .key("limit")
      .integer(static_cast<std::int64_t>(limit))
      .end_object();
  return text;
}

void make_history(HistoryMaker& maker) {
  const PlanRef plans[] = {maker.define(testing::kLine), maker.define(testing::kFork),
                           maker.define(testing::kEmpty)};
  static constexpr const char* kLabels[] = {"", "", R"({"team": "ops"})", R"({"team":"web","k":"v"})", "{}"};
  Random& random = maker.random();
  for (std::uint64_t i = 0, starts = 20 + random.below(500); i < starts; ++i) {
    testing::StartWish wish;
    if (random.chance(1, 4)) wish.id = "order-" + std::to_string(random.below(9)) + "-" + std::to_string(i);
    wish.labels = one_of(random, kLabels);
    wish.test = random.chance(1, 8);
    maker.start(plans[random.below(3)], wish);
    for (std::uint64_t steps = random.below(10); steps > 0; --steps) maker.step();
  }
}

TEST(WhereProperty, AConditionLeavesWhatAPlainEvaluationLeaves) {
  std::size_t listed = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    HistoryMaker maker(seed);
    make_history(maker);
    QueryWorld world;
    world.take(maker.events(), seed % 3 == 0 ? Tables::all : Tables::some, seed);
    const View view = world.view();
    const std::vector<std::string> rows = lines_of(*list_runs(view, R"({"limit":100000})", maker.now));
    ConditionMaker conditions(maker.random(), rows);
    for (int i = 0; i < kConditions; ++i) {
      const std::string where = conditions.condition();
      SCOPED_TRACE("seed=" + std::to_string(seed) + " where: " + where);
      const auto program = expr::compile(where);
      ASSERT_TRUE(program.ok()) << program.status().message();
      std::vector<std::string> expected;
      bool is_refused = false;
      for (const std::string& row : rows) {
        const Verdict verdict = judge(*program, [&](const std::string& name) { return member(row, name); });
        if (verdict.holds) expected.push_back(row);
        is_refused = is_refused || verdict.is_no_boolean;
      }
      const auto answer = list_runs(view, query_of(where, 100'000), maker.now);
      if (is_refused) {
        ASSERT_EQ(answer.code(), Code::invalid_argument);
        continue;
      }
      ASSERT_TRUE(answer.ok()) << answer.status().message();
      ASSERT_EQ(lines_of(*answer), expected);
      listed += expected.size();
      expected.resize(std::min<std::size_t>(expected.size(), 5));
      ASSERT_EQ(lines_of(*list_runs(view, query_of(where, 5), maker.now)), expected);
    }
  }
  EXPECT_GT(listed, kSeeds * kConditions) << "conditions that hold nowhere prove nothing";
}

// Any number that a column can hold, and the places where times change their form.
std::int64_t any_number(Random& random) {
  static constexpr std::int64_t kSpecial[] = {
      0, 1, -1, INT64_MIN, INT64_MAX, -999, 999, 1000, 1'700'000'000'000'000'000};
  if (random.chance(1, 3)) return one_of(random, kSpecial);
  const auto bits = static_cast<std::int64_t>(random.next());
  return random.chance(1, 2) ? bits : 1'700'000'000'000'000'000 + bits % 1'000'000;
}

SummaryRow any_row(Random& random) {
  static constexpr RunState kStates[] = {RunState::completed, RunState::failed, RunState::timed_out,
                                         RunState::rejected, RunState::cancelled};
  static constexpr ByteView kNames[] = {"line", "fork", ""};
  static constexpr ByteView kLabels[] = {"", R"({"team": "ops"})", R"({"team":"web"})", "{}"};
  SummaryRow row;
  row.run = RunNumber(static_cast<std::uint64_t>(any_number(random)) >> 1);
  row.state = one_of(random, kStates);
  row.id_chosen = random.chance(1, 2);
  row.test = random.chance(1, 4);
  row.id = "order-12";
  const std::size_t workflow = random.below(3);
  row.workflow = WorkflowHash{workflow, workflow * 7};
  row.workflow_name = kNames[workflow];
  row.started = WallTime{
      std::min<Nanos>(any_number(random), INT64_MAX - 1)};  // before what a filter without `until` ends with
  row.ended = WallTime{any_number(random)};
  row.labels = one_of(random, kLabels);
  row.counts.retries = random.chance(1, 2) ? 0 : static_cast<std::uint32_t>(random.next());
  row.counts.done = static_cast<std::uint32_t>(random.below(4));
  if (random.chance(1, 3)) row.error_type = "ValueError";
  if (random.chance(1, 5)) row.error_message = "it broke";
  return row;
}

// Of rows that no engine would write, too.
TEST(WhereProperty, TestsOfColumnsRuleOutOnlyWhatTheConditionRefuses) {
  std::size_t ruled_out = 0;
  for (std::uint64_t seed = 1; seed <= 4 * kSeeds; ++seed) {
    Random random(seed);
    SummaryBlock block;
    std::vector<std::string> texts;
    for (std::uint64_t n = 1 + random.below(kSummaryRowsMax); n > 0; --n) {
      const SummaryRow row = any_row(random);
      RunRowText text;
      text.write(row);
      texts.push_back(text.text());
      block.add(row);
    }
    const Bytes value = block.finish("key");
    SummaryReader reader = *SummaryReader::open("key", value);
    ConditionMaker conditions(random, texts);
    for (int i = 0; i < kConditions; ++i) {
      RunFilter filter;
      const std::string where = conditions.condition();
      SCOPED_TRACE("seed=" + std::to_string(seed) + " where: " + where);
      filter.where = *expr::compile(where);
      ColumnTests tests(filter);
      const auto selected = tests.select(reader);
      std::vector<bool> passes(texts.size());
      for (const std::uint32_t index : selected) {
        SummaryRow row;
        ASSERT_TRUE(reader.read_row(index, row).ok());
        passes[index] = tests.may_hold(row);
      }
      const bool in_zone = tests.may_hold(reader.zone());
      for (std::size_t n = 0; n < texts.size(); ++n) {
        const Verdict verdict =
            judge(*filter.where, [&](const std::string& name) { return member(texts[n], name); });
        ASSERT_TRUE(passes[n] || (!verdict.holds && !verdict.is_no_boolean)) << texts[n];
        ASSERT_TRUE(in_zone || (!verdict.holds && !verdict.is_no_boolean)) << texts[n];
        ruled_out += passes[n] ? 0 : 1;
      }
    }
  }
  EXPECT_GT(ruled_out, 4 * kSeeds * kConditions) << "tests that rule out nothing prove nothing";
}

}  // namespace
}  // namespace tenuto
