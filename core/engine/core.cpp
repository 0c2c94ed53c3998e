#include "core/engine/core.h"

#include "core/base/run_id.h"
#include "core/engine/processor.h"
#include "core/engine/ring_waiter.h"
#include "core/machine/apply.h"
#include "core/plan/compile.h"

namespace tenuto {

// Passes on what the committer says.
class EngineCore::Listener final : public CommitListener {
 public:
  explicit Listener(EngineCore& core) : core_(core) {}
  void on_durable(Position upto) override { core_.on_durable(upto); }

 private:
  EngineCore& core_;
};

EngineCore::EngineCore(CoreOptions options, Clock& clock, Log& log, State& state)
    : options_(options),
      clock_(clock),
      log_(log),
      state_(state),
      contexts_(options.threads == 0 ? 1 : options.threads),
      timers_(clock.wall(), clock.monotonic()),
      scheduler_({options.threads, options.seed}, *this),
      listener_(std::make_unique<Listener>(*this)) {
  for (std::uint32_t i = 0; i < scheduler_.worker_count(); ++i) {
    contexts_.of_worker(i).worker = &scheduler_.worker(i);
    contexts_.of_worker(i).lent_ticket = tickets_.acquire();
  }
}

EngineCore::~EngineCore() {
  scheduler_.stop();
}

// Builds the run table from the tables and the journal.
class EngineCore::Rebuilder final : public RecoveryVisitor {
 public:
  explicit Rebuilder(EngineCore& core) : core_(core) {}

  Status on_workflow(const WorkflowHash& hash, ByteView name, ByteView definition) override {
    auto plan = compile_workflow_text(definition);
    if (!plan.ok()) {
      return {Code::version_mismatch, "this version can't compile the stored workflow `" + std::string(name) +
                                          "`: " + plan.status().message()};
    }
    if ((*plan)->hash() != hash) {
      return {Code::damaged,
              "the stored workflow `" + std::string(name) + "` does not have the content it had"};
    }
    core_.plans_.add(*plan, [](const Plan&) {});
    return {};
  }

  Status on_run_event(const Event& event) override { return on_event(event, Position{}); }

  Status on_command(const CommandId&, const CommandOutcome&) override { return {}; }

  Status on_event(const Event& event, Position end) override {
    if (const auto* stored = std::get_if<WorkflowStored>(&event.body)) {
      return on_workflow(stored->hash, stored->name, stored->definition);
    }
    note_command(event);
    if (event.run.value == 0) return {};
    if (const auto* started = std::get_if<RunStarted>(&event.body)) return begin(event, *started, end);
    // Events of one run mostly come in a row.
    if (event.run != last_number_) {
      last_number_ = event.run;
      last_run_ = core_.runs_.find(event.run);
    }
    const std::optional<RunRef> run = last_run_;
    if (!run.has_value()) {
      return {Code::damaged, "the journal has an event of run " + std::to_string(event.run.value) +
                                 ", which is not known; check the store with: tenuto db verify"};
    }
    RunSlot& slot = core_.runs_.at(run->slot);
    changes_.clear();
    TN_TRY(apply(slot.run, event, changes_));
    slot.last = end;
    if (is_final(slot.run.state)) ended_.push_back(RetireRun{*run, end});
    return {};
  }

  std::vector<RetireRun>& ended() { return ended_; }
  // Those that have not ended, in the order in which they lie in memory, nearly.
  std::vector<RunRef> live() {
    std::erase_if(begun_, [this](RunRef run) { return is_final(core_.runs_.at(run.slot).run.state); });
    return std::move(begun_);
  }

 private:
  void note_command(const Event& event) {
    CommandId command;
    if (const auto* started = std::get_if<RunStarted>(&event.body)) command = started->command;
    if (const auto* cancel = std::get_if<CancelRequested>(&event.body)) command = cancel->command;
    if (const auto* applied = std::get_if<CommandApplied>(&event.body)) command = applied->command;
    if (const auto* refused = std::get_if<CommandRefused>(&event.body)) command = refused->command;
    if (!command.is_none()) core_.recovered_commands_.insert(command);
  }

  Status begin(const Event& event, const RunStarted& started, Position end) {
    const PlanBinding* binding = core_.plans_.find(started.workflow);
    if (binding == nullptr) {
      return {Code::damaged, "the definition of run " + std::to_string(event.run.value) +
                                 " is not in the store; check it with: tenuto db verify"};
    }
    const auto run = core_.runs_.add(event.run);
    if (!run.has_value()) return {Code::full, "too many live runs"};
    RunSlot& slot = core_.runs_.at(run->slot);
    slot.run = begin_run(event.run, binding->plan, started);
    slot.binding = binding;
    slot.started = event.at;
    slot.last = end;
    last_number_ = event.run;
    last_run_ = run;
    begun_.push_back(*run);
    if (started.id_chosen) {
      core_.runs_.keep_id(started.id, identity_of(event.run, started.workflow, started.input));
    }
    return {};
  }

  EngineCore& core_;
  Changes changes_;
  std::vector<RunRef> begun_;
  std::vector<RetireRun> ended_;
  RunNumber last_number_;
  std::optional<RunRef> last_run_;
};

Status EngineCore::recover() {
  Rebuilder rebuilder(*this);
  TN_ASSIGN(RecoveredJournal found, tenuto::recover(log_, state_, rebuilder));
  if (found.is_new) {
    found.meta.store = options_.store_id;
  } else if (found.meta.store != options_.store_id) {
    return {Code::damaged, "the journal belongs to another store than the directory says"};
  }
  generation_ = Generation{found.last.value + 1};
  next_run_.store(found.next_run.value, std::memory_order_relaxed);
  segments_ = std::make_unique<Segments>(found.segments, found.spares, log_.segment_bytes(),
                                         options_.journal_window_bytes);
  ring_ = std::make_unique<Ring>(found.next.position);
  committer_ = std::make_unique<Committer>(log_, *ring_, *segments_, *listener_,
                                           CommitterOptions{options_.store_id, generation_, found.next});
  MaterialiserOptions materialiser;
  materialiser.retention = options_.retention;
  materialiser_ = std::make_unique<Materialiser>(state_, log_, *committer_, *segments_, found.meta,
                                                 found.open_fragments, materialiser);
  {
    MutexLock lock(retired_mutex_);
    retired_.assign(rebuilder.ended().begin(), rebuilder.ended().end());
  }
  recovered_ = rebuilder.live();
  const Event opened{clock_.wall(), RunNumber{},
                     kRootScope,    kNoTask,
                     Attempt{},     EngineOpened{generation_, options_.process, options_.version}};
  record(std::span(&opened, 1), std::nullopt);
  Contexts::Lease lease(contexts_);
  // The generation is the fence: nothing is answered before it is durable.
  while (committer_->durable() < ring_->tail()) {
    if (commit_one(*lease)) continue;
    if (!committer_->health().ok()) return committer_->health();
    if (committer_->stall() == Stall::window) {
      const Position applied = materialiser_->applied();
      materialise_all();
      // Tables without room: nothing moves before there is some.
      if (materialiser_->applied() == applied) {
        TN_TRY(materialiser_->health());
        TN_TRY(materialiser_->warning());
      }
    } else if (committer_->stall() == Stall::storage) {
      return committer_->warning();
    }
  }
  return {};
}

bool EngineCore::has_recovered(CommandId command) const {
  return recovered_commands_.contains(command);
}

Status EngineCore::health() const {
  TN_TRY(committer_->health());
  return materialiser_->health();
}

void EngineCore::resume_runs() {
  Contexts::Lease lease(contexts_);
  for (const RunRef run : std::exchange(recovered_, {})) {
    if (deliver(run, ResumeRun{})) process(run, *lease);
  }
}

}  // namespace tenuto
