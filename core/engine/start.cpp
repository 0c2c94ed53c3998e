// How runs begin: identity, numbers, the first message.
#include "core/base/run_id.h"
#include "core/engine/core.h"
#include "core/query/load.h"

namespace tenuto {
namespace {

// Of bodies that a call of start runs before it commits: what the wake-up of a worker takes.
constexpr Nanos kStartTurnNs = 20'000;

Status taken(std::string_view id, std::string_view by_what) {
  return {Code::conflict,
          "run id `" + std::string(id) + "` is taken by a run " + std::string(by_what) +
              "; choose another id, or start it with the same workflow and input to get that run"};
}

}  // namespace

class EngineCore::Reservations final : public RunNumbers::Reservations {
 public:
  explicit Reservations(EngineCore& core) : core_(core) {}

  Position append(RunNumber mark) override {
    Context& context = borrow();
    context.writer.add(core_.store_event(NumbersReserved{mark}));
    core_.append_records(context);
    return context.flushed;
  }
  Position durable() const override { return core_.committer_->durable(); }
  Status await(Position end) override { return core_.commit_up_to(end, borrow()); }

 private:
  // Mostly none is needed.
  Context& borrow() {
    if (!lease_.has_value()) lease_.emplace(core_.contexts_);
    return **lease_;
  }
  EngineCore& core_;
  std::optional<Contexts::Lease> lease_;
};

Result<RunNumber> EngineCore::take_numbers(std::uint64_t count) {
  Reservations journal(*this);
  return numbers_.take(count, journal);
}

void EngineCore::give_numbers_back() {
  // A full disk makes the process pass them over.
  if (!health().ok() || committer_->stall() != Stall::none) return;
  Reservations journal(*this);
  numbers_.give_back(journal);
}

const PlanBinding& EngineCore::bind(const PlanRef& plan, Context& context) {
  return plans_.add(plan, [&](std::string definition) {
    context.writer.add(store_event(WorkflowStored{plan->hash(), plan->name(), std::move(definition)}));
    append_records(context);
  });
}

bool EngineCore::begin(RunRef run, StartRun start, Context& context) {
  if (!deliver(run, boxed(std::move(start)))) return false;
  process(run, context);
  return true;
}

Result<RunName> EngineCore::start(const StartRequest& request, CommandId command, const WaiterRef& waiter) {
  if (request.input.size() > limits::kValueBytesMax) {
    return Status(Code::too_large, "the input has " + std::to_string(request.input.size()) +
                                       " bytes; the limit is " + std::to_string(limits::kValueBytesMax));
  }
  const bool chosen = !request.id.empty();
  if (chosen) TN_TRY(check_chosen_id(request.id));
  TN_ASSIGN(const RunNumber number, take_numbers(1));
  const auto run = runs_.add(number);
  if (!run.has_value()) return Status(Code::full, "too many live runs");
  if (chosen) {
    const StartIdentity mine = identity_of(number, request.plan->hash(), request.input);
    const auto other = runs_.claim_id(request.id, mine, [&] { return stored_identity(request.id); });
    // Nobody has met the new run if it does not get the id.
    if (!other.ok() || other->has_value()) runs_.forget(*run, number);
    if (!other.ok()) return other.status();
    if (other->has_value()) return existing_run(request, mine, **other, command, waiter);
  }

  Contexts::Lease lease(contexts_);
  Context& context = *lease;
  context.commits_itself = true;
  StartRun start;
  start.binding = &bind(request.plan, context);
  start.number = number;
  start.at = clock_.wall();
  start.waiter = waiter;
  start.started = RunStarted{request.plan->hash(), request.id,     chosen,     request.test,
                             request.input,        request.labels, request.by, command};
  RunName name{number, shown_run_id(request.id, start.at, number, options_.store_key)};
  // The caller waits for the disk in any case: pure bodies that are done before go with the same sync.
  const bool lends = options_.wait_for_disk && command.is_none();
  if (lends) lend_bodies(context, kStartTurnNs);
  // False is fine: whoever has the mailbox begins it and answers.
  (void)begin(*run, std::move(start), context);
  context.turn_ns = 0;
  commit_one(context);
  context.commits_itself = false;
  if (committer_->is_behind()) on_uncommitted();
  return name;
}

Result<RunName> EngineCore::existing_run(const StartRequest& request, const StartIdentity& mine,
                                         const StartIdentity& other, CommandId command,
                                         const WaiterRef& waiter) {
  // Live: its start may not be durable yet, so the run itself answers. Else all of it is in the tables.
  if (!send(other.number, AskState{waiter})) waiter->answer(RunAnswer{{}, other.number, {}, {}, {}, {}, 0});
  Status refusal;
  if (!mine.same_request(other))
    refusal =
        taken(request.id, mine.workflow == other.workflow ? "with another input" : "of another workflow");
  // By the run: it may have claimed its id and not begun.
  if (!command.is_none() && !send(other.number, boxed(SettleCommand{command, other.number, refusal})))
    settle(command, other.number, refusal);
  TN_TRY(refusal);
  return RunName{other.number, request.id};
}

Result<std::optional<StartIdentity>> EngineCore::stored_identity(std::string_view id) const {
  auto read = state_.begin_read();
  if (!read.ok()) return read.status();
  auto number = find_chosen_id(**read, id);
  if (!number.ok()) return number.status();
  if (!number->has_value()) return std::optional<StartIdentity>();
  auto started = load_started(**read, **number);
  if (!started.ok()) return started.status();
  return std::optional(identity_of(**number, started->workflow, started->input));
}

void EngineCore::record(std::span<const Event> events, std::optional<Effect> effect) {
  Contexts::Lease lease(contexts_);
  Context& context = *lease;
  for (const Event& event : events) context.writer.add(event);
  // Without an event the effect follows all that was appended so far.
  const Position end = append_records(context) ? context.flushed : ring_->tail();
  if (effect.has_value()) {
    GateQueue& gate = std::holds_alternative<CommandSettled>(*effect) ? context.durable_gate : context.gate;
    gate.push(end, *std::move(effect));
    if (committer_->durable() >= end) open_gates(context);
  }
  note_uncommitted(context);
}

// ---- Outcomes of commands -------------------------------------------------------------------------------------------

Event EngineCore::outcome_of(CommandId command, RunNumber run, const Status& refusal) const {
  if (refusal.ok()) return store_event(CommandApplied{command, run});
  return store_event(CommandRefused{command, refusal.code(), refusal.message()});
}

void EngineCore::settle(CommandId command, RunNumber run, const Status& refusal) {
  const Event outcome = outcome_of(command, run, refusal);
  record(std::span(&outcome, 1), CommandSettled{command});
}

void EngineCore::cancel_by_command(RunNumber run, CancelAsked cancel) {
  const CommandId command = cancel.command;
  if (!send(run, boxed(CancelRun{std::move(cancel), nullptr, run}))) settle_cancel_of_gone(command, run);
}

// All of the run is in the tables.
void EngineCore::settle_cancel_of_gone(CommandId command, RunNumber run) {
  PlanCache plans;
  const auto end = [&]() -> Result<RunState> {
    TN_ASSIGN(const std::unique_ptr<StateRead> read, state_.begin_read());
    TN_ASSIGN(const EndedRun ended, load_ended(*read, run, plans));
    return ended.event.state;
  }();
  if (!end.ok()) return settle(command, run, end.status());
  settle(command, run,
         *end == RunState::cancelled
             ? Status()
             : Status(Code::wrong_state, "the run has ended as " + std::string(to_text(*end)) +
                                             "; an ended run can't be cancelled"));
}

}  // namespace tenuto
