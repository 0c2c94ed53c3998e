// Where effects go: bodies to those who run them, answers to those who wait, outcomes back to their runs.
#include <xxhash.h>

#include <array>
#include <thread>

#include "core/engine/core.h"
#include "core/engine/held_runs.h"
#include "core/engine/processor.h"
#include "core/engine/ring_waiter.h"

namespace tenuto {
namespace {

constexpr Nanos kPoolSampleNs = 60 * kSecond;
// Token 0 is no ticket's.
constexpr TimerPayload kSamplePools{0, 1};

}  // namespace

// ---- Bodies ---------------------------------------------------------------------------------------------------------

namespace {

// Offers on their way to one place, handed over together.
class Bulk {
 public:
  explicit Bulk(Scheduler& scheduler, Worker* worker) : scheduler_(scheduler), worker_(worker) {}
  ~Bulk() {
    flush_pool();
    if (items_.empty()) return;
    if (items_.size() == 1 && worker_ != nullptr) {
      worker_->set_next(items_.front());  // what follows from what was just done is warm in the caches
    } else if (worker_ != nullptr) {
      worker_->push_bulk(items_);
    } else {
      scheduler_.inject_bulk(items_);
    }
  }
  Bulk(const Bulk&) = delete;
  Bulk& operator=(const Bulk&) = delete;

  void add_inline(TicketToken token) {
    items_.emplace_back(WorkKind::body, token.generation(), token.slot());
  }
  void add(Pool& pool, TicketToken token) {
    if (pool_ != &pool) flush_pool();
    pool_ = &pool;
    tokens_.push_back(token);
  }

 private:
  void flush_pool() {
    if (pool_ != nullptr) pool_->push(tokens_);
    tokens_.clear();
  }
  Scheduler& scheduler_;
  Worker* const worker_;
  std::vector<WorkItem> items_;
  std::vector<TicketToken> tokens_;
  Pool* pool_ = nullptr;
};

}  // namespace

void EngineCore::release(std::span<const Offer> offers, Worker* worker) {
  Bulk bulk(scheduler_, worker);
  for (const Offer& offer : offers) {
    const Action& action = actions_.at(offer.action);
    const ServedBy served_by =
        action.served_by.load(std::memory_order_acquire);  // pairs with Actions::register_as
    TN_DCHECK(served_by != ServedBy::nobody);              // else the run would be parked
    if (served_by == ServedBy::native_inline) {
      bulk.add_inline(offer.token);
    } else {
      bulk.add(served_by == ServedBy::host ? *offer.pool : native_pool_, offer.token);
    }
  }
}

bool EngineCore::begin_body(TicketToken token, BodyCall& call) {
  if (!tickets_.contains(token.slot())) return false;
  Ticket& ticket = tickets_.at(token.slot());
  if (!ticket.try_begin(token.generation())) return false;
  ticket.started = clock_.wall();
  if (const Nanos timeout = ticket.binding->plan->policy_of(ticket.task).timeout_ns; timeout > 0) {
    const MonoTime deadline{clock_.monotonic().ns + timeout};
    ticket.timeout_timer = timers_.arm_mono(deadline, {token.word, 0});
  }
  call = {token, &ticket};
  return true;
}

bool EngineCore::report(TicketToken token, BodyReport&& report, Context& context) {
  const HandedIn handed = hand_in(token, std::move(report), clock_.wall());
  if (handed.turn) process(*handed.turn, context);
  return handed.in_time;
}

// Runs whose mailboxes this thread got while it handed in outcomes: processed in take(), or else when this goes, so that
// no exception leaves a mailbox without its processor.
class EngineCore::Turns {
 public:
  static constexpr std::size_t kMax = 64;  // What so many outcomes touch stays in the cache; not critical.

  Turns(EngineCore& core, Context& context) : core_(core), context_(context) {}
  ~Turns() { take(); }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  void add(RunRef run) { runs_[count_++] = run; }
  void take() {
    for (const RunRef run : std::span(runs_).first(std::exchange(count_, 0))) core_.process(run, context_);
  }

 private:
  EngineCore& core_;
  Context& context_;
  std::array<RunRef, kMax> runs_;
  std::size_t count_ = 0;
};

std::size_t EngineCore::report(std::span<PoolWorker::Report> reports, Context& context) {
  std::size_t late = 0;
  Turns turns(*this, context);
  while (!reports.empty()) {
    const auto some = reports.first(std::min(reports.size(), Turns::kMax));
    const WallTime now = clock_.wall();
    for (PoolWorker::Report& one : some) {
      const HandedIn handed = hand_in(one.token, std::move(one.report), now);
      if (handed.turn) turns.add(*handed.turn);
      if (!handed.in_time) ++late;
    }
    turns.take();
    reports = reports.subspan(some.size());
  }
  return late;
}

EngineCore::HandedIn EngineCore::hand_in(TicketToken token, BodyReport&& report, WallTime now) {
  const auto refused = [this]() -> HandedIn {
    counters_.late.fetch_add(1, std::memory_order_relaxed);
    return {false, std::nullopt};
  };
  if (!tickets_.contains(token.slot())) return refused();
  Ticket& ticket = tickets_.at(token.slot());
  if (!ticket.is_out(token.generation())) return refused();
  // Read while the body is out: once it counts as returned, a time-out that is handled elsewhere may free the ticket.
  const RunRef run = ticket.run;
  const PlanBinding& binding = *ticket.binding;
  const TaskIndex task = ticket.task;
  const Attempt attempt = ticket.attempt;
  const WallTime started = ticket.started;
  const TimerHandle timer = ticket.timeout_timer;
  const Ticket::Return returned = ticket.try_return(token.generation());
  if (returned == Ticket::Return::unknown) return refused();
  if (timer != TimerHandle()) timers_.cancel_mono(timer);
  const Nanos busy = now.ns - started.ns;
  if (busy > 0) binding.pool_of(task).note_busy(busy);
  arm_pool_sample();
  if (returned == Ticket::Return::late) {
    HandedIn handed = refused();
    if (deliver(run, LateReturn{token})) handed.turn = run;
    return handed;
  }
  MessageBody outcome = report.done
                            ? MessageBody(Done{token, {task, attempt, std::move(report.result), started}})
                            : MessageBody(boxed(Failed{
                                  token, {task, attempt, report.kind, std::move(report.failure), started}}));
  if (deliver(run, std::move(outcome))) return {true, run};
  return {true, std::nullopt};
}

void EngineCore::time_out(TicketToken token) {
  Ticket& ticket = tickets_.at(token.slot());
  if (!ticket.try_abandon(token.generation())) return;  // it came back in time
  const double seconds =
      static_cast<double>(ticket.binding->plan->policy_of(ticket.task).timeout_ns) / kSecond;
  char text[64];
  std::snprintf(text, sizeof text, "no result after %g s", seconds);
  BodyFailed failed{
      ticket.task, ticket.attempt, FailureKind::timed_out, {"TimedOut", text, ""}, ticket.started};
  send(ticket.run, boxed(Failed{token, std::move(failed)}));
}

const Ticket* EngineCore::held_ticket(TicketToken token) const {
  if (!tickets_.contains(token.slot())) return nullptr;
  const Ticket& ticket = tickets_.at(token.slot());
  return ticket.is_out(token.generation()) ? &ticket : nullptr;
}

void EngineCore::run_body(TicketToken token, Context& context) {
  BodyCall call{};
  if (!begin_body(token, call)) return;
  BodyReport report;
  actions_.at(call.ticket->binding->action_of(call.ticket->task)).body.call(call, report);
  this->report(token, std::move(report), context);
}

std::string EngineCore::run_id_of(const Ticket& ticket) const {
  return runs_.id_of(ticket.number, options_.store_key);
}

// hash(store, run number, scope path, task): the same for every attempt and after recovery. The scope path of a task of
// the run itself is empty; the node's name stands for the task, so a new version of the definition keeps the key.
std::string EngineCore::idempotency_key_of(const Ticket& ticket) const {
  Bytes text;
  ByteWriter writer(text);
  writer.fixed(options_.store_key.of(ticket.number));
  writer.fixed(ticket.number.value);
  writer.string("");
  writer.string(ticket.binding->plan->name_of(ticket.task));
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  char key[33];
  std::snprintf(key, sizeof key, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return key;
}

// ---- Mailboxes ------------------------------------------------------------------------------------------------------

bool EngineCore::deliver(RunRef run, MessageBody body) {
  auto message = std::make_unique<Message>();
  message->generation = run.generation;
  message->body = std::move(body);
  return runs_.at(run.slot).mailbox.push(message.release());
}

void EngineCore::process(RunRef run, Context& context) {
  if (is_left_behind()) return;
  Processor(*this, run.slot, context).drain();
}

void EngineCore::lend_bodies(Context& context, Nanos turn_ns) {
  context.turn_ns = turn_ns;
  if (context.lent_ticket != Slab<Ticket>::kNone) return;
  context.lent_ticket = tickets_.acquire();
  TN_CHECK(context.lent_ticket != Slab<Ticket>::kNone);
  lent_tickets_.fetch_add(1);
}

WorkItem EngineCore::offer_turn(std::uint32_t slot) {
  runs_.at(slot).turn.offer();
  return {WorkKind::run, 0, slot};
}

// The run has had its share: all others go first.
void EngineCore::yield_run(std::uint32_t slot, Context& context) {
  if (slot == context.attended) {
    context.holds_turn = true;
    return;
  }
  const WorkItem item = offer_turn(slot);
  if (context.worker != nullptr) {
    context.worker->push_global(item);
  } else {
    scheduler_.inject(item);
  }
}

void EngineCore::send(RunRef run, MessageBody body) {
  if (deliver(run, std::move(body))) scheduler_.inject(offer_turn(run.slot));
}

bool EngineCore::send(RunNumber number, MessageBody body) {
  const auto run = runs_.find(number);
  if (!run.has_value()) return false;
  send(*run, std::move(body));
  return true;
}

// ---- Gates ----------------------------------------------------------------------------------------------------------

void EngineCore::carry_out(std::vector<Effect>& effects, Context& context) {
  Worker* const worker = context.worker;
  std::vector<Offer> offers;
  std::vector<WorkItem> runs;
  for (Effect& effect : effects) {
    if (const auto* offer = std::get_if<Offer>(&effect)) {
      offers.push_back(*offer);
    } else if (const auto* on = std::get_if<GoOn>(&effect)) {
      if (on->slot == context.attended) {
        context.holds_turn = true;
        continue;
      }
      runs.push_back(offer_turn(on->slot));
    } else if (auto* given = std::get_if<GiveAnswer>(&effect)) {
      (*given)->waiter->answer(std::move((*given)->answer));
    } else if (const auto* settled = std::get_if<CommandSettled>(&effect)) {
      on_command_settled(settled->command);
    }
  }
  effects.clear();
  if (!offers.empty()) release(offers, worker);
  if (runs.empty()) return;
  if (worker != nullptr && runs.size() == 1) {
    worker->set_next(runs.front());
  } else if (worker != nullptr) {
    worker->push_bulk(runs);
  } else {
    scheduler_.inject_bulk(runs);
  }
}

void EngineCore::open_gates(Context& context) {
  context.opened.clear();
  const Position durable = committer_->durable();
  contexts_.open_gates(options_.wait_for_disk ? durable : Ring::kNever, durable, context.opened);
  carry_out(context.opened, context);
}

bool EngineCore::commit_one(Context& context) {
  if (!committer_->run_one()) return false;
  open_gates(context);
  return true;
}

void EngineCore::commit_all() {
  const Position end = ring_->tail();
  Contexts::Lease lease(contexts_);
  while (committer_->durable() < end && health().ok() && committer_->stall() == Stall::none) {
    if (!commit_one(*lease)) std::this_thread::yield();  // somebody else has the role, or is about to publish
  }
  // Who was woken for what came during a commit of ours found the committer's role taken, and sleeps again.
  if (committer_->is_behind()) on_uncommitted();
}

Status EngineCore::commit_up_to(Position end, Context& context) {
  while (committer_->durable() < end) {
    if (commit_one(context)) continue;
    TN_TRY(health());
    if (committer_->stall() == Stall::storage) return committer_->warning();
    if (committer_->stall() == Stall::window) {
      const Position applied = materialiser_->applied();
      materialise_all();
      // Tables without room: nothing moves before there is some.
      if (materialiser_->applied() == applied) TN_TRY(materialiser_->warning());
    }
    std::this_thread::yield();  // somebody else commits, or is about to publish
  }
  if (committer_->is_behind()) on_uncommitted();  // as in commit_all()
  return {};
}

bool EngineCore::append_records(Context& context) {
  const bool are_some = !context.writer.empty();
  if (are_some) {
    RingWaiter waiter(*this, context);
    context.flushed = context.writer.flush(*ring_, waiter);
  }
  // Release pairs with is_quiet(), which must see the events of the step in the ring.
  if (context.busy_less != 0) busy_.fetch_sub(std::exchange(context.busy_less, 0), std::memory_order_release);
  return are_some;
}

void EngineCore::note_uncommitted(Context& context, std::uint32_t steps) {
  // A worker commits by itself as soon as it has nothing else to do; a busy one asks for help now and then.
  constexpr std::uint32_t kStepsAlone = 32;
  if (context.commits_itself) return;
  if (context.worker != nullptr && (context.steps_uncommitted += steps) < kStepsAlone) return;
  context.steps_uncommitted = 0;
  on_uncommitted();
}

void EngineCore::forget_materialised() {
  std::vector<RunRef> runs;
  contexts_.take_retired(materialiser_->applied(), runs);
  for (const RunRef run : runs) forget(run);
}

// Right here, unless somebody asks the run something at this moment.
void EngineCore::forget(RunRef run) {
  RunSlot& slot = runs_.at(run.slot);
  if (!slot.mailbox.try_claim()) {
    send(run, ForgetRun{});
    return;
  }
  runs_.forget(run, slot.run.number);
  // A message to the next run of the slot may have come meanwhile, or one to this run.
  if (!slot.mailbox.try_retire()) scheduler_.inject(offer_turn(run.slot));
}

// ---- Pieces of work -------------------------------------------------------------------------------------------------

void EngineCore::execute(WorkItem item, Worker& worker) {
  Context& context = contexts_.of_worker(worker.index());
  if (item.kind() == WorkKind::run) {
    execute_runs(item, worker, context);
    return;
  }
  // The item has the low bits of the generation; no ticket is used 2^24 times while one of its items is queued.
  const std::uint32_t generation = tickets_.at(item.slot()).generation();
  if ((generation & WorkItem::kGenerationMask) != item.generation()) return;
  run_body(TicketToken(generation, item.slot()), context);
}

// One look at the clock and one batch for a few runs, as long as they are at hand.
void EngineCore::execute_runs(WorkItem item, Worker& worker, Context& context) {
  constexpr std::size_t kTogetherMax = 16;
  constexpr Nanos kTogetherNs = 50'000;  // a run that takes longer keeps no other waiting
  HeldRuns held(*this, context);
  const WallTime began = clock_.wall();
  context.now = began;
  while (!item.is_none()) {
    if (runs_.at(item.slot()).turn.try_take()) held.drain(item.slot(), context.now);
    const bool more = held.size() < kTogetherMax && context.now.ns - began.ns < kTogetherNs;
    item = more ? worker.take_more(WorkKind::run) : WorkItem();
  }
  held.release();
}

bool EngineCore::idle_work(Worker& worker) {
  Context& context = contexts_.of_worker(worker.index());
  context.steps_uncommitted = 0;
  return commit_one(context);
}

void EngineCore::fire_timers() {
  TimerService::Due due;
  timers_.take_due(clock_.wall(), clock_.monotonic(), due);
  for (const DueTimer& timer : due.mono) {
    if (timer.payload == kSamplePools) {
      sample_pools();
    } else {
      time_out(TicketToken(timer.payload.key));
    }
  }
  for (const DueTimer& timer : due.wall) {
    const WorkItem run(timer.payload.key);
    const std::uint32_t generation = runs_.at(run.slot()).generation.load(std::memory_order_acquire);
    if ((generation & WorkItem::kGenerationMask) != run.generation()) {
      busy_.fetch_sub(1, std::memory_order_relaxed);
      continue;
    }
    send(RunRef{run.slot(), generation},
         RetryTime{TaskIndex{static_cast<std::uint32_t>(timer.payload.cookie)}});
  }
}

bool EngineCore::materialise_one() {
  if (!materialise_mutex_.try_lock()) return false;
  const bool done = materialiser_->run_one(clock_.wall());
  materialise_mutex_.unlock();
  if (done) forget_materialised();
  return done;
}

void EngineCore::materialise_all() {
  materialiser_->request();
  while (materialise_one()) {
  }
}

// In turns: a journal that is as large as its window takes more when the tables have taken over what is in it. It may be so from
// the start, and then nothing can be committed in the first turn.
Status EngineCore::write_out() {
  give_numbers_back();
  Contexts::Lease lease(contexts_);
  Position durable;
  Position applied;
  do {
    durable = committer_->durable();
    applied = materialiser_->applied();
    while (commit_one(*lease)) {
    }
    materialise_all();
  } while ((committer_->durable() > durable || materialiser_->applied() > applied) &&
           committer_->durable() < ring_->tail());
  TN_TRY(health());
  return committer_->durable() < ring_->tail() ? committer_->warning() : Status();
}

// While bodies run, what the pools did is recorded once a minute; an idle engine has no such timer.
void EngineCore::arm_pool_sample() {
  if (sample_armed_.load(std::memory_order_relaxed) || sample_armed_.exchange(true)) return;
  timers_.arm_mono({clock_.monotonic().ns + kPoolSampleNs}, kSamplePools);
}

void EngineCore::sample_pools() {
  sample_armed_.store(false);
  const WallTime now = clock_.wall();
  std::vector<Event> events;
  pools_.for_each([&](Pool& pool) {
    PoolUsed used = pool.take_usage(now);
    if (used.busy_ns == 0 && used.available_ns == 0) return;
    events.push_back(store_event(std::move(used)));
  });
  if (!events.empty()) record(events, std::nullopt);
}

bool EngineCore::is_quiet() const {
  // A run that waits for a body that nobody has is not on its way: it doesn't hold up a drain.
  return busy_.load(std::memory_order_acquire) == 0 && committer_->durable() >= ring_->tail();
}

}  // namespace tenuto
