// A plan from arrays runs, is recorded and comes back as the one from text does.
#include <gtest/gtest.h>

#include "core/journal/record.h"
#include "core/plan/task_graph.h"
#include "core/query/view.h"
#include "tests/property/plan/definition_writer.h"
#include "tests/support/random_graph.h"
#include "tests/unit/engine/core_harness.h"

namespace tenuto::testing {
namespace {

// All that a store keeps of a run of `plan`, and what its bodies saw.
struct Trace {
  Bytes events;
  std::string seen;
  friend bool operator==(const Trace&, const Trace&) = default;
};

Trace run(const std::function<PlanRef()>& make_plan) {
  Trace trace;
  CoreHarness harness;
  for (const char* action : {"f0", "f1", "f2"}) {
    harness.native(action, [&trace, action](const BodyCall& call, BodyReport& report) {
      trace.seen += action + std::string(call.ticket->binding->plan->name_of(call.ticket->task)) + " ";
      report.done = true;
    });
  }
  const RunName name = harness.start(make_plan());
  harness.settle();
  harness.core->commit_all();
  harness.open();  // the definition comes from the store now
  PlanCache plans;
  const auto view = View::open(harness.state, harness.log, harness.core->committer().durable(), plans, 99);
  TN_CHECK(view.ok());
  const auto events = view->events_of(name.number);
  TN_CHECK(events.ok());
  for (const Event& event : *events) encode(event, trace.events);
  return trace;
}

TEST(TaskGraphRun, ArraysAndTextLeaveTheSameHistory) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    const RandomGraph graph(seed);
    const Trace from_arrays = run([&] {
      auto plan = compile_graph(graph.arrays());
      TN_CHECK(plan.ok());
      return *plan;
    });
    const Trace from_text = run([&] {
      auto plan = compile_workflow_text(DefinitionWriter(seed).write(graph.spec()));
      TN_CHECK(plan.ok());
      return *plan;
    });
    EXPECT_FALSE(from_arrays.events.empty());
    EXPECT_EQ(from_arrays, from_text);
  }
}

}  // namespace
}  // namespace tenuto::testing
