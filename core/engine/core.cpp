#include "core/engine/core.h"

#include <algorithm>

#include "core/engine/processor.h"
#include "core/engine/rebuilder.h"

namespace tenuto {
namespace {

constexpr std::size_t kResumedPerClock = 64;  // some 10 µs; a look costs 25 ns

}  // namespace

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
    lend_bodies(contexts_.of_worker(i), kTurnNs);
  }
}

EngineCore::~EngineCore() {
  scheduler_.stop();
}

Status EngineCore::recover() {
  Rebuilder rebuilder(*this, jobs_at_once);
  TN_ASSIGN(RecoveredJournal found,
            tenuto::recover(log_, state_, rebuilder, LiveRunParts{rebuilder.visitors(), do_jobs}));
  if (found.is_new) {
    found.meta.store = options_.store_id;
  } else if (found.meta.store != options_.store_id) {
    return {Code::damaged, "the journal belongs to another store than the directory says"};
  }
  generation_ = Generation{found.last.value + 1};
  segments_ = std::make_unique<Segments>(found.segments, found.spares, log_.segment_bytes(),
                                         options_.journal_window_bytes);
  ring_ = std::make_unique<Ring>(found.next.position);
  committer_ = std::make_unique<Committer>(log_, *ring_, *segments_, *listener_,
                                           CommitterOptions{options_.store_id, generation_, found.next});
  MaterialiserOptions materialiser;
  materialiser.retention = options_.retention;
  materialiser.due_after = options_.tables_due_after;
  materialiser_ = std::make_unique<Materialiser>(state_, log_, *committer_, *segments_, found.meta,
                                                 found.open_fragments, materialiser);
  rebuilder.retire_ended();
  recovered_ = rebuilder.take_begun();
  recovered_commands_ = rebuilder.commands();
  const Event first[] = {store_event(EngineOpened{generation_, options_.process, options_.version}),
                         store_event(NumbersReserved{numbers_.first_mark(found.next_run)})};
  record(first, std::nullopt);
  Contexts::Lease lease(contexts_);
  // The generation is the fence: nothing is answered before it is durable.
  TN_TRY(commit_up_to(ring_->tail(), *lease));
  numbers_.begin(found.next_run);
  return {};
}

Event EngineCore::store_event(EventBody body) const {
  return Event{clock_.wall(), RunNumber{}, kRootScope, kNoTask, Attempt{}, std::move(body)};
}

bool EngineCore::has_recovered(CommandId command) const {
  return recovered_commands_.contains(command);
}

Status EngineCore::health() const {
  TN_TRY(committer_->health());
  return materialiser_->health();
}

// Nearly always nobody else has the run yet, and then it needs no message.
void EngineCore::resume(RunRef run, WallTime now, Context& context) {
  if (runs_.at(run.slot).mailbox.try_claim()) {
    Processor(*this, run.slot, context).resume(run.generation, now);
  } else if (deliver(run, ResumeRun{})) {
    process(run, context);
  }
}

void EngineCore::resume_runs() {
  const std::vector<RunRef> runs = std::exchange(recovered_, {});
  const std::size_t share = runs.size() / jobs_at_once + 1;
  std::vector<std::function<void()>> jobs;
  for (std::size_t begin = 0; begin < runs.size(); begin += share) {
    const auto some = std::span(runs).subspan(begin, std::min(share, runs.size() - begin));
    jobs.emplace_back([this, some] {
      Contexts::Lease lease(contexts_);
      WallTime now;
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (i % kResumedPerClock == 0) now = clock_.wall();
        resume(some[i], now, *lease);
      }
    });
  }
  do_jobs(jobs);
}

}  // namespace tenuto
