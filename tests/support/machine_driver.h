// Drives one run of a random plan with random outcomes and holds everything that the machine promises against it.
#pragma once

#include <memory>
#include <string>

#include "core/base/random.h"
#include "tests/support/begin_with_rows.h"
#include "tests/support/machine_oracle.h"
#include "tests/support/machine_world.h"
#include "tests/support/plan_generator.h"

namespace tenuto::testing {

// The result of the property for one seed: "" or what is wrong.
class MachineDriver {
 public:
  MachineDriver(std::uint64_t seed, MachineWorld::Apply apply)
      : random_(seed), apply_(std::move(apply)), shape_(random_shape(random_, 9)) {}

  [[nodiscard]] std::string drive() {
    const std::string input = random_.chance(3, 4) ? "true" : "5";
    oracle_ = std::make_unique<MachineOracle>(shape_, input);
    cancels_ = random_.chance(1, 4);
    crashes_ = random_.chance(1, 4);
    done_.assign(shape_.nodes.size(), 0);
    Changes unused;
    RunStarted started;
    started.input = Payload::json(input);
    const PlanRef plan = build_plan(shape_);
    twin_ = begin_with_rows(RunNumber{7}, plan, started, unused);
    world_ = std::make_unique<MachineWorld>(plan, started.input, apply_,
                                            [this](const auto&, RunState, const Event& event) {
                                              if (world_ == nullptr) {
                                                early_.push_back(event);
                                              } else {
                                                after_event(event);
                                              }
                                            });
    world_->set_seed(random_.next());
    for (const Event& event : early_) follow_in_twin(event);
    check();
    // Every move but a refused one uses up a body, an attempt, a cancel or one of a few crashes.
    for (std::uint32_t moves = 0; problem_.empty() && !world_->ended(); ++moves) {
      if (moves > 2'000) note("the run does not end");
      move();
      check();
    }
    if (problem_.empty()) probe_ended();
    return problem_;
  }
  // What happened, for a failure's message.
  [[nodiscard]] std::string history() const {
    std::string text;
    for (const Event& event : world_->events()) {
      text += std::string(to_text(event.type())) + " " + std::to_string(event.task.value);
      if (const auto* failed = std::get_if<AttemptFailed>(&event.body))
        text += " " + std::string(to_text(failed->kind));
      text += "\n";
    }
    return text;
  }

  [[nodiscard]] RunState ended_as() const { return world_->run().state; }
  [[nodiscard]] std::size_t event_count() const { return world_->events().size(); }

 private:
  void note(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  void expect_refused(const Status& status, const char* what) {
    if (status.code() != Code::wrong_state) note(std::string(what) + " was not refused");
  }

  [[nodiscard]] std::vector<std::uint32_t> startable() const {
    std::vector<std::uint32_t> tasks;
    for (const std::uint32_t task : world_->owed().ready) {
      if (!world_->in_flight().contains(task)) tasks.push_back(task);
    }
    return tasks;
  }

  void move() {
    const std::vector<std::uint32_t> startable = this->startable();
    const auto& in_flight = world_->in_flight();
    const auto& timers = world_->owed().timers;
    if (startable.empty() && in_flight.empty() && timers.empty())
      return note("nothing is left to do, but the run goes on");
    if (random_.chance(1, 6)) send_late();
    if (cancels_ && random_.chance(1, 12)) return cancel();
    if (crashes_ && random_.chance(1, 12)) return world_->crash();
    const std::size_t choice = random_.below(startable.size() + in_flight.size() + timers.size());
    if (choice < startable.size()) return start(startable[choice]);
    if (choice < startable.size() + in_flight.size()) {
      return come_back(
          std::next(in_flight.begin(), static_cast<std::ptrdiff_t>(choice - startable.size()))->first);
    }
    const auto skip = static_cast<std::ptrdiff_t>(choice - startable.size() - in_flight.size());
    fire(std::next(timers.begin(), skip)->first);
  }

  void start(std::uint32_t task) {
    if (done_[task] > 0) note("a task that is done starts again");
    world_->start(task);
  }

  void come_back(std::uint32_t task) {
    static constexpr FailureKind kKinds[] = {
        FailureKind::error,     FailureKind::error, FailureKind::error,     FailureKind::timed_out,
        FailureKind::timed_out, FailureKind::stop,  FailureKind::cancelled, FailureKind::expression};
    static constexpr const char* kResults[] = {"true",  "true",  "true",  "false",
                                               "false", "false", "false", "null"};
    AttemptFact fact;
    if (random_.chance(17, 20)) {
      fact.result = kResults[random_.below(std::size(kResults))];
      ++done_[task];
    } else {
      fact.kind = kKinds[random_.below(std::size(kKinds))];
    }
    oracle_->attempt_ended(task, fact);
    const Status status = fact.result ? world_->done(task, *fact.result) : world_->fail(task, fact.kind);
    if (!status.ok()) note("a current result was refused: " + status.message());
    if (done_[task] > 1) note("a task was done twice");
  }

  void fire(std::uint32_t task) {
    oracle_->retry_fired(task);
    if (const Status status = world_->retry(task); !status.ok())
      note("a retry was refused: " + status.message());
  }

  void cancel() {
    if (world_->run().state == RunState::cancelling)
      return expect_refused(world_->cancel(), "a second cancel");
    oracle_->cancelled();
    if (const Status status = world_->cancel(); !status.ok())
      note("a cancel was refused: " + status.message());
  }

  // A result of an attempt that is not the current one, or of a node that has none.
  void send_late() {
    const auto node = static_cast<std::uint32_t>(random_.below(shape_.nodes.size() + 1));
    const bool known = node < shape_.nodes.size();
    const std::uint32_t current = known ? world_->run().rows[node].attempt : 0;
    const bool is_ready = known && world_->state(node) == TaskState::ready;
    const Attempt attempt{is_ready ? current + 1 - 2 * static_cast<std::uint32_t>(random_.below(2))
                                   : current};
    expect_refused(world_->feed(BodyDone{TaskIndex{node}, attempt, {}, {}}), "a late result");
    expect_refused(world_->feed(BodyFailed{TaskIndex{node}, attempt, FailureKind::error, {}, {}}),
                   "a late failure");
    if (known && world_->state(node) == TaskState::waiting && world_->run().may_start_work()) return;
    expect_refused(world_->feed(RetryDue{TaskIndex{node}}), "a retry of a task that does not wait");
  }

  void probe_ended() {
    send_late();
    expect_refused(world_->cancel(), "a cancel of an ended run");
    const Event& last = world_->events().back();
    const auto* ended = std::get_if<RunEnded>(&last.body);
    if (ended == nullptr) return note("the last event is not the end");
    if (!(ended->counts == count_rows(world_->run())))
      note("the counts of the end are not those of the rows");
  }

  void follow_in_twin(const Event& event) {
    Changes unused;
    if (const Status status = apply_(twin_, event, unused); !status.ok()) note("replay: " + status.message());
  }

  // Holds at every prefix of the history, between two events of one input too.
  void after_event(const Event& event) {
    follow_in_twin(event);
    if (!same_state(twin_, world_->run())) note("replay gives another state");
    check_invariants();
    if (!(owed_in(world_->run()) == world_->owed())) note("outstanding() is not what the changes add up to");
    if (const auto* failed = std::get_if<AttemptFailed>(&event.body); failed != nullptr && !failed->final) {
      const Nanos wait = failed->retry_at.ns - event.at.ns;
      if (wait < 0 || wait > shape_.nodes[event.task.value].policy.retry.max) note("a retry at a wrong time");
    }
  }

  void check() {
    note(world_->problem());
    note(oracle_->compare(world_->run(), world_->in_flight().size()));
    if (!same_state(twin_, world_->run())) note("recovery gives another state");
    check_invariants();
  }

  // Those of core/machine/state.h.
  void check_invariants() {
    const Run& run = world_->run();
    std::uint32_t open = 0;
    for (std::uint32_t i = 0; i < shape_.nodes.size(); ++i) {
      const TaskRow& row = run.rows[i];
      if (!is_final(row.state)) ++open;
      if (!run.result_of(TaskIndex{i}).is_null_json() && row.state != TaskState::done)
        note("a result of a task that is not done");
      if (row.state != TaskState::pending || !run.may_start_work()) continue;
      if (row.waits_for != open_predecessors(i)) note("waits_for does not count the open predecessors");
    }
    if (open != run.open) note("open does not count the open rows");
  }

  [[nodiscard]] std::uint32_t open_predecessors(std::uint32_t node) const {
    std::uint32_t open = 0;
    for (std::uint32_t i = 0; i < shape_.nodes.size(); ++i) {
      for (const Edge edge : world_->run().plan->edges_of(TaskIndex{i})) {
        if (edge.target().value == node && !is_final(world_->state(i))) ++open;
      }
    }
    return open;
  }

  Random random_;
  MachineWorld::Apply apply_;
  PlanShape shape_;
  std::unique_ptr<MachineOracle> oracle_;
  std::unique_ptr<MachineWorld> world_;
  Run twin_;                  // follows by apply() alone
  std::vector<Event> early_;  // recorded before the world stood
  std::vector<std::uint32_t> done_;
  bool cancels_ = false;
  bool crashes_ = false;
  std::string problem_;
};

}  // namespace tenuto::testing
