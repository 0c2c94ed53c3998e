// Random plans, random outcomes, against an oracle that was written from the rules. A failure names its seed:
//   TENUTO_SEED=<seed> property_machine
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "tests/support/machine_driver.h"

namespace tenuto::testing {
namespace {

constexpr std::uint64_t kRuns = 20'000;

std::uint64_t seed_of(std::uint64_t number) {
  return mix64(number);
}

TEST(MachineProperty, EveryRunGoesAsTheRulesSay) {
  if (const char* seed = std::getenv("TENUTO_SEED")) {
    EXPECT_EQ(MachineDriver(std::strtoull(seed, nullptr, 10), tenuto::apply).drive(), "");
    return;
  }
  std::map<RunState, std::uint64_t> ends;
  std::size_t events = 0;
  for (std::uint64_t i = 0; i < kRuns; ++i) {
    MachineDriver driver(seed_of(i), tenuto::apply);
    const std::string problem = driver.drive();
    ASSERT_EQ(problem, "") << "seed=" << seed_of(i) << "\n" << driver.history();
    ++ends[driver.ended_as()];
    events += driver.event_count();
  }
  // A driver that only ever fails early would prove little.
  EXPECT_GT(ends[RunState::completed], kRuns / 10);
  EXPECT_GT(ends[RunState::failed], kRuns / 10);
  EXPECT_GT(ends[RunState::cancelled], kRuns / 50);
  EXPECT_GT(events, 4 * kRuns);
}

TEST(MachineProperty, TheSameSeedGivesTheSameEvents) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    MachineDriver first(seed_of(i), tenuto::apply);
    MachineDriver second(seed_of(i), tenuto::apply);
    ASSERT_EQ(first.drive(), second.drive());
    ASSERT_EQ(first.ended_as(), second.ended_as());
    ASSERT_EQ(first.event_count(), second.event_count());
  }
}

// Machines with one mistake each: the property must find every one.

bool skips(const Event& event) {
  return event.type() == EventType::task_skipped;
}

// A skipped node does not satisfy those that are merely ordered after it.
Status forget_order_edges(Run& run, const Event& event, Changes& changes) {
  TN_TRY(tenuto::apply(run, event, changes));
  if (!skips(event)) return {};
  for (const Edge edge : run.plan->edges_of(event.task)) {
    TaskRow& row = run.row(edge.target());
    if (edge.kind() != EdgeKind::order || row.state != TaskState::ready) continue;
    row.state = TaskState::pending;
    row.attempt = 0;
    std::erase(changes.ready, edge.target());
  }
  return {};
}

// A skipped value does not skip those who use it.
Status forget_data_edges(Run& run, const Event& event, Changes& changes) {
  TN_TRY(tenuto::apply(run, event, changes));
  if (!skips(event)) return {};
  for (const Edge edge : run.plan->edges_of(event.task)) {
    TaskRow& row = run.row(edge.target());
    if (edge.kind() != EdgeKind::data || row.state != TaskState::pending || row.waits_for > 0) continue;
    if (run.plan->row(edge.target()).kind != NodeKind::task || row.marks != TaskRow::kValueSkipped) continue;
    row = TaskRow{0, 1, TaskState::ready, 0};
    std::erase(changes.decidable, edge.target());
    changes.ready.push_back(edge.target());
  }
  return {};
}

Status start_twice(Run& run, const Event& event, Changes& changes) {
  TN_TRY(tenuto::apply(run, event, changes));
  if (event.type() == EventType::timer_fired) changes.ready.push_back(event.task);
  return {};
}

Status forget_retry_timer(Run& run, const Event& event, Changes& changes) {
  TN_TRY(tenuto::apply(run, event, changes));
  changes.timers.clear();
  return {};
}

// Work goes on after a failure.
Status ignore_failure(Run& run, const Event& event, Changes& changes) {
  TN_TRY(tenuto::apply(run, event, changes));
  if (event.type() == EventType::attempt_failed && run.failing()) {
    run.trouble->failing = false;
    changes.stop_work = false;
  }
  return {};
}

// A body that fails after the cancel changes how the run ends.
Status fail_after_cancel(Run& run, const Event& event, Changes& changes) {
  TN_TRY(tenuto::apply(run, event, changes));
  if (event.type() == EventType::attempt_failed && run.state == RunState::cancelling)
    run.trouble->failing = true;
  return {};
}

// The run does not stop when a body was withdrawn.
Status ignore_withdrawal(Run& run, const Event& event, Changes& changes) {
  const bool was_failing = run.failing();
  TN_TRY(tenuto::apply(run, event, changes));
  const auto* failed = std::get_if<AttemptFailed>(&event.body);
  if (failed == nullptr || failed->kind != FailureKind::cancelled || was_failing) return {};
  run.trouble->failing = false;
  changes.stop_work = false;
  return {};
}

// State that is not in the events.
Status remember_too_much(Run& run, const Event& event, Changes& changes) {
  static std::uint32_t calls = 0;
  TN_TRY(tenuto::apply(run, event, changes));
  run.busy_ns += ++calls % 64 == 0 ? 1 : 0;
  return {};
}

TEST(MachineProperty, FindsEveryPlantedMistake) {
  const std::map<std::string, MachineWorld::Apply> planted = {
      {"forget_order_edges", forget_order_edges},
      {"forget_data_edges", forget_data_edges},
      {"start_twice", start_twice},
      {"forget_retry_timer", forget_retry_timer},
      {"ignore_failure", ignore_failure},
      {"fail_after_cancel", fail_after_cancel},
      {"ignore_withdrawal", ignore_withdrawal},
      {"remember_too_much", remember_too_much},
  };
  for (const auto& [name, mistaken_apply] : planted) {
    bool found = false;
    for (std::uint64_t i = 0; i < 500 && !found; ++i)
      found = !MachineDriver(seed_of(i), mistaken_apply).drive().empty();
    EXPECT_TRUE(found) << name;
  }
}

}  // namespace
}  // namespace tenuto::testing
