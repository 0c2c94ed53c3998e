// One run and the shells around it, in one thread: what the engine does with a run, without its threads and files.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/machine/apply.h"
#include "core/machine/decide.h"
#include "core/machine/outstanding.h"
#include "tests/support/begin_with_rows.h"

namespace tenuto::testing {

// The effects that were made possible and not completed since: what outstanding() must list.
struct Owed {
  std::multiset<std::uint32_t> ready;
  std::multiset<std::uint32_t> decidable;
  std::multimap<std::uint32_t, Nanos> timers;
  bool stop_work = false;
  bool ended = false;
  friend bool operator==(const Owed&, const Owed&) = default;

  void add(const Changes& changes) {
    for (const TaskIndex t : changes.ready) ready.insert(t.value);
    for (const TaskIndex t : changes.decidable) decidable.insert(t.value);
    for (const ArmTimer& t : changes.timers) timers.emplace(t.task.value, t.at.ns);
    if (changes.stop_work || changes.ended) {
      ready.clear();
      decidable.clear();
      timers.clear();
    }
    ended = ended || changes.ended;
    stop_work = (stop_work || changes.stop_work) && !ended;
  }
  // What the event completes.
  void settle(const Event& event) {
    ready.erase(event.task.value);
    decidable.erase(event.task.value);
    if (event.type() == EventType::timer_fired) timers.erase(event.task.value);
  }
};

[[nodiscard]] inline Owed owed_in(const Run& run) {
  Changes changes;
  outstanding(run, changes);
  Owed owed;
  owed.add(changes);
  return owed;
}

class MachineWorld {
 public:
  using Apply = std::function<Status(Run&, const Event&, Changes&)>;
  // Called with the state before and after each event, and the run's number of follow-ups done.
  using Watch =
      std::function<void(const std::vector<TaskState>& before, RunState run_before, const Event& event)>;

  explicit MachineWorld(PlanRef plan, Payload input = {}, Apply apply = tenuto::apply, Watch watch = {})
      : plan_(std::move(plan)), apply_(std::move(apply)), watch_(std::move(watch)) {
    started_.id = "r";
    started_.input = std::move(input);
    Changes changes;
    run_ = begin_with_rows(RunNumber{7}, plan_, started_, changes);
    absorb(changes);
    settle();
  }

  // One input through decide, apply and follow_up. A refusal leaves everything as it was; a misfit sets problem().
  Status feed(Input input) {
    ++now_.ns;
    auto event = decide(run_, std::move(input), now_, seed_);
    if (!event.ok()) return event.status();
    record(*event);
    settle();
    return {};
  }
  // The body of a ready task begins.
  void start(std::uint32_t task) { in_flight_[task] = run_.rows[task].attempt; }
  // The body comes back; of its current attempt if it was never started.
  Status done(std::uint32_t task, const std::string& result = "null") {
    return done(task, Payload::json(result));
  }
  Status done(std::uint32_t task, const Payload& result) {
    const Attempt attempt = come_back(task);
    return feed(BodyDone{TaskIndex{task}, attempt, result, {now_.ns}});
  }
  Status fail(std::uint32_t task, FailureKind kind = FailureKind::error) {
    const Attempt attempt = come_back(task);
    return feed(BodyFailed{TaskIndex{task}, attempt, kind, {"E", "it broke", ""}, {now_.ns}});
  }
  Status retry(std::uint32_t task) {
    for (const auto& [waiting, at] : owed_.timers) {
      if (waiting == task) now_.ns = std::max(now_.ns, at);
    }
    return feed(RetryDue{TaskIndex{task}});
  }
  Status cancel() { return feed(CancelAsked{"enough", "ann", CommandId{1, 2}}); }

  // The process is killed and starts again: bodies are gone, the state is what the events say.
  void crash() {
    in_flight_.clear();
    run_ = replay();
    Changes changes;
    outstanding(run_, changes);
    owed_ = {};
    decidable_.clear();
    absorb(changes);
    settle();
  }
  // Lives as long as this world, which has its plan.
  [[nodiscard]] Run replay() const {
    Changes changes;
    Run copy = begin_with_rows(run_.number, plan_, started_, changes);
    for (const Event& event : events_) {
      if (!apply_(copy, event, changes).ok()) break;
    }
    return copy;
  }

  [[nodiscard]] const Run& run() const { return run_; }
  [[nodiscard]] TaskState state(std::uint32_t node) const { return run_.rows[node].state; }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  [[nodiscard]] const Owed& owed() const { return owed_; }
  [[nodiscard]] const std::map<std::uint32_t, std::uint32_t>& in_flight() const { return in_flight_; }
  [[nodiscard]] const RunStarted& started() const { return started_; }
  [[nodiscard]] WallTime now() const { return now_; }
  [[nodiscard]] bool ended() const { return is_final(run_.state); }
  // The first event that did not fit, or "".
  [[nodiscard]] const std::string& problem() const { return problem_; }
  void set_seed(std::uint64_t seed) { seed_ = seed; }

 private:
  Attempt come_back(std::uint32_t task) {
    const auto body = in_flight_.find(task);
    if (body == in_flight_.end()) return Attempt{run_.rows[task].attempt};
    const Attempt attempt{body->second};
    in_flight_.erase(body);
    return attempt;
  }
  void record(const Event& event) {
    std::vector<TaskState> before;
    for (const TaskRow& row : run_.all_rows()) before.push_back(row.state);
    const RunState run_before = run_.state;
    Changes changes;
    const Status applied = apply_(run_, event, changes);
    if (!applied.ok() && problem_.empty()) problem_ = applied.message();
    events_.push_back(event);
    owed_.settle(event);
    absorb(changes);
    if (watch_) watch_(before, run_before, event);
  }
  void absorb(const Changes& changes) {
    owed_.add(changes);
    decidable_.decidable.insert(decidable_.decidable.end(), changes.decidable.begin(),
                                changes.decidable.end());
  }
  void settle() {
    // One for each node and the end, at most.
    for (std::uint32_t left = plan_->node_count() + 2; problem_.empty(); --left) {
      if (left == 0) problem_ = "events follow without end";
      auto event =
          follow_up(run_, decidable_, static_cast<std::uint32_t>(in_flight_.size()), now_, evaluation_);
      if (!event) return;
      record(*event);
    }
  }

  PlanRef plan_;
  Apply apply_;
  Watch watch_;
  RunStarted started_;
  Run run_;
  std::vector<Event> events_;
  Owed owed_;
  Changes decidable_;                                 // follow_up() takes from it
  std::map<std::uint32_t, std::uint32_t> in_flight_;  // task -> attempt of the body that runs
  WallTime now_{1'000'000};
  std::uint64_t seed_ = 1;
  std::string problem_;
  Evaluation evaluation_;
};

}  // namespace tenuto::testing
