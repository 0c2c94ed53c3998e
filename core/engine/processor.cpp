#include "core/engine/processor.h"

#include "core/machine/apply.h"
#include "core/machine/decide.h"
#include "core/machine/outstanding.h"
#include "core/query/replay.h"

namespace tenuto {

void Processor::drain() {
  drain(take_messages());
}

void Processor::drain(Message* list) {
  std::uint32_t handled = 0;
  for (;;) {
    now_ = core_.clock_.wall();
    settled_ = false;
    while (list != nullptr) {
      if (handled++ == limits::kMailboxBatchMax) {
        slot_.make_extra().backlog = list;
        finish_step();
        core_.yield_run(number_, context_);
        return;
      }
      const std::unique_ptr<Message> message(list);
      list = list->next;
      handle(*message);
    }
    if (slot_.onward != RunSlot::Onward::no && !settled_) settle();
    if (hand_on()) return;
    finish_step();
    if (slot_.mailbox.try_retire()) return;
    list = take_messages();
  }
}

bool Processor::begin_held(StartRun&& start) {
  now_ = start.at;
  on(start);
  return may_be_held();
}

bool Processor::drain_held(WallTime now) {
  Message* list = take_messages();
  if (list == nullptr && slot_.onward != RunSlot::Onward::no) {
    now_ = now;
    settle();
    context_.now = now_;
    if (may_be_held()) return true;
  } else {
    drain(list);
  }
  // Finishing the step may have waited for the ring, and may have brought runs here that are younger than its end.
  context_.now = core_.clock_.wall();
  return false;
}

// Whether nothing is left of the step but its records; else finishes it.
bool Processor::may_be_held() {
  const Changes& changes = context_.changes;
  if (context_.effects.empty() && context_.offers.empty() && changes.timers.empty() && !backlog_grew_) {
    context_.changes.clear();
    return true;
  }
  if (hand_on()) return false;
  finish_step();
  if (!slot_.mailbox.try_retire()) core_.yield_run(number_, context_);
  return false;
}

void Processor::resume(std::uint32_t generation, WallTime now) {
  now_ = now;
  // Another one: the run has ended meanwhile and is forgotten.
  if (slot_.generation.load(std::memory_order_relaxed) == generation) {
    ResumeRun resume;
    on(resume);
    if (hand_on()) return;
    finish_step();
  }
  if (!slot_.mailbox.try_retire()) drain();
}

// True if the run goes on elsewhere: the slot is no longer ours.
bool Processor::hand_on() {
  const RunSlot::Onward onward = slot_.onward;
  if (onward == RunSlot::Onward::no) return false;
  if (onward == RunSlot::Onward::when_durable) context_.effects.emplace_back(GoOn{number_});
  finish_step();
  if (onward == RunSlot::Onward::next_turn) core_.yield_run(number_, context_);
  return true;
}

Message* Processor::take_messages() {
  if (slot_.extra != nullptr && slot_.extra->backlog != nullptr)
    return std::exchange(slot_.extra->backlog, nullptr);
  return slot_.mailbox.take_all();
}

void Processor::handle(Message& message) {
  if (message.generation != slot_.generation.load(std::memory_order_relaxed)) {
    drop(message);
    return;
  }
  const bool starts = std::holds_alternative<Boxed<StartRun>>(message.body);
  if (slot_.binding == nullptr && !starts) {
    slot_.make_extra().early.push_back(std::move(message.body));
    return;
  }
  std::visit([this](auto& body) { on(body); }, message.body);
  if (!starts || slot_.extra == nullptr) return;
  for (MessageBody& early : std::exchange(slot_.extra->early, {})) {
    std::visit([this](auto& body) { on(body); }, early);
  }
}

// The message was for a run that has been forgotten: all of it is in the tables.
void Processor::drop(Message& message) {
  const auto gone = [](const WaiterRef& waiter) {
    if (waiter == nullptr) return;
    RunAnswer answer;
    answer.status = Status(Code::not_found, "the run is no longer live");
    waiter->answer(std::move(answer));
  };
  if (auto* cancel = std::get_if<Boxed<CancelRun>>(&message.body)) {
    gone((*cancel)->waiter);
    if (const CommandId command = (*cancel)->cancel.command; !command.is_none())
      core_.settle_cancel_of_gone(command, (*cancel)->run);
  }
  if (auto* settle = std::get_if<Boxed<SettleCommand>>(&message.body))
    core_.settle((*settle)->command, (*settle)->run, (*settle)->refusal);
  if (auto* await = std::get_if<AwaitEnd>(&message.body)) gone(await->waiter);
  if (auto* ask = std::get_if<AskState>(&message.body)) gone(ask->waiter);
  if (std::holds_alternative<RetryTime>(message.body) || std::holds_alternative<BodyCame>(message.body))
    ++context_.busy_less;
  if (auto* late = std::get_if<LateReturn>(&message.body)) {
    if (core_.tickets_.at(late->token.slot()).generation() == late->token.generation())
      free_ticket(late->token.slot());
  }
}

void Processor::on(StartRun& start) {
  slot_.binding = start.binding;
  slot_.started = start.at;
  slot_.durable_mark = 0;
  slot_.run = begin_run(start.number, start.binding->plan, start.started);
  // The start has the command's id: no other record of its outcome is needed.
  if (!start.started.command.is_none()) context_.effects.emplace_back(CommandSettled{start.started.command});
  recorded_ = true;
  context_.writer.add(
      Event{start.at, start.number, kRootScope, kNoTask, Attempt{}, std::move(start.started)});
  core_.counters_.started.fetch_add(1, std::memory_order_relaxed);
  settle();
  if (start.waiter != nullptr) answer(start.waiter, answer_now());
}

void Processor::on(ResumeRun&) {
  if (is_final(slot_.run.state)) return;
  if (!slot_.run.in_order()) outstanding(slot_.run, context_.changes);
  settle();
}

bool Processor::take_back(TicketToken token) {
  unlink(token.slot());
  --slot_.in_flight;
  if (core_.tickets_.at(token.slot()).is_out(token.generation())) return true;
  free_ticket(token.slot());
  return false;
}

void Processor::on(Done& done) {
  TN_CHECK(!take_back(done.token));
  // A refusal can't be: the ticket was the one that was awaited.
  TN_CHECK(step(std::move(done.done)).ok());
}

void Processor::on(Failed& failed) {
  if (take_back(failed.token)) {
    // Timed out: the body goes on for itself, and its task is not tried again before it has come back.
    slot_.make_extra().abandoned.push_back({failed.failed.task, failed.token});
  }
  TN_CHECK(step(std::move(failed.failed)).ok());
}

void Processor::on(LateReturn& late) {
  if (slot_.extra == nullptr) return;
  auto& abandoned = slot_.extra->abandoned;
  for (std::size_t i = 0; i < abandoned.size(); ++i) {
    if (abandoned[i].token != late.token) continue;
    const RunExtra::Abandoned body = abandoned[i];
    abandoned.erase(abandoned.begin() + static_cast<std::ptrdiff_t>(i));
    free_ticket(late.token.slot());
    // Otherwise its task still waits for the retry, or in the backlog.
    if (body.is_awaited && slot_.run.may_start_work()) {
      context_.changes.ready.push_back(body.task);
      settle();
    }
    return;
  }
  // Not there: it came back before its time-out was handled here, and that freed the ticket.
}

void Processor::on(RetryTime& retry) {
  ++context_.busy_less;
  if (slot_.extra != nullptr) {
    std::erase_if(slot_.extra->retry_timers, [&](const auto& timer) { return timer.task == retry.task; });
  }
  // A refusal means that the run fails or was cancelled meanwhile.
  (void)step(RetryDue{retry.task});
}

void Processor::on(CancelRun& cancel) {
  RunAnswer result = answer_now();
  // What was asked for has happened or is happening already.
  const bool cancelled = slot_.run.state == RunState::cancelling || slot_.run.state == RunState::cancelled;
  const CommandId command = cancel.cancel.command;
  if (!cancelled) result.status = step(std::move(cancel.cancel));
  if (!command.is_none()) settle_command(command, result.status);
  if (cancel.waiter != nullptr) answer(cancel.waiter, std::move(result));
}

void Processor::on(AwaitEnd& await) {
  if (is_final(slot_.run.state)) {
    answer(await.waiter, answer_now());
    return;
  }
  // A caller that asks again and again, each time for a while, leaves nothing behind.
  auto& waiters = slot_.make_extra().waiters;
  std::erase_if(waiters, [](const std::weak_ptr<Waiter>& waiter) { return waiter.expired(); });
  waiters.push_back(await.waiter);
}

void Processor::on(SettleCommand& settle) {
  settle_command(settle.command, settle.refusal);
}

void Processor::settle_command(CommandId command, const Status& refusal) {
  context_.writer.add(core_.outcome_of(command, slot_.run.number, refusal));
  context_.effects.emplace_back(CommandSettled{command});
}

void Processor::on(AskState& ask) {
  answer(ask.waiter, answer_now());
}

void Processor::on(ForgetRun&) {
  core_.runs_.forget({number_, slot_.generation.load(std::memory_order_relaxed)}, slot_.run.number);
}

Status Processor::step(Input&& input) {
  auto event = decide(slot_.run, std::move(input), now_, core_.options_.seed);
  if (!event.ok()) return event.status();
  record(*event);
  settle();
  return {};
}

void Processor::record(const Event& event) {
  TN_CHECK(apply(slot_.run, event, context_.changes).ok());
  recorded_ = true;
  context_.writer.add(event);
  if (event.type() == EventType::task_done)
    core_.counters_.completions.fetch_add(1, std::memory_order_relaxed);
  if (const auto* done = std::get_if<TasksDone>(&event.body))
    core_.counters_.completions.fetch_add(done->count, std::memory_order_relaxed);
}

void Processor::settle() {
  Changes& changes = context_.changes;
  settled_ = true;
  run_in_order();
  if (slot_.onward != RunSlot::Onward::no) return;
  for (;;) {
    if (changes.stop_work) {
      changes.stop_work = false;
      withdraw_queued();
    }
    if (auto event = follow_up(slot_.run, changes, slot_.in_flight, now_, context_.evaluation)) {
      record(*event);
    } else if (offer_ready()) {
      break;
    }
  }
  if (changes.ended) end_run();
}

bool Processor::offer_ready() {
  Changes& changes = context_.changes;
  if (!slot_.run.may_start_work()) {
    changes.ready.clear();
    return true;
  }
  if (!offer_backlog()) return false;
  std::size_t taken = 0;
  bool evaluated = true;
  while (evaluated && taken < changes.ready.size() && slot_.in_flight < limits::kReadyOfferMax) {
    evaluated = offer(changes.ready[taken++], false);
  }
  changes.ready.erase(changes.ready.begin(), changes.ready.begin() + static_cast<std::ptrdiff_t>(taken));
  if (!evaluated) return false;
  if (!changes.ready.empty()) queue_backlog();
  return true;
}

// Tasks that wait for room only: they follow from events that were durable long ago, not from the one that made room.
bool Processor::offer_backlog() {
  RunExtra* extra = slot_.extra.get();
  if (extra == nullptr) return true;
  const bool is_durable = !backlog_grew_ && core_.committer_->durable() >= extra->backlog_position;
  while (extra->backlog_begin < extra->ready_backlog.size() && slot_.in_flight < limits::kReadyOfferMax) {
    if (!offer(extra->ready_backlog[extra->backlog_begin++], is_durable)) return false;
  }
  return true;
}

// Beyond limits::kReadyOfferMax tasks wait as plain numbers.
void Processor::queue_backlog() {
  RunExtra& extra = slot_.make_extra();
  extra.ready_backlog.erase(extra.ready_backlog.begin(),
                            extra.ready_backlog.begin() + static_cast<std::ptrdiff_t>(extra.backlog_begin));
  extra.backlog_begin = 0;
  std::vector<TaskIndex>& ready = context_.changes.ready;
  extra.ready_backlog.insert(extra.ready_backlog.end(), ready.begin(), ready.end());
  ready.clear();
  backlog_grew_ = true;
}

// `is_durable`: the events that made the task ready are.
bool Processor::offer(TaskIndex task, bool is_durable) {
  if (RunExtra::Abandoned* body = still_out(task)) {
    body->is_awaited = true;
    return true;
  }
  auto argument = argument_of(slot_.run, task, context_.evaluation);
  if (argument.ok()) {
    if (!is_parked(task)) issue(task, *std::move(argument), is_durable);
    return true;
  }
  const Attempt attempt{slot_.run.row(task).attempt};
  BodyFailed failed{
      task, attempt, FailureKind::expression, {"ExpressionError", argument.status().message(), ""}, {}};
  auto event = decide(slot_.run, std::move(failed), now_, core_.options_.seed);
  TN_CHECK(event.ok());
  record(*event);
  return false;
}

RunExtra::Abandoned* Processor::still_out(TaskIndex task) const {
  if (slot_.extra == nullptr) return nullptr;
  for (RunExtra::Abandoned& abandoned : slot_.extra->abandoned) {
    if (abandoned.task == task) return &abandoned;
  }
  return nullptr;
}

void Processor::issue(TaskIndex task, Payload argument, bool is_durable) {
  const std::uint32_t number = core_.tickets_.acquire();
  TN_CHECK(number != Slab<Ticket>::kNone);
  Ticket& ticket = core_.tickets_.at(number);
  const Policy& policy = slot_.run.plan->policy_of(task);
  ticket.run = {number_, slot_.generation.load(std::memory_order_relaxed)};
  ticket.number = slot_.run.number;
  ticket.task = task;
  ticket.attempt = Attempt{slot_.run.row(task).attempt};
  ticket.binding = slot_.binding;
  ticket.argument = std::move(argument);
  ticket.previous = Slab<Ticket>::kNone;
  ticket.next = slot_.first_ticket;
  if (ticket.next != Slab<Ticket>::kNone) core_.tickets_.at(ticket.next).previous = number;
  slot_.first_ticket = number;
  ++slot_.in_flight;
  core_.busy_.fetch_add(1, std::memory_order_relaxed);
  const Offer offer{TicketToken(ticket.issue(), number), slot_.binding->action_of(task),
                    &slot_.binding->pool_of(task)};
  if (policy.pure || is_durable || !core_.options_.wait_for_disk) {
    context_.offers.push_back(offer);
  } else {
    context_.effects.emplace_back(offer);
  }
}

void Processor::unlink(std::uint32_t number) {
  Ticket& ticket = core_.tickets_.at(number);
  if (ticket.previous != Slab<Ticket>::kNone) {
    core_.tickets_.at(ticket.previous).next = ticket.next;
  } else {
    slot_.first_ticket = ticket.next;
  }
  if (ticket.next != Slab<Ticket>::kNone) core_.tickets_.at(ticket.next).previous = ticket.previous;
  ++context_.busy_less;
}

void Processor::free_ticket(std::uint32_t number) {
  core_.tickets_.at(number).make_free();
  core_.tickets_.release(number);
}

void Processor::withdraw_queued() {
  context_.changes.ready.clear();
  if (slot_.extra != nullptr) {
    slot_.extra->ready_backlog.clear();
    slot_.extra->backlog_begin = 0;
  }
  withdraw_parked();
  std::uint32_t number = slot_.first_ticket;
  while (number != Slab<Ticket>::kNone) {
    Ticket& ticket = core_.tickets_.at(number);
    const std::uint32_t next = ticket.next;
    if (ticket.try_withdraw(ticket.generation())) {
      unlink(number);
      --slot_.in_flight;
      free_ticket(number);
    }
    number = next;
  }
}

void Processor::answer(const WaiterRef& waiter, RunAnswer answer) {
  context_.effects.emplace_back(std::make_unique<Answer>(Answer{waiter, std::move(answer)}));
}

RunAnswer Processor::answer_now() const {
  const Run& run = slot_.run;
  RunAnswer answer;
  answer.number = run.number;
  answer.state = shown_state(run);
  answer.output = run.output();
  if (is_final(run.state) && run.state != RunState::completed && run.trouble != nullptr) {
    answer.failure = run.trouble->failure;
    if (run.trouble->culprit != kNoTask) {
      answer.culprit = run.plan->name_of(run.trouble->culprit);
      answer.culprit_attempt = run.row(run.trouble->culprit).attempt;
    }
  }
  return answer;
}

void Processor::arm_retry(const ArmTimer& timer) {
  core_.busy_.fetch_add(1, std::memory_order_relaxed);
  const WorkItem run(WorkKind::run, slot_.generation.load(std::memory_order_relaxed), number_);
  slot_.make_extra().retry_timers.push_back(
      {timer.task, core_.timers_.arm_wall(timer.at, {run.word, timer.task.value})});
}

void Processor::cancel_retries() {
  if (slot_.extra == nullptr) return;
  for (const RunExtra::RetryTimer& timer : slot_.extra->retry_timers) {
    // One that has fired is on its way here as a message, and is counted until it arrives.
    if (core_.timers_.cancel_wall(timer.handle)) ++context_.busy_less;
  }
  slot_.extra->retry_timers.clear();
}

void Processor::end_run() {
  core_.counters_.ended.fetch_add(1, std::memory_order_relaxed);
  context_.changes.ended = false;
  cancel_retries();
  if (slot_.extra != nullptr) {
    for (const std::weak_ptr<Waiter>& waiting : slot_.extra->waiters) {
      if (const WaiterRef waiter = waiting.lock()) answer(waiter, answer_now());
    }
    slot_.extra->waiters.clear();
  }
  ended_ = true;
}

void Processor::finish_step() {
  Changes& changes = context_.changes;
  const bool published = core_.append_records(context_);
  if (published) slot_.last = context_.flushed;
  recorded_ = false;
  if (std::exchange(ended_, false)) {
    context_.retired.push({number_, slot_.generation.load(std::memory_order_relaxed)}, slot_.last);
  }
  if (backlog_grew_) slot_.extra->backlog_position = slot_.last;
  backlog_grew_ = false;
  for (const ArmTimer& timer : changes.timers) arm_retry(timer);
  changes.clear();
  const Position last = slot_.last;
  const bool gated = !context_.effects.empty();
  for (Effect& effect : context_.effects) {
    if (std::holds_alternative<CommandSettled>(effect)) {
      context_.durable_gate.push(last, std::move(effect));
    } else {
      context_.gate.push(core_.options_.wait_for_disk ? last : Position{}, std::move(effect));
    }
  }
  context_.effects.clear();
  // From here on the run may be with another processor: it was handed on. Swapped out first: releasing may run into this context again only through its worker, never from here.
  if (!context_.offers.empty()) {
    core_.release(context_.offers, context_.worker);
    context_.offers.clear();
  }
  // The commit that made these durable may have passed before they were queued; the queue's lock orders it with us.
  if (gated && (!core_.options_.wait_for_disk || core_.committer_->durable() >= last))
    core_.open_gates(context_);
  if (published) core_.note_uncommitted(context_);
}

}  // namespace tenuto
