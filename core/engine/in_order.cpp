// Runs in order: short native bodies, called one after the other by the processor of their run.
//
// A body that a worker may run (INLINE) and that takes less than handing it to another thread costs (a ticket, a queue, a message
// back, perhaps a wake-up: 0.3 to 20 µs) runs right here. While a run is in order nothing is kept for each of its nodes:
// one number moves on, and one record says how far. What one task costs is the call of its body.
//
// Bodies that wait for the disk run in order too. The run then waits for its own records alone, so it needs no ticket and no
// message: when they are durable it is handed to a worker as it is (GoOn). A node may run when the records of all that it waits for
// are durable; RunSlot::durable_mark says how far they are known to be.
//
// The ticket that these bodies see is lent: it belongs to the thread's context, moves from task to task, and no report
// counts that names it. A turn ends after Context::turn_ns, so that messages (a cancel, a question) are not kept waiting.
#include <algorithm>

#include "core/engine/processor.h"
#include "core/machine/decide.h"
#include "core/machine/outstanding.h"

namespace tenuto {
namespace {

constexpr Nanos kShortNs = 2'000;  // Longer bodies are offered to all workers.
constexpr Nanos kSpanNs = 20'000;  // Between two looks at the clock, by the usual time of a body.
constexpr std::uint32_t kSpanMax = 4096;
constexpr Nanos kWorthTimingNs = 1'000;  // Shorter spans are timed now and then only: a look costs 25 ns.
constexpr std::uint32_t kTimedSpans = 16;

// The end of a span that begins at `first`, in a stretch that ends at `end`.
std::uint32_t span_end(std::uint32_t first, std::uint32_t end, Nanos usual) {
  const auto most = static_cast<std::uint32_t>(std::clamp<Nanos>(kSpanNs / usual, 1, kSpanMax));
  return end - first > most ? first + most : end;
}

bool needs_no_node(const BoundTemplate& argument) {
  return std::all_of(argument.operands.begin(), argument.operands.end(),
                     [](OperandRef ref) { return ref.is_input(); });
}

bool call_span(const NativeBody& body, const SpanCall& span, BodyReport& report) {
  if (body.call_span) return body.call_span(span, report);
  for (TaskIndex& task = span.ticket->task; task.value < span.end; ++task.value) {
    report = BodyReport();
    body.call({span.token, span.ticket}, report);
    if (!report.done || !report.result.is_null_json()) return false;
  }
  return true;
}

}  // namespace

void Processor::run_in_order() {
  Run& run = slot_.run;
  set_onward(RunSlot::Onward::no);
  if (!run.in_order() || is_final(run.state)) return;
  if (!recorded_ && core_.committer_->durable() >= slot_.last) slot_.durable_mark = run.front + 1;
  const WallTime started = now_;
  const std::span<const std::uint32_t> ends = run.plan->stretch_ends();
  TaskIndex at{run.front};
  BodyReport report;
  Stretch how = Stretch::done;
  for (auto end = std::upper_bound(ends.begin(), ends.end(), at.value); end != ends.end(); ++end) {
    how = run_stretch(at, *end, started, report);
    if (how != Stretch::done) break;
  }
  if (at.value > run.front) record_in_order(at.value - run.front, started);
  if (how == Stretch::reported) {
    record_report(at, std::move(report));
  } else if (how == Stretch::turn_over) {
    set_onward(RunSlot::Onward::next_turn);
  } else if (how == Stretch::not_durable) {
    set_onward(RunSlot::Onward::when_durable);
  } else if (run.open > 0) {
    leave_order(run);
    outstanding(run, context_.changes);
  }
}

// Of one stretch from `at` on, which moves. `report` is of the node at `at` when that is why it stopped.
Processor::Stretch Processor::run_stretch(TaskIndex& at, std::uint32_t end, WallTime turn_began,
                                          BodyReport& report) {
  Action& action = core_.actions_.at(slot_.binding->action_of(at));
  if (!may_run_here(action, at)) return Stretch::not_here;
  const std::uint32_t open = open_end(at, end);
  if (at.value == open) return wait_or_leave(at);
  if (context_.turn_ns == 0) return Stretch::turn_over;
  auto argument = argument_of(slot_.run, at, context_.evaluation);
  if (!argument.ok()) return Stretch::not_here;
  Ticket& ticket = core_.tickets_.at(context_.lent_ticket);
  Pool& pool = slot_.binding->pool_of(at);
  const WallTime began = now_;
  const TicketToken token = lend(ticket, at, *std::move(argument));
  Stretch how = Stretch::done;
  while (how == Stretch::done && at.value < end) {
    if (at.value == open) {
      how = wait_or_leave(at);
    } else if (now_.ns - turn_began.ns >= context_.turn_ns) {
      how = Stretch::turn_over;
    } else if (action.usual.ns() >= kShortNs) {
      how = Stretch::not_here;
    } else if (!run_span(action, {token, &ticket, span_end(at.value, open, action.usual.ns())}, report)) {
      how = Stretch::reported;
    }
    at = ticket.task;
  }
  ticket.make_free();
  note_busy(pool, now_.ns - began.ns);
  return how;
}

void Processor::note_busy(Pool& pool, Nanos busy) {
  if (busy == 0) return;
  pool.note_busy(busy);
  core_.arm_pool_sample();
}

bool Processor::may_run_here(const Action& action, TaskIndex task) const {
  const Plan& plan = *slot_.run.plan;
  const Policy& policy = plan.policy_of(task);
  // Acquire pairs with Actions::register_as.
  return action.served_by.load(std::memory_order_acquire) == ServedBy::native_inline &&
         policy.timeout_ns == 0 && needs_no_node(plan.argument_of(task));
}

// A node has to wait for the disk. One behind it that need not would wait too, so the run leaves its order for that.
Processor::Stretch Processor::wait_or_leave(TaskIndex at) const {
  return slot_.binding->least_marks[at.value] <= slot_.durable_mark ? Stretch::not_here
                                                                    : Stretch::not_durable;
}

// So far, in a stretch, nothing has to wait for the disk.
std::uint32_t Processor::open_end(TaskIndex from, std::uint32_t end) const {
  if (slot_.run.plan->policy_of(from).pure || !core_.options_.wait_for_disk) return end;
  const std::vector<std::uint32_t>& marks = slot_.binding->durable_marks;
  std::uint32_t at = from.value;
  while (at < end && marks[at] <= slot_.durable_mark) ++at;
  return at;
}

TicketToken Processor::lend(Ticket& ticket, TaskIndex task, Payload argument) {
  ticket.run = {number_, slot_.generation.load(std::memory_order_relaxed)};
  ticket.number = slot_.run.number;
  ticket.task = task;
  ticket.attempt = Attempt{1};
  ticket.binding = slot_.binding;
  ticket.argument = std::move(argument);
  return {ticket.lend(), context_.lent_ticket};
}

// False: a body has reported; the ticket says which.
bool Processor::run_span(Action& action, const SpanCall& span, BodyReport& report) {
  const std::uint32_t count = span.end - span.ticket->task.value;
  span.ticket->started = now_;
  const bool timed = count * action.usual.ns() >= kWorthTimingNs || ++context_.spans % kTimedSpans == 0;
  const MonoTime began = timed ? core_.clock_.monotonic() : MonoTime();
  const bool through = call_span(action.body, span, report);
  if (timed) {
    const Nanos took = core_.clock_.monotonic().ns - began.ns;
    now_.ns += took;
    if (through) action.usual.learn(took / count);
  }
  return through;
}

void Processor::record_in_order(std::uint32_t count, WallTime started) {
  const Run& run = slot_.run;
  record(Event{now_, run.number, kRootScope, TaskIndex{run.front}, Attempt{1}, TasksDone{count, started}});
}

void Processor::record_report(TaskIndex task, BodyReport&& report) {
  const WallTime started = core_.tickets_.at(context_.lent_ticket).started;
  leave_order(slot_.run);
  Input input = report.done
                    ? Input(BodyDone{task, Attempt{1}, std::move(report.result), started})
                    : Input(BodyFailed{task, Attempt{1}, report.kind, std::move(report.failure), started});
  auto event = decide(slot_.run, std::move(input), now_, core_.options_.seed);
  TN_CHECK(event.ok());
  record(*event);
  // All that is possible now, not only what this event made so.
  context_.changes.clear();
  outstanding(slot_.run, context_.changes);
}

// A run that goes on without a message counts as busy: a drain waits for it.
void Processor::set_onward(RunSlot::Onward onward) {
  const bool before = slot_.onward != RunSlot::Onward::no;
  const bool after = onward != RunSlot::Onward::no;
  slot_.onward = onward;
  if (after && !before) core_.busy_.fetch_add(1, std::memory_order_relaxed);
  if (before && !after) ++context_.busy_less;
}

}  // namespace tenuto
