#include "core/query/stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/query/time_text.h"
#include "tests/support/query_world.h"

namespace tenuto {
namespace {

using ::testing::HasSubstr;
using testing::HistoryMaker;
using testing::member;
using testing::QueryWorld;
using testing::StartWish;

constexpr Nanos kMinute = 60 * kSecond;

class Stats : public ::testing::Test {
 protected:
  Stats() : line(maker.define(testing::kLine)), empty(maker.define(testing::kEmpty)) {}

  Bytes stats(const std::string& query = "") {
    world.take(maker);
    const auto text = run_stats(world.view(), query, now);
    EXPECT_TRUE(text.ok()) << text.status().message();
    return text.ok() ? *text : Bytes();
  }
  // A run of `line` that begins at `begin` and whose last body ends `length` later.
  void run_of(WallTime begin, Nanos length, bool well, bool retried = false, bool test = false) {
    maker.now = begin;
    const RunNumber run = maker.start(line, StartWish{.test = test});
    maker.now = WallTime{begin.ns + length / 2};
    if (retried) {
      maker.fail(run, 0);
      maker.retry(run, 0);
    }
    maker.done(run, 0);
    maker.now = WallTime{begin.ns + length};
    if (well) {
      maker.done(run, 1);
    } else {
      maker.fail(run, 1, FailureKind::stop);
    }
  }

  QueryWorld world;
  HistoryMaker maker{1};
  PlanRef line;
  PlanRef empty;
  const WallTime begin{1'750'000'000 * kSecond - 1'750'000'000 * kSecond % (3600 * kSecond)};
  WallTime now{begin.ns + 120 * kMinute};
};

double number(const Bytes& text, std::string_view path) {
  return std::stod(member(text, path));
}

TEST_F(Stats, NothingYet) {
  const Bytes text = stats();
  EXPECT_EQ(member(text, "runs.ended"), "0");
  EXPECT_EQ(member(text, "completion_rate"), "null");
  EXPECT_EQ(member(text, "cycle_time.p50"), "null");
  EXPECT_EQ(member(text, "throughput.ended_per_hour"), "null");
  EXPECT_EQ(member(text, "oldest_open"), "null");
  EXPECT_EQ(member(text, "workflows"), "{}");
  EXPECT_EQ(member(text, "previous"), "null");
}

TEST_F(Stats, RatesAndTimes) {
  run_of(begin, 10 * kMinute, true);
  run_of(begin, 20 * kMinute, true, true);
  run_of(begin, 30 * kMinute, false);
  run_of(begin, 30 * kMinute, true, false, true);  // a test run
  maker.now = WallTime{begin.ns + 60 * kMinute};
  const RunNumber cancelled = maker.start(line);
  maker.cancel(cancelled);
  maker.now = WallTime{begin.ns + 90 * kMinute};
  maker.start(line);
  maker.start(line, StartWish{.test = true});
  const Bytes text = stats();
  EXPECT_EQ(member(text, "runs"),
            R"({"ended":4,"completed":2,"failed":1,"timed_out":0,"rejected":0,"cancelled":1})");
  EXPECT_DOUBLE_EQ(number(text, "completion_rate"), 0.5);
  EXPECT_DOUBLE_EQ(number(text, "first_time_right"), 0.5);
  EXPECT_DOUBLE_EQ(number(text, "error_rate"), 0.25);
  EXPECT_DOUBLE_EQ(number(text, "rejected_share"), 0);
  EXPECT_NEAR(number(text, "cycle_time.p50"), 10 * 60, 6);
  EXPECT_NEAR(number(text, "cycle_time.p99"), 30 * 60, 6);
  EXPECT_EQ(member(text, "throughput.started"), "5");
  EXPECT_NEAR(number(text, "throughput.ended_per_hour"), 2, 0.01)
      << "over the two hours since the first start";
  EXPECT_EQ(member(text, "attempts.all"), "7");
  EXPECT_EQ(member(text, "attempts.failed"), "2");
  EXPECT_EQ(member(text, "open"), "1");
  EXPECT_NEAR(number(text, "oldest_open_seconds"), 30 * 60, 1);
  EXPECT_EQ(member(text, "workflows.line.runs.ended"), "4");
  EXPECT_EQ(member(text, "workflows.line.open"), "1");
}

TEST_F(Stats, AWindowAndTheOneBefore) {
  run_of(begin, 10 * kMinute, true);
  run_of(WallTime{begin.ns + 40 * kMinute}, 10 * kMinute, false);  // ends at 50, before
  run_of(WallTime{begin.ns + 50 * kMinute}, 20 * kMinute, true);   // began before, ends at 70
  const std::string since = format_time(WallTime{begin.ns + 60 * kMinute});
  const std::string until = format_time(WallTime{begin.ns + 120 * kMinute});
  const Bytes text = stats(R"({"since":")" + since + R"(","until":")" + until + R"("})");
  EXPECT_EQ(member(text, "runs.ended"), "1");
  EXPECT_EQ(member(text, "throughput.started"), "0");
  EXPECT_EQ(member(text, "throughput.ended_per_hour"), "1.0");
  EXPECT_EQ(member(text, "previous.since"), "\"" + format_time(begin) + "\"");
  EXPECT_EQ(member(text, "previous.until"), "\"" + since + "\"");
  EXPECT_EQ(member(text, "previous.runs.ended"), "2");
  EXPECT_EQ(member(text, "previous.throughput.started"), "3");
  EXPECT_DOUBLE_EQ(number(text, "previous.completion_rate"), 0.5);
  const Bytes open = stats(R"({"since":")" + since + R"("})");
  EXPECT_EQ(member(open, "runs.ended"), "1") << "until now";
  EXPECT_EQ(member(open, "previous.runs.ended"), "2");
}

TEST_F(Stats, ByWorkflow) {
  run_of(begin, kMinute, true);
  maker.start(empty);
  EXPECT_EQ(member(stats(), "runs.ended"), "2");
  const Bytes text = stats(R"({"workflow":"empty"})");
  EXPECT_EQ(member(text, "runs.ended"), "1");
  EXPECT_EQ(member(text, "workflows.line"), "absent");
}

TEST_F(Stats, PoolsByTheHour) {
  const auto use = [&](Nanos from, const std::string& pool, Nanos busy) {
    maker.record_for_store(PoolUsed{pool, WallTime{begin.ns + from}, 4, 100 * kSecond, busy});
  };
  use(0, "default", 25 * kSecond);
  use(kMinute, "default", 75 * kSecond);
  use(0, "docker", 10 * kSecond);
  world.take(maker);
  world.journal.materialise();
  use(kMinute, "docker", 10 * kSecond);
  use(70 * kMinute, "default", 0);
  const Bytes text = stats();
  EXPECT_EQ(
      member(text, "resource_utilization.default"),
      R"({"busy_slot_seconds":100.0,"available_slot_seconds":300.0,"utilization":0.3333333333333333,"slots_max":4})");
  EXPECT_DOUBLE_EQ(number(text, "resource_utilization.docker.utilization"), 0.1);
  const std::string since = format_time(WallTime{begin.ns + 60 * kMinute});
  const Bytes later = stats(R"({"since":")" + since + R"("})");
  EXPECT_DOUBLE_EQ(number(later, "resource_utilization.default.utilization"), 0);
  EXPECT_EQ(member(later, "resource_utilization.docker"), "absent");
  EXPECT_DOUBLE_EQ(number(later, "previous.resource_utilization.default.utilization"), 0.5);
}

TEST_F(Stats, RefusesWithTheNextStep) {
  world.take(maker);
  const View view = world.view();
  EXPECT_THAT(run_stats(view, R"({"where":"true"})", now).status().message(),
              HasSubstr("workflow, since, until"));
  const auto turned =
      run_stats(view, R"({"since":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"})", now);
  EXPECT_EQ(turned.code(), Code::invalid_argument);
}

}  // namespace
}  // namespace tenuto
