// Runs that are started together begin in groups (core/engine/held_runs.h): a run costs its starter a slot, a record, and
// nothing that other threads look at.
#include "core/engine/held_runs.h"

namespace tenuto {
namespace {

constexpr std::size_t kTogetherMax = 64;  // bounds how long the first of a group waits for the others

}  // namespace

Result<RunNumber> EngineCore::start_many(const PlanRef& plan, std::span<const Payload> inputs,
                                         const WaiterRef& waiter) {
  for (const Payload& input : inputs) {
    if (input.size() > limits::kValueBytesMax)
      return Status(Code::too_large, "an input is larger than the limit");
  }
  if (inputs.empty()) return Status(Code::invalid_argument, "there is nothing to start");
  TN_ASSIGN(const RunNumber first, take_numbers(inputs.size()));
  Contexts::Lease lease(contexts_);
  Context& context = *lease;
  const PlanBinding& binding = bind(plan, context);
  RunTable::Adder adder(runs_);
  HeldRuns held(*this, context);
  std::vector<RunRef> elsewhere;
  WallTime at;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i % kTogetherMax == 0) {
      held.release();
      at = clock_.wall();
    }
    const RunNumber number(first.value + i);
    const auto run = adder.add(number);
    if (!run.has_value()) {
      held.release();
      return Status(Code::full, "too many live runs");
    }
    RunStarted started{plan->hash(), "", false, false, inputs[i], "", "", CommandId{}};
    StartRun start{&binding, std::move(started), number, at, nullptr};
    if (runs_.at(run->slot).mailbox.try_claim()) {
      held.begin(run->slot, std::move(start));
    } else if (!begin(*run, std::move(start), context)) {
      // Somebody is still at a message for the run that had the slot before, and begins this one.
      elsewhere.push_back(*run);
    }
  }
  held.release();
  // What began here is in the ring by now; the others answer for themselves.
  waiter->expect(1 + static_cast<std::uint32_t>(elsewhere.size()));
  for (const RunRef run : elsewhere) send(run, AskState{waiter});
  record({}, std::make_unique<Answer>(Answer{waiter, RunAnswer{{}, first, {}, {}, {}, {}, 0}}));
  if (committer_->is_behind()) on_uncommitted();
  return first;
}

}  // namespace tenuto
