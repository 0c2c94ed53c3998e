// An engine core on memory, driven by hand in one thread.
#pragma once

#include <memory>
#include <string>

#include "core/engine/core.h"
#include "core/engine/processor.h"
#include "core/plan/compile.h"
#include "core/store/mem_log.h"
#include "core/store/mem_state.h"
#include "tests/support/core_world.h"

namespace tenuto::testing {

class CoreHarness {
 public:
  CoreHarness() { open(); }

  // Opens the store again, as after the end of the process.
  void open(const std::function<void()>& before_resume = [] {}) {
    core.reset();
    core = std::make_unique<EngineCore>(core_options_for_tests(), clock, log, state);
    const Status status = core->recover();
    TN_CHECK(status.ok());
    for (const auto& [name, body] : natives_) add_native(name, body);
    before_resume();
    core->resume_runs();
  }

  void native(const std::string& name, std::function<void(const BodyCall&, BodyReport&)> body) {
    natives_.emplace_back(name, body);
    add_native(name, body);
  }

  // Runs whatever can run until nothing can.
  void settle() {
    Contexts::Lease lease(core->contexts());
    for (;;) {
      bool any = false;
      while (core->scheduler().worker(0).run_one()) any = true;
      while (core->commit_one(*lease)) any = true;
      if (!any) return;
    }
  }

  PlanRef compile(const std::string& json) {
    auto plan = compile_workflow_text(json);
    if (!plan.ok()) std::fprintf(stderr, "%s\n", plan.status().message().c_str());
    TN_CHECK(plan.ok());
    return *plan;
  }

  RunName start(const PlanRef& plan, const std::string& input = "null", const std::string& id = "") {
    StartRequest request;
    request.plan = plan;
    request.input = Payload::json(input);
    request.id = id;
    auto waiter = std::make_shared<Waiter>();
    auto name = core->start(request, CommandId{}, waiter);
    TN_CHECK(name.ok());
    return *name;
  }

  WaiterRef await(const RunName& run) {
    auto waiter = std::make_shared<Waiter>();
    TN_CHECK(core->send(run.number, AwaitEnd{waiter}));
    return waiter;
  }

  ManualClock clock;
  MemLog log;
  MemState state;
  std::unique_ptr<EngineCore> core;

 private:
  void add_native(const std::string& name, std::function<void(const BodyCall&, BodyReport&)> body) {
    std::vector<RunRef> released;
    TN_CHECK(core->actions().register_native(name, NativeBody{std::move(body), {}, true, {}}, released).ok());
    core->wake_parked(released);
  }
  std::vector<std::pair<std::string, std::function<void(const BodyCall&, BodyReport&)>>> natives_;
};

}  // namespace tenuto::testing
