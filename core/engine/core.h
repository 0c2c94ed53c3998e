// The engine without threads: everything that happens to runs, in pieces that somebody calls.
//
// EngineCore holds the queues and shells and knows how they are wired; OwnerEngine gives it files and threads, a simulator
// gives it memory and a seed. Each piece of work is one run_one(): of a worker, commit_one(), materialise_one(), fire_timers().
//
// Life of an input: send() puts a message into a run's mailbox; the processor (processor.cpp) decides, applies, appends the
// events to the ring and gates the effects at their position; commit_one() makes them durable and opens the gates;
// carry_out() hands bodies to those who run them (dispatch.cpp) and answers to those who wait.
//
// Thread safety: all functions by any thread, unless said otherwise.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fork_guard.h"
#include "core/base/limits.h"
#include "core/base/store_keys.h"
#include "core/engine/actions.h"
#include "core/engine/context.h"
#include "core/engine/engine.h"
#include "core/engine/message.h"
#include "core/engine/plans.h"
#include "core/engine/run_numbers.h"
#include "core/engine/run_table.h"
#include "core/journal/committer.h"
#include "core/journal/materialiser.h"
#include "core/journal/recovery.h"
#include "core/journal/ring.h"
#include "core/journal/segment.h"
#include "core/sched/scheduler.h"
#include "core/store/log.h"
#include "core/store/state.h"
#include "core/timer/timer_service.h"

namespace tenuto {

// How long a run's turn lasts, so that messages are not kept waiting.
inline constexpr Nanos kTurnNs = 1 * kMillisecond;

struct CoreOptions {
  std::uint32_t threads = 1;
  std::uint64_t seed = 0;     // of retry jitter and of whom to steal from
  StoreKeys store_key;        // differ between stores: run ids, idempotency keys
  bool wait_for_disk = true;  // false: effects do not wait for their events (relaxed, memory)
  bool is_in_memory = false;  // the log has no disk: a commit costs less than a wake-up
  std::uint32_t process = 0;  // pid, for people
  std::string version;        // of the library, for people
  RetentionPolicy retention;
  StoreId store_id;
  std::uint64_t numbers_at_once = limits::kRunNumbersAtOnce;       // RunNumbers' block
  std::size_t journal_window_bytes = limits::kJournalWindowBytes;  // at least two of the log's segments
  Nanos tables_due_after = limits::kTablesDueAfter;
};

class EngineCore final : public Handler {
 public:
  class Attendant;

  EngineCore(CoreOptions options, Clock& clock, Log& log, State& state);
  ~EngineCore() override;

  // Rebuilds the live runs and opens a new generation, which is durable on return. Before anything else; one thread.
  Status recover();
  // Sends the runs that were rebuilt on their way; once after recover(), when whoever executes is ready. Runs may have been
  // started and cancelled meanwhile.
  void resume_runs();

  // True if the journal had the outcome of the command, or what it made, when recovery read it: the tables may not have it
  // yet, and its file may be there again although it was removed.
  [[nodiscard]] bool has_recovered(CommandId command) const;

  // ---- Requests -------------------------------------------------------------------------------------------------
  // Makes a run and sends it its first message. `command` may be none. The answer comes through `waiter`, when the
  // start is durable. For a chosen id that is taken: the run that has it, or conflict; `waiter` is answered, perhaps with
  // not_found, when the start of that run is durable, and neither may be told before. The outcome of a command is recorded
  // here, but for refusals other than conflict.
  Result<RunName> start(const StartRequest& request, CommandId command, const WaiterRef& waiter);
  Result<RunNumber> start_many(const PlanRef& plan, std::span<const Payload> inputs, const WaiterRef& waiter);
  // False when the run is not in the table: it has ended long ago, or never was.
  bool send(RunNumber run, MessageBody body);
  // Asks a run to end, for a command; its outcome is recorded in any case.
  void cancel_by_command(RunNumber run, CancelAsked cancel);
  // Records the outcome of a command: ok is applied. `run` has begun, and all that the outcome follows from was appended.
  void settle(CommandId command, RunNumber run, const Status& refusal);
  void send(RunRef run, MessageBody body);
  // Appends events that belong to no run (command outcomes, pool usage); `effect` follows when they are durable.
  void record(std::span<const Event> events, std::optional<Effect> effect);

  // ---- Bodies ---------------------------------------------------------------------------------------------------
  bool begin_body(TicketToken token, BodyCall& call);
  // Runs a native body on this thread and reports its outcome.
  void run_body(TicketToken token, Context& context);
  // Returns false for an outcome that came late.
  bool report(TicketToken token, BodyReport&& report, Context& context);
  // Many outcomes at once; returns how many came late. A run that has several among them takes one step for all.
  std::size_t report(std::span<PoolWorker::Report> reports, Context& context);
  // Routes tickets to who runs their bodies: `worker` is the calling one, or null.
  void release(std::span<const Offer> offers, Worker* worker);
  // Lets runs that were parked look for tasks that can go on now.
  void wake_parked(std::span<const RunRef> runs);

  // ---- Pieces of work -------------------------------------------------------------------------------------------
  // One group commit and what it sets free. False: nothing to do, or somebody else is at it, or it can't be done now.
  bool commit_one(Context& context);
  // Commits everything that was appended before the call, as far as that works.
  void commit_all();
  bool materialise_one() TN_EXCLUDES(materialise_mutex_);
  // Materialises everything that is durable now, as far as that works.
  void materialise_all();
  // Forgets what is asked for, of all that has ended by now; returns when it is gone. An error: some may have gone.
  Result<PruneCount> prune(PruneRequest request) TN_EXCLUDES(materialise_mutex_);
  // The same for a command, by whoever materialises; its outcome, which is recorded in any case, has the number of runs.
  void prune_by_command(PruneRequest request, CommandId command) TN_EXCLUDES(prunes_mutex_);
  // One transaction of the command that came first. False: there is none. By one thread at a time.
  bool prune_one() TN_EXCLUDES(materialise_mutex_) TN_EXCLUDES(prunes_mutex_);
  // Commits until everything before `end` is durable. full, storage_error or poisoned when that can't be now.
  Status commit_up_to(Position end, Context& context);
  // Commits and materialises everything, at close, when nobody else commits. What is the matter when not all could be
  // made durable.
  Status write_out();
  // Carries out the timers that are due.
  void fire_timers();
  void sample_pools();
  // Handler: for the scheduler's workers.
  void execute(WorkItem item, Worker& worker) override;
  bool idle_work(Worker& worker) override;

  // ---- Parts ----------------------------------------------------------------------------------------------------
  [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
  [[nodiscard]] TimerService& timers() { return timers_; }
  [[nodiscard]] Actions& actions() { return actions_; }
  [[nodiscard]] Pools& pools() { return pools_; }
  [[nodiscard]] Plans& plans() { return plans_; }
  [[nodiscard]] RunTable& run_table() { return runs_; }
  [[nodiscard]] Contexts& contexts() { return contexts_; }
  [[nodiscard]] Committer& committer() { return *committer_; }
  [[nodiscard]] Materialiser& materialiser() { return *materialiser_; }
  [[nodiscard]] Ring& ring() { return *ring_; }
  [[nodiscard]] const Log& log() const { return log_; }
  [[nodiscard]] State& state() { return state_; }
  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] const CoreOptions& options() const { return options_; }
  [[nodiscard]] const RunNumbers& numbers() const { return numbers_; }
  [[nodiscard]] Generation generation() const { return generation_; }
  [[nodiscard]] const Ticket* held_ticket(TicketToken token) const;
  // Tickets that are queued, out, or returned and not heard of; those that are lent are not among them.
  [[nodiscard]] std::size_t tickets_in_use() const { return tickets_.in_use() - lent_tickets_.load(); }
  // The pool of native bodies that may block.
  [[nodiscard]] Pool& native_pool() { return native_pool_; }
  // Of a ticket that is held.
  [[nodiscard]] std::string run_id_of(const Ticket& ticket) const;
  [[nodiscard]] std::string idempotency_key_of(const Ticket& ticket) const;

  // Ok, or why nothing more can be promised until the store is opened again: a failed sync, or tables that can't be written
  // for good.
  [[nodiscard]] Status health() const;
  // How recovery shares its work: so many jobs, done together by a call. Set once, before recover().
  std::size_t jobs_at_once = 1;
  DoJobs do_jobs = [](std::span<const std::function<void()>> jobs) {
    for (const auto& job : jobs) job();
  };
  // Called when something was published and nobody is known to commit it; may wake a thread. Set once, before start.
  std::function<void()> on_uncommitted = [] {};
  // Called, by the thread that commits, when everything before the position is durable. Short; must not append.
  std::function<void(Position)> on_durable = [](Position) {};
  // Called when prune_one() has something to do; may wake a thread. Set once, before start.
  std::function<void()> on_prune = [] {};
  // Called when the outcome of a command is durable; by any thread, at most once for each outcome.
  std::function<void(CommandId)> on_command_settled = [](CommandId) {};

  // In a child that was forked in a body and comes back from it: nothing may be done for the runs, which are its parent's.
  [[nodiscard]] bool is_left_behind() const { return fork_guard::is_forked_child(fork_mark_); }
  // Runs whose fate is not settled by waiting alone: bodies out, retries armed, inputs on their way. 0 means drained.
  [[nodiscard]] bool is_quiet() const;
  struct Counters {
    std::atomic<std::uint64_t> started{0}, ended{0}, completions{0}, late{0};
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  class RingWaiter;
  class Rebuilder;
  class Listener;
  class Turns;
  class HeldRuns;
  class Reservations;
  friend class Processor;

  // start.cpp
  Result<RunName> existing_run(const StartRequest& request, const StartIdentity& mine,
                               const StartIdentity& other, CommandId command, const WaiterRef& waiter);
  void settle_cancel_of_gone(CommandId command, RunNumber run);
  [[nodiscard]] Event outcome_of(CommandId command, RunNumber run, const Status& refusal) const;
  Result<std::optional<StartIdentity>> stored_identity(std::string_view id) const;
  const PlanBinding& bind(const PlanRef& plan, Context& context);
  // False: the slot's mailbox has a processor already (of a message for the run that was there before), which begins it.
  [[nodiscard]] bool begin(RunRef run, StartRun start, Context& context);
  // dispatch.cpp
  void carry_out(std::vector<Effect>& effects, Context& context);
  void open_gates(Context& context);
  struct HandedIn {
    bool in_time;
    std::optional<RunRef> turn;  // the run that the caller must process now
  };
  // Sends an outcome to its run.
  HandedIn hand_in(TicketToken token, BodyReport&& report, WallTime now);
  void time_out(TicketToken token);
  // Delivers to a mailbox; true when the caller must process the run (or have it processed).
  [[nodiscard]] bool deliver(RunRef run, MessageBody body);
  void process(RunRef run, Context& context);
  void execute_runs(WorkItem item, Worker& worker, Context& context);
  void resume(RunRef run, WallTime now, Context& context);
  void schedule(RunRef run);
  void yield_run(std::uint32_t slot, Context& context);
  // By the run's processor, which is it no longer: the run is with whoever comes first (core/sched/turn.h). The item must go into
  // a queue.
  [[nodiscard]] WorkItem offer_turn(std::uint32_t slot);
  // The thread of this context may run bodies in order.
  void lend_bodies(Context& context, Nanos turn_ns);
  // Of the step in hand; they end at context.flushed then. Only after that is counted off what is over: what follows from it counts
  // by then, so busy_ doesn't touch 0 in between. False: there are none.
  bool append_records(Context& context);
  void note_uncommitted(Context& context, std::uint32_t steps = 1);
  // An event of no run, at this time.
  [[nodiscard]] Event store_event(EventBody body) const;
  Result<RunNumber> take_numbers(std::uint64_t count);
  void give_numbers_back();
  void forget_materialised();
  void forget(RunRef run);
  void arm_pool_sample();

  const CoreOptions options_;
  const std::uint32_t fork_mark_ = fork_guard::mark();
  Clock& clock_;
  Log& log_;
  State& state_;

  Actions actions_;
  Pools pools_;
  Pool native_pool_{"native"};
  Plans plans_{actions_, pools_, options_.wait_for_disk};
  RunTable runs_;
  mutable Slab<Ticket> tickets_;
  std::atomic<std::size_t> lent_tickets_{0};
  Contexts contexts_;
  TimerService timers_;
  Scheduler scheduler_;

  Generation generation_;
  RunNumbers numbers_{options_.numbers_at_once};
  std::unique_ptr<Segments> segments_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Materialiser> materialiser_;
  Mutex materialise_mutex_;  // one at a time materialises
  // Commands that wait for it or are being carried out: the first one.
  struct Prune {
    Pruner pruner;
    CommandId command;
  };
  Mutex prunes_mutex_;
  std::deque<Prune> prunes_ TN_GUARDED_BY(prunes_mutex_);

  std::vector<RunRef> recovered_;                     // until they are resumed; some may have ended
  std::unordered_set<CommandId> recovered_commands_;  // constant after recover()

  Counters counters_;
  std::atomic<bool> sample_armed_{false};
  // Tickets that are queued or out, retries that are armed, runs that go on by themselves or are told of a body.
  std::atomic<std::int64_t> busy_{0};
};

}  // namespace tenuto
