// Runs that are started together begin in groups: the starts of a group are one batch of the ring, and one call hands all of it
// to the workers. So what a run costs its starter is its slot, its record, and nothing that other threads look at.
#include "core/engine/processor.h"
#include "core/engine/ring_waiter.h"

namespace tenuto {
namespace {

constexpr std::size_t kTogetherMax = 64;  // bounds how long the first of a group waits for the others

}  // namespace

// The runs of one group that are ours until release(): their mailboxes are claimed, their records in the context.
class EngineCore::Group {
 public:
  Group(EngineCore& core, const PlanBinding& binding, Context& context)
      : core_(core), binding_(binding), context_(context), adder_(core.runs_) {}

  // False: there are too many live runs.
  bool begin(RunNumber number, WallTime at, const Payload& input) {
    const auto run = adder_.add(number);
    if (!run.has_value()) return false;
    StartRun start{&binding_,
                   {binding_.plan->hash(), "", false, false, input, "", "", CommandId{}},
                   number,
                   at,
                   nullptr};
    if (!core_.runs_.at(run->slot).mailbox.try_claim()) {
      // Somebody is still at a message for the run that had the slot before.
      if (!core_.begin(*run, std::move(start), context_)) elsewhere_.push_back(*run);
    } else if (Processor(core_, run->slot, context_).begin_held(std::move(start))) {
      held_.push_back(run->slot);
    }
    return true;
  }

  // Appends the records; then the runs go on.
  void release() {
    if (!context_.writer.empty()) {
      RingWaiter waiter(core_, context_);
      context_.flushed = context_.writer.flush(*core_.ring_, waiter);
    }
    const Position end = context_.flushed;
    for (const std::uint32_t slot : held_) {
      RunSlot& run = core_.runs_.at(slot);
      run.last = end;
      if (run.onward == RunSlot::Onward::when_durable) {
        context_.gate.push(end, GoOn{slot});
      } else {
        next_turn_.push_back(core_.offer_turn(slot));
      }
    }
    // The commit may have passed before they were queued; the queue's lock orders it with us.
    if (next_turn_.size() < held_.size() && core_.committer_->durable() >= end) core_.open_gates(context_);
    core_.scheduler_.inject_bulk(next_turn_);
    core_.note_uncommitted(context_);
    held_.clear();
    next_turn_.clear();
  }

  // Runs that another thread begins.
  [[nodiscard]] const std::vector<RunRef>& elsewhere() const { return elsewhere_; }

 private:
  EngineCore& core_;
  const PlanBinding& binding_;
  Context& context_;
  RunTable::Adder adder_;
  std::vector<std::uint32_t> held_;
  std::vector<WorkItem> next_turn_;
  std::vector<RunRef> elsewhere_;
};

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
  Group group(*this, bind(plan, context), context);
  bool all = true;
  for (std::size_t i = 0; all && i < inputs.size();) {
    const std::size_t end = std::min(inputs.size(), i + kTogetherMax);
    const WallTime at = clock_.wall();
    for (; all && i < end; ++i) all = group.begin(RunNumber(first.value + i), at, inputs[i]);
    group.release();
  }
  if (!all) return Status(Code::full, "too many live runs");
  // What began here is in the ring by now; the others answer for themselves.
  waiter->expect(1 + static_cast<std::uint32_t>(group.elsewhere().size()));
  for (const RunRef run : group.elsewhere()) send(run, AskState{waiter});
  record({}, std::make_unique<Answer>(Answer{waiter, RunAnswer{{}, first, {}, {}, {}, {}, 0}}));
  if (committer_->is_behind()) on_uncommitted();
  return first;
}

}  // namespace tenuto
