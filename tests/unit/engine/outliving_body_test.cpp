// A body that goes on after its run has ended and was forgotten.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/engine/owner.h"
#include "core/plan/compile.h"

namespace tenuto {
namespace {

// Longer than the tables are behind, after which the run is forgotten.
constexpr auto kWatched = std::chrono::milliseconds(2500);

TEST(OutlivingBody, KnowsTheIdOfItsRun) {
  auto opened = OwnerEngine::open_in_memory(EngineOptions{});
  ASSERT_TRUE(opened.ok());
  OwnerEngine& engine = **opened;
  ASSERT_TRUE(engine.register_hosted("slow").ok());
  auto worker = engine.open_worker("default", 1);
  ASSERT_TRUE(worker.ok());
  const auto plan = compile_workflow_text(
      R"({"tenuto": 1, "name": "t", "tasks": {"t": {"use": "slow", "timeout": "10ms"}}})");
  ASSERT_TRUE(plan.ok());
  StartRequest request;
  request.plan = *plan;
  const auto run = engine.start(request);
  ASSERT_TRUE(run.ok());
  std::vector<TicketToken> tokens;
  ASSERT_TRUE((*worker)->poll(1, -1, tokens).ok());
  BodyCall call{};
  ASSERT_TRUE((*worker)->begin(tokens[0], call));
  EXPECT_EQ(engine.wait(*run, -1).state, RunState::failed);
  for (const auto end = std::chrono::steady_clock::now() + kWatched;
       std::chrono::steady_clock::now() < end;) {
    ASSERT_EQ(engine.run_id_of(*engine.held_ticket(tokens[0])), run->id);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(engine.close(CloseHow::detach, 0).ok());
}

}  // namespace
}  // namespace tenuto
