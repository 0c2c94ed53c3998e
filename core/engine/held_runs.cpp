#include "core/engine/held_runs.h"

namespace tenuto {

void EngineCore::HeldRuns::release() {
  if (slots_.empty() || core_.is_left_behind()) return;
  // Otherwise a step between that had more to do has appended the records of those before it too.
  core_.append_records(context_);
  const auto steps = static_cast<std::uint32_t>(slots_.size());
  bool gated = false;
  for (const std::uint32_t slot : slots_) {
    RunSlot& run = core_.runs_.at(slot);
    run.last = context_.flushed;
    switch (run.onward) {
      case RunSlot::Onward::next_turn:
        context_.go_on.push_back(core_.offer_turn(slot));
        break;
      case RunSlot::Onward::when_durable:
        context_.gate.push(run.last, GoOn{slot});
        gated = true;
        break;
      case RunSlot::Onward::no:
        let_go(slot);
        break;
    }
  }
  slots_.clear();
  // The commit may have passed before they were queued; the queue's lock orders it with us.
  if (gated && core_.committer_->durable() >= context_.flushed) core_.open_gates(context_);
  core_.scheduler_.inject_bulk(context_.go_on);
  context_.go_on.clear();
  core_.note_uncommitted(context_, steps);
}

void EngineCore::HeldRuns::let_go(std::uint32_t slot) {
  RunSlot& run = core_.runs_.at(slot);
  if (is_final(run.run.state)) {
    context_.retired.push({slot, run.generation.load(std::memory_order_relaxed)}, run.last);
  }
  if (!run.mailbox.try_retire()) core_.yield_run(slot, context_);
}

}  // namespace tenuto
