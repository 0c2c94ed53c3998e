// What is written at the end of an engine.
#include <gtest/gtest.h>

#include "core/engine/core.h"
#include "core/plan/compile.h"
#include "core/store/mem_log.h"
#include "core/store/mem_state.h"
#include "tests/support/core_world.h"

namespace tenuto::testing {
namespace {

// The tables are behind, so the journal can't take what is in the ring before they have caught up.
TEST(WriteOut, AJournalWhoseWindowIsFullTakesTheRest) {
  ManualClock clock;
  MemLog log(16u << 10);
  MemState state;
  CoreOptions options = core_options_for_tests();
  options.journal_window_bytes = 2 * log.segment_bytes();
  EngineCore core(options, clock, log, state);
  ASSERT_TRUE(core.recover().ok());
  core.resume_runs();
  const auto plan =
      compile_workflow_text(R"({"tenuto": 1, "name": "waits", "tasks": {"a": {"use": "nobody"}}})");
  ASSERT_TRUE(plan.ok());
  Contexts::Lease lease(core.contexts());
  StartRequest request;
  request.plan = *plan;
  for (int i = 0; core.committer().stall() != Stall::window; ++i) {
    ASSERT_LT(i, 10'000);
    ASSERT_TRUE(core.start(request, CommandId{}, std::make_shared<Waiter>()).ok());
    while (core.scheduler().worker(0).run_one()) {
    }
    core.commit_one(*lease);
  }
  ASSERT_TRUE(core.committer().is_behind());
  EXPECT_TRUE(core.write_out().ok());
  EXPECT_FALSE(core.committer().is_behind());
  EXPECT_EQ(core.materialiser().applied(), core.committer().durable());
}

}  // namespace
}  // namespace tenuto::testing
