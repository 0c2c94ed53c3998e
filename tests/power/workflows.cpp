#include "tests/power/workflows.h"

#include <unistd.h>

#include "core/base/random.h"
#include "core/plan/compile.h"

namespace tenuto::testing {
namespace {

// Native bodies that block, inline ones, pure ones that run ahead of the disk, failures that are tried again, large results.
constexpr std::array kDefinitions = {
    R"({"tenuto": 1, "name": "diamond", "tasks": {
        "a": {"use": "slow"}, "b": {"use": "slow", "needs": ["a"]}, "c": {"use": "quick", "needs": ["a"]},
        "d": {"use": "flaky", "needs": ["b", "c"], "retry": {"attempts": 3, "backoff": "1ms"}},
        "e": {"use": "quick", "needs": ["d"]}}})",
    R"({"tenuto": 1, "name": "line", "tasks": {
        "a": {"use": "quick"}, "b": {"use": "quick", "needs": ["a"]}, "c": {"use": "quick", "needs": ["b"]},
        "d": {"use": "large", "needs": ["c"]}, "e": {"use": "quick", "needs": ["d"]}}})",
    R"({"tenuto": 1, "name": "ahead", "tasks": {
        "a": {"use": "quick", "pure": true}, "b": {"use": "quick", "pure": true, "needs": ["a"]},
        "c": {"use": "large", "pure": true, "needs": ["b"]}, "d": {"use": "slow", "needs": ["c"]}}})",
    R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "quick"}}})",
};
constexpr std::size_t kLargeBytesMax = 6000;

Shape make_shape(const char* definition) {
  Shape shape;
  Result<PlanRef> plan = compile_workflow_text(definition);
  TN_CHECK(plan.ok());
  shape.plan = *plan;
  const std::uint32_t count = shape.plan->node_count();
  shape.needs.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    shape.pure.push_back(shape.plan->policy_of(TaskIndex(i)).pure);
    for (const Edge& edge : shape.plan->edges_of(TaskIndex(i))) shape.needs[edge.target().value].push_back(i);
  }
  return shape;
}

// The same for each attempt, so that the outcome does not hang on when it was asked for.
std::uint64_t draw(const Ticket& ticket) {
  return mix64(ticket.number.value * 1000 + ticket.task.value);
}

}  // namespace

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = [] {
    std::vector<Shape> made;
    for (const char* definition : kDefinitions) made.push_back(make_shape(definition));
    return made;
  }();
  return all;
}

const Shape* shape_of(const WorkflowHash& hash) {
  for (const Shape& shape : shapes()) {
    if (shape.plan->hash() == hash) return &shape;
  }
  return nullptr;
}

Status register_bodies(Engine& engine, const OnBegin& on_begin, std::uint32_t most_us) {
  const auto add = [&](const char* action, bool runs_inline, auto work) -> Status {
    NativeBody native;
    native.runs_inline = runs_inline;
    native.call = [on_begin, work](const BodyCall& call, BodyReport& report) {
      on_begin(call.ticket->number, call.ticket->task, call.ticket->attempt);
      work(*call.ticket, report);
    };
    const Result<std::uint32_t> number = engine.register_native(action, std::move(native));
    return number.ok() ? Status() : number.status();
  };
  TN_TRY(add("quick", true, [](const Ticket&, BodyReport&) {}));
  TN_TRY(add("slow", false, [most_us](const Ticket& ticket, BodyReport&) {
    if (most_us > 0) ::usleep(static_cast<useconds_t>(draw(ticket) % most_us));
  }));
  TN_TRY(add("flaky", true, [](const Ticket& ticket, BodyReport& report) {
    report.done = ticket.attempt.value % 2 == 0;
    if (!report.done) report.failure = {"Flaky", "not this time", ""};
  }));
  return add("large", true, [](const Ticket& ticket, BodyReport& report) {
    report.result = Payload::make(ContentType::bytes, Bytes(draw(ticket) % kLargeBytesMax, 'x'));
  });
}

}  // namespace tenuto::testing
