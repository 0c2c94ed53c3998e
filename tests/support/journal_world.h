// A journal in memory with everything around it, in one thread: log, tables, ring, committer, materialiser; it can crash and
// be opened again.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/journal/batch_writer.h"
#include "core/journal/materialiser.h"
#include "core/journal/recovery.h"
#include "core/store/mem_log.h"
#include "core/store/mem_state.h"

namespace tenuto::testing {

struct JournalSizes {
  std::size_t ring = 16u << 10;
  std::size_t segment = 16u << 10;
  std::size_t window = 64u << 10;
  MaterialiserOptions materialiser;
};

// Keeps what recovery showed.
class RecoveryRecorder final : public RecoveryVisitor {
 public:
  Status on_workflow(const WorkflowHash& hash, ByteView name, ByteView) override {
    workflows.emplace_back(hash, name);
    return Status();
  }
  Status on_run_event(const Event& event) override {
    run_events.push_back(event);
    return Status();
  }
  Status on_command(const CommandId& id, const CommandOutcome& outcome) override {
    commands.emplace_back(id, outcome);
    return Status();
  }
  Status on_event(const Event& event, Position end) override {
    events.push_back(event);
    ends.push_back(end);
    return Status();
  }

  std::vector<std::pair<WorkflowHash, std::string>> workflows;
  std::vector<Event> run_events;
  std::vector<std::pair<CommandId, CommandOutcome>> commands;
  std::vector<Event> events;
  std::vector<Position> ends;
};

class JournalWorld final : public CommitListener, public FullWaiter {
 public:
  explicit JournalWorld(const JournalSizes& sizes = {}) : sizes_(sizes), log_(sizes.segment) {
    seen_log_ = &log_;
  }
  // `wrap` stands between the journal and the log.
  JournalWorld(const JournalSizes& sizes, const std::function<std::unique_ptr<Log>(MemLog&)>& wrap)
      : sizes_(sizes), log_(sizes.segment), wrapped_(wrap(log_)), seen_log_(wrapped_.get()) {}

  // Recovers, and wires ring, committer and materialiser; the engine_opened event is committed unless `quiet`.
  Status open(RecoveryVisitor& visitor, bool quiet = false) {
    TN_ASSIGN(recovered_, recover(*seen_log_, state_, visitor));
    if (recovered_.is_new) recovered_.meta.store = StoreId{1, 2};
    const Generation generation(recovered_.last.value + 1);
    ring_ = std::make_unique<Ring>(recovered_.next.position, sizes_.ring);
    segments_ =
        std::make_unique<Segments>(recovered_.segments, recovered_.spares, sizes_.segment, sizes_.window);
    committer_ =
        std::make_unique<Committer>(*seen_log_, *ring_, *segments_, *this,
                                    CommitterOptions{recovered_.meta.store, generation, recovered_.next});
    materialiser_ =
        std::make_unique<Materialiser>(state_, *seen_log_, *committer_, *segments_, recovered_.meta,
                                       recovered_.open_fragments, sizes_.materialiser);
    if (quiet) return Status();
    Event event;
    event.at = now;
    event.body = EngineOpened{generation, 1, "test"};
    append({event});
    commit();
    return committer_->health();
  }
  Status open() {
    RecoveryRecorder ignored;
    return open(ignored);
  }

  // Forgets what is not synced and everything in memory.
  void crash(Random& random) {
    close();
    log_.crash(random);
    state_.crash(random);
  }
  void close() {
    materialiser_.reset();
    committer_.reset();
    segments_.reset();
    ring_.reset();
  }

  Position append(const std::vector<Event>& events) {
    for (const Event& event : events) writer_.add(event);
    return writer_.flush(*ring_, *this);
  }
  // Commits all that is published; makes room in the window for it.
  void commit(bool sync = true) {
    while (committer_->run_one(sync) || (committer_->stall() == Stall::window && materialise())) {
    }
  }
  bool materialise() {
    materialiser_->request();
    return materialiser_->run_one(now);
  }

  void on_durable(Position upto) override { durable.push_back(upto); }
  void on_warning(const Status& status) override { warnings.push_back(status); }
  bool wait() override {
    if (committer_->run_one()) return true;
    if (committer_->is_poisoned()) return false;
    if (committer_->stall() == Stall::window) materialise();
    return ++waits_ < 10'000;
  }

  MemLog& log() { return log_; }
  MemState& state() { return state_; }
  Ring& ring() { return *ring_; }
  Segments& segments() { return *segments_; }
  Committer& committer() { return *committer_; }
  Materialiser& materialiser() { return *materialiser_; }
  const RecoveredJournal& recovered() const { return recovered_; }

  WallTime now{1'700'000'000 * kSecond};
  std::vector<Position> durable;
  std::vector<Status> warnings;

 private:
  const JournalSizes sizes_;
  MemLog log_;
  std::unique_ptr<Log> wrapped_;
  Log* seen_log_ = nullptr;
  MemState state_;
  RecoveredJournal recovered_;
  BatchWriter writer_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Segments> segments_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Materialiser> materialiser_;
  int waits_ = 0;
};

// The events of a run as the engine would record them, with a definition that is stored under `hash`.
inline Event run_event(RunNumber run, EventBody body, WallTime at = WallTime{1'700'000'000 * kSecond}) {
  Event event;
  event.at = at;
  event.run = run;
  event.body = std::move(body);
  return event;
}
inline Event workflow_event(const WorkflowHash& hash, const std::string& name) {
  return run_event(RunNumber(), WorkflowStored{hash, name, "{}"});
}
inline Event started_event(RunNumber run, const WorkflowHash& hash) {
  RunStarted started;
  started.workflow = hash;
  started.id = "run-" + std::to_string(run.value);
  return run_event(run, started);
}
inline Event done_event(RunNumber run, std::uint32_t task, Payload result = Payload()) {
  Event event = run_event(run, TaskDone{std::move(result), WallTime{1'700'000'000 * kSecond - 5000}});
  event.task = TaskIndex(task);
  event.attempt = Attempt(1);
  return event;
}
inline Event ended_event(RunNumber run, RunState state = RunState::completed) {
  RunEnded ended;
  ended.state = state;
  return run_event(run, ended);
}

}  // namespace tenuto::testing
