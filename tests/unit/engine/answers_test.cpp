// What callers are told: nothing that follows from an event that is not durable, and the same as readers.
#include <gtest/gtest.h>

#include "core/query/replay.h"
#include "tests/unit/engine/core_harness.h"

namespace tenuto {
namespace {

using testing::CoreHarness;

constexpr const char* kOne = R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "hosted"}}})";

TEST(Answers, ARefusalForTheSakeOfARunThatIsNotDurableWaitsForIt) {
  CoreHarness h;
  const PlanRef plan = h.compile(kOne);
  h.log.set_fault({LogFault::Call::write, 1, Code::full, 1000});
  (void)h.start(plan, "1", "order-7");
  const auto waiter = std::make_shared<Waiter>();
  const auto refused =
      h.core->start({plan, "order-7", Payload::json("2"), "", "", false}, CommandId{}, waiter);
  EXPECT_EQ(refused.code(), Code::conflict);
  h.settle();
  EXPECT_FALSE(waiter->wait(0)) << "a crash now would undo the reason";
  h.log.clear_faults();
  h.settle();
  EXPECT_TRUE(waiter->wait(0));
}

RunState asked(CoreHarness& h, const RunName& run) {
  const auto waiter = std::make_shared<Waiter>();
  TN_CHECK(h.core->send(run.number, AskState{waiter}));
  h.settle();
  TN_CHECK(waiter->wait(0));
  return waiter->take().state;
}

RunState shown(CoreHarness& h, const RunName& run) {
  PlanCache plans;
  auto view = View::open(h.state, h.log, h.core->committer().durable(), plans, h.core->options().store_key);
  TN_CHECK(view.ok());
  const auto replayed = replay(*view, run.number);
  TN_CHECK(replayed.ok());
  return shown_state(replayed->run);
}

TEST(Answers, TheStateIsTheOneThatReadersShow) {
  CoreHarness h;
  std::vector<RunRef> released;
  ASSERT_TRUE(h.core->actions().register_hosted("hosted", released).ok());
  const RunName run = h.start(h.compile(R"({"tenuto": 1, "name": "t", "tasks": {
    "t": {"use": "hosted", "timeout": "5s", "retry": {"attempts": 1, "backoff": "1s", "jitter": "none"}}}})"));
  h.settle();
  EXPECT_EQ(asked(h, run), RunState::running);
  EXPECT_EQ(shown(h, run), RunState::running);
  std::vector<TicketToken> tokens;
  ASSERT_TRUE(h.core->pools().get("default").poll(1, 0, tokens).ok());
  BodyCall call{};
  ASSERT_TRUE(h.core->begin_body(tokens[0], call));
  h.clock.advance(5 * kSecond);
  h.core->fire_timers();
  h.settle();
  EXPECT_EQ(asked(h, run), RunState::waiting) << "for its retry";
  EXPECT_EQ(shown(h, run), RunState::waiting);
  h.clock.advance(2 * kSecond);
  h.core->fire_timers();
  h.settle();
  EXPECT_EQ(asked(h, run), RunState::running) << "for the first body to come back";
  EXPECT_EQ(shown(h, run), RunState::running);
}

}  // namespace
}  // namespace tenuto
