// What effects that don't wait for the disk must not give away.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/engine/core_harness.h"

namespace tenuto::testing {
namespace {

CoreOptions relaxed_options() {
  CoreOptions options = core_options_for_tests();
  options.wait_for_disk = false;
  return options;
}

// A disk that takes what is written, and a process that dies before the sync.
class RelaxedStore {
 public:
  void open() {
    core = std::make_unique<EngineCore>(relaxed_options(), clock, log, state);
    ASSERT_TRUE(core->recover().ok());
    std::vector<RunRef> released;
    NativeBody body{
        [this](const BodyCall& call, BodyReport&) { keys.push_back(core->idempotency_key_of(*call.ticket)); },
        {},
        true,
        {}};
    ASSERT_TRUE(core->actions().register_native("work", std::move(body), released).ok());
    core->resume_runs();
  }
  void lose_power() {
    core.reset();
    log.clear_faults();
    log.crash(random);
    state.crash(random);
  }
  void refuse_to_write() { log.set_fault({LogFault::Call::write, 1, Code::full, ~std::uint64_t{0}}); }

  Random random{7};
  ManualClock clock;
  MemLog log;
  MemState state;
  std::unique_ptr<EngineCore> core;
  std::vector<std::string> keys;
};

TEST(Relaxed, ALostRunsKeyIsNobodyElses) {
  RelaxedStore store;
  std::set<std::uint64_t> numbers;
  const auto plan = compile_workflow_text(R"({"tenuto": 1, "name": "w", "tasks": {"a": {"use": "work"}}})");
  ASSERT_TRUE(plan.ok());
  for (int life = 0; life < 3; ++life) {
    store.open();
    store.refuse_to_write();
    StartRequest request;
    request.plan = *plan;
    const auto run = store.core->start(request, CommandId{}, std::make_shared<Waiter>());
    ASSERT_TRUE(run.ok()) << run.status().message();
    while (store.core->scheduler().worker(0).run_one()) {
    }
    ASSERT_EQ(store.keys.size(), static_cast<std::size_t>(life) + 1) << "its body did not run ahead";
    EXPECT_TRUE(numbers.insert(run->number.value).second) << "number " << run->number.value;
    store.lose_power();
  }
  EXPECT_EQ(std::set<std::string>(store.keys.begin(), store.keys.end()).size(), 3u);
}

TEST(Relaxed, ACommandsFileStaysUntilItsOutcomeIsDurable) {
  RelaxedStore store;
  store.open();
  std::vector<CommandId> settled;
  store.core->on_command_settled = [&](CommandId command) { settled.push_back(command); };
  store.refuse_to_write();
  store.core->settle(CommandId{1, 2}, RunNumber{}, Status(Code::not_found, "no such run"));
  // A run's answer goes out meanwhile, and with it whatever has an open gate.
  const auto plan = compile_workflow_text(R"({"tenuto": 1, "name": "w", "tasks": {"a": {"use": "work"}}})");
  ASSERT_TRUE(plan.ok());
  StartRequest request;
  request.plan = *plan;
  const auto waiter = std::make_shared<Waiter>();
  ASSERT_TRUE(store.core->start(request, CommandId{}, waiter).ok());
  EXPECT_TRUE(waiter->wait(0));
  EXPECT_TRUE(settled.empty());
  store.log.clear_faults();
  Contexts::Lease lease(store.core->contexts());
  ASSERT_TRUE(store.core->commit_one(*lease));
  EXPECT_EQ(settled, (std::vector{CommandId{1, 2}}));
}

TEST(Relaxed, AnOrderlyCloseLeavesNoGapInTheNumbers) {
  RelaxedStore store;
  std::uint64_t last = 0;
  const auto plan = compile_workflow_text(R"({"tenuto": 1, "name": "w", "tasks": {"a": {"use": "work"}}})");
  ASSERT_TRUE(plan.ok());
  for (int life = 0; life < 3; ++life) {
    store.open();
    StartRequest request;
    request.plan = *plan;
    const auto run = store.core->start(request, CommandId{}, std::make_shared<Waiter>());
    ASSERT_TRUE(run.ok());
    EXPECT_EQ(run->number.value, last + 1);
    last = run->number.value;
    ASSERT_TRUE(store.core->write_out().ok());
    store.lose_power();
  }
}

}  // namespace
}  // namespace tenuto::testing
