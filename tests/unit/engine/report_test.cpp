// Outcomes of bodies that hosts report many at a time.
#include <gtest/gtest.h>

#include "tests/unit/engine/core_harness.h"

namespace tenuto::testing {
namespace {

constexpr std::uint32_t kWidth = 150;  // more than a report takes in one go

// One task beside the other, each of the action `hosted`.
std::string wide() {
  std::string text = R"({"tenuto": 1, "name": "wide", "tasks": {)";
  for (std::uint32_t i = 0; i < kWidth; ++i) {
    text += (i == 0 ? "\"t" : ", \"t") + std::to_string(i) + R"(": {"use": "hosted"})";
  }
  return text + R"(}, "output": "${t149}"})";
}

class ReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<RunRef> released;
    ASSERT_TRUE(h_.core->actions().register_hosted("hosted", released).ok());
  }

  // All tasks that are ready, begun; each with the result `7`.
  std::vector<PoolWorker::Report> begin_all() {
    std::vector<TicketToken> tokens;
    TN_CHECK(h_.core->pools().get("default").poll(1000, 0, tokens).ok());
    std::vector<PoolWorker::Report> reports;
    for (const TicketToken token : tokens) {
      BodyCall call{};
      TN_CHECK(h_.core->begin_body(token, call));
      reports.push_back({token, BodyReport{}});
      reports.back().report.result = Payload::json("7");
    }
    return reports;
  }

  CoreHarness h_;
};

TEST_F(ReportTest, OutcomesOfManyRunsAtOnce) {
  const PlanRef plan = h_.compile(wide());
  std::vector<WaiterRef> ends;
  for (int i = 0; i < 3; ++i) ends.push_back(h_.await(h_.start(plan)));
  h_.settle();
  auto reports = begin_all();
  ASSERT_EQ(reports.size(), 3 * kWidth);
  Contexts::Lease lease(h_.core->contexts());
  EXPECT_EQ(h_.core->report(reports, *lease), 0u);
  h_.settle();
  for (const WaiterRef& end : ends) {
    ASSERT_TRUE(end->wait(0));
    const RunAnswer answer = end->take();
    EXPECT_EQ(answer.state, RunState::completed);
    EXPECT_EQ(answer.output.view(), "7");
  }
  EXPECT_EQ(h_.core->counters().completions, 3 * kWidth);
  EXPECT_TRUE(h_.core->is_quiet());
}

TEST_F(ReportTest, OneThatIsReportedTwiceIsLateAndTheOthersCount) {
  const WaiterRef end = h_.await(h_.start(h_.compile(wide())));
  h_.settle();
  auto reports = begin_all();
  reports.insert(reports.begin() + 10, {reports.front().token, BodyReport{}});
  reports.push_back({TicketToken(1, 0xFFFFFF), BodyReport{}});
  Contexts::Lease lease(h_.core->contexts());
  EXPECT_EQ(h_.core->report(reports, *lease), 2u);
  h_.settle();
  ASSERT_TRUE(end->wait(0));
  EXPECT_EQ(end->take().state, RunState::completed);
}

TEST_F(ReportTest, ARunTakesOneStepForManyOutcomes) {
  const PlanRef plan = h_.compile(wide());
  Contexts::Lease lease(h_.core->contexts());
  const auto appended = [&](auto&& report) {
    h_.start(plan);
    h_.settle();
    auto reports = begin_all();
    const Position before = h_.core->ring().tail();
    report(reports);
    return h_.core->ring().tail().value - before.value;
  };
  const auto one_by_one = appended([&](std::vector<PoolWorker::Report>& reports) {
    for (auto& one : reports) EXPECT_TRUE(h_.core->report(one.token, std::move(one.report), *lease));
  });
  const auto at_once = appended(
      [&](std::vector<PoolWorker::Report>& reports) { EXPECT_EQ(h_.core->report(reports, *lease), 0u); });
  EXPECT_LT(at_once, one_by_one) << "each step is a batch with a head of its own";
}

}  // namespace
}  // namespace tenuto::testing
