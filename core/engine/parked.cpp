// Tasks whose action nobody has a body for yet. They take nothing: no ticket, no argument, no place in a queue. The run is listed with
// the action, and when a body comes it looks for itself what can go on.
#include "core/engine/processor.h"

namespace tenuto {

// True: the task waits until somebody registers a body.
bool Processor::is_parked(TaskIndex task) {
  const std::uint32_t action = slot_.binding->action_of(task);
  // Acquire pairs with Actions::register_as.
  if (core_.actions_.at(action).served_by.load(std::memory_order_acquire) != ServedBy::nobody) return false;
  // Relaxed, here and below: who looks holds the lock of Actions, which we take after the store.
  slot_.parked.store(true, std::memory_order_relaxed);
  return core_.actions_.park(action, {number_, slot_.generation.load(std::memory_order_relaxed)});
}

void Processor::withdraw_parked() {
  if (!slot_.parked.load(std::memory_order_relaxed)) return;
  slot_.parked.store(false, std::memory_order_relaxed);
  core_.actions_.note_withdrawn([this](RunRef run) {
    const RunSlot& slot = core_.runs_.at(run.slot);
    return slot.generation.load(std::memory_order_relaxed) == run.generation &&
           slot.parked.load(std::memory_order_relaxed);
  });
}

// A task that was parked is ready, and has neither a ticket nor a place in the backlog.
void Processor::on(BodyCame&) {
  ++context_.busy_less;
  Run& run = slot_.run;
  if (run.in_order() || !run.may_start_work()) return;
  std::vector<bool> elsewhere(run.plan->node_count());
  for (std::uint32_t i = slot_.first_ticket; i != Slab<Ticket>::kNone; i = core_.tickets_.at(i).next)
    elsewhere[core_.tickets_.at(i).task.value] = true;
  if (const RunExtra* extra = slot_.extra.get()) {
    for (std::size_t i = extra->backlog_begin; i < extra->ready_backlog.size(); ++i)
      elsewhere[extra->ready_backlog[i].value] = true;
  }
  for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) {
    const TaskIndex task{i};
    if (elsewhere[i] || run.row(task).state != TaskState::ready) continue;
    const Action& action = core_.actions_.at(slot_.binding->action_of(task));
    if (action.served_by.load(std::memory_order_acquire) != ServedBy::nobody)
      context_.changes.ready.push_back(task);
  }
  settle();
}

void EngineCore::wake_parked(std::span<const RunRef> runs) {
  busy_.fetch_add(static_cast<std::int64_t>(runs.size()), std::memory_order_relaxed);
  for (const RunRef run : runs) send(run, BodyCame{});
}

}  // namespace tenuto
