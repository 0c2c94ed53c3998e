#include "core/journal/recovery_live.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "core/store/keys.h"
#include "tests/support/journal_world.h"

namespace tenuto::testing {
namespace {

constexpr WorkflowHash kWorkflow{7, 7};
constexpr std::uint64_t kRuns = 3000;

void in_threads(std::span<const std::function<void()>> jobs) {
  std::vector<std::thread> threads;
  for (const auto& job : jobs) threads.emplace_back(job);
  for (std::thread& thread : threads) thread.join();
}

// Runs of which few, some in a row and some far apart, are live; each with several chunks of history.
class RecoveryLive : public ::testing::Test {
 protected:
  static bool stays(std::uint64_t run) { return run < 700 || run % 50 == 0; }

  void SetUp() override {
    ASSERT_TRUE(world_.open().ok());
    add({workflow_event(kWorkflow, "flow")});
    for (std::uint64_t run = 1; run <= kRuns; ++run) add({started_event(RunNumber(run), kWorkflow)});
    for (std::uint64_t run = 1; run <= kRuns; ++run) add({done_event(RunNumber(run), 0)});
    for (std::uint64_t run = 1; run <= kRuns; ++run) {
      if (!stays(run)) add({ended_event(RunNumber(run))});
    }
    ASSERT_TRUE(world_.materialise());
  }
  void add(const std::vector<Event>& events) {
    world_.append(events);
    world_.commit();
  }
  Result<LiveRunsVisited> visit(std::size_t visitors) {
    found_.assign(visitors, RecoveryRecorder());
    std::vector<RunVisitor*> all;
    for (RecoveryRecorder& visitor : found_) all.push_back(&visitor);
    const auto read = *world_.state().begin_read();
    return visit_live_runs(world_.state(), *read, all, in_threads);
  }

  JournalWorld world_;
  std::vector<RecoveryRecorder> found_;
};

TEST_F(RecoveryLive, ManyVisitorsSeeWhatOneSees) {
  const auto alone = visit(1);
  ASSERT_TRUE(alone.ok());
  const std::vector<Event> expected = found_.front().run_events;
  ASSERT_EQ(expected.size(), 2 * alone->runs);
  for (std::uint64_t run = 1, at = 0; run <= kRuns; ++run) {
    if (!stays(run)) continue;
    ASSERT_EQ(expected[at++], started_event(RunNumber(run), kWorkflow));
    ASSERT_EQ(expected[at++], done_event(RunNumber(run), 0));
  }
  for (const std::size_t visitors : {2, 3, 16}) {
    const auto together = visit(visitors);
    ASSERT_TRUE(together.ok());
    EXPECT_EQ(together->runs, alone->runs);
    EXPECT_EQ(together->events, alone->events);
    std::vector<Event> events;
    for (const RecoveryRecorder& visitor : found_) {
      events.insert(events.end(), visitor.run_events.begin(), visitor.run_events.end());
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& a, const Event& b) { return a.run < b.run; });
    EXPECT_TRUE(events == expected) << visitors << " visitors";
  }
}

TEST_F(RecoveryLive, TheProblemOfTheLowestRunIsTold) {
  auto write = *world_.state().begin_write();
  for (const std::uint64_t run : {2950, 600}) {
    ASSERT_TRUE(write->erase(Table::history, history_key({RunNumber(run), ChunkNumber(0)})).ok());
  }
  ASSERT_TRUE(write->commit().ok());
  for (const std::size_t visitors : {1, 2, 16}) {
    const auto visited = visit(visitors);
    EXPECT_EQ(visited.code(), Code::damaged);
    EXPECT_NE(visited.status().message().find("run 600: a part of its history is missing"), std::string::npos)
        << visited.status().message();
  }
}

TEST_F(RecoveryLive, NoLiveRunIsNothingToDo) {
  auto write = *world_.state().begin_write();
  for (std::uint64_t run = 1; run <= kRuns; ++run) {
    if (stays(run)) {
      ASSERT_TRUE(write->erase(Table::live, run_key(RunNumber(run))).ok());
    }
  }
  ASSERT_TRUE(write->commit().ok());
  const auto visited = visit(4);
  ASSERT_TRUE(visited.ok());
  EXPECT_EQ(visited->runs, 0u);
}

}  // namespace
}  // namespace tenuto::testing
