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
  std::vector<RunRef> group;
  for (std::size_t done = 0; done < inputs.size(); done += group.size()) {
    group.clear();
    while (group.size() < kTogetherMax && done + group.size() < inputs.size()) {
      const auto run = adder.add(RunNumber(first.value + done + group.size()));
      if (!run.has_value()) break;
      group.push_back(*run);
    }
    if (group.empty()) return Status(Code::full, "too many live runs");
    // Before they begin: whoever goes on with a run must find it in the table, if only to forget it.
    adder.flush();
    const WallTime at = clock_.wall();
    for (std::size_t i = 0; i < group.size(); ++i) {
      RunStarted started{plan->hash(), "", false, false, inputs[done + i], "", "", CommandId{}};
      StartRun start{&binding, std::move(started), RunNumber(first.value + done + i), at, nullptr};
      if (runs_.at(group[i].slot).mailbox.try_claim()) {
        held.begin(group[i].slot, std::move(start));
        continue;
      }
      // Somebody is at a message for the run that had the slot before, and mostly begins this one. It answers for itself.
      waiter->expect_another();
      start.waiter = waiter;
      (void)begin(group[i], std::move(start), context);
    }
    held.release();
  }
  // The answer for all that is in the ring by now.
  record({}, std::make_unique<Answer>(Answer{waiter, RunAnswer{{}, first, {}, {}, {}, {}, 0}}));
  if (committer_->is_behind()) on_uncommitted();
  return first;
}

}  // namespace tenuto
