// Histories of many runs at once as the engine records them: the machine decides, a seed plays the bodies and the clock.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/run_id.h"
#include "core/machine/apply.h"
#include "core/machine/decide.h"
#include "core/plan/compile.h"
#include "tests/support/begin_with_rows.h"

namespace tenuto::testing {

inline constexpr std::uint64_t kStoreKey = 77;

// What a test asks of one start.
struct StartWish {
  std::string id = {};  // empty: generated
  std::string input = "{\"n\": 5,\n \"flag\": true}";
  std::string labels = {};
  std::string by = {};
  bool test = false;
  CommandId command = {};
};

class HistoryMaker {
 public:
  explicit HistoryMaker(std::uint64_t seed) : random_(seed) {}

  // Compiles and stores a definition.
  PlanRef define(const std::string& text) {
    auto plan = compile_workflow_text(text);
    TN_CHECK(plan.ok());
    record(event_of(RunNumber(), WorkflowStored{(*plan)->hash(), (*plan)->name(), (*plan)->definition()}));
    return *plan;
  }

  RunNumber start(const PlanRef& plan, const StartWish& wish = {}) {
    const RunNumber number{next_++};
    RunStarted started;
    started.workflow = plan->hash();
    started.id_chosen = !wish.id.empty();
    started.id = started.id_chosen ? wish.id : make_run_id(now, number, kStoreKey);
    started.input = Payload::json(wish.input);
    started.labels = wish.labels;
    started.by = wish.by;
    started.test = wish.test;
    started.command = wish.command;
    record(event_of(number, started));
    Live live;
    live.plan = plan;
    Changes changes;
    live.run = begin_with_rows(number, plan, started, changes);
    absorb(live, changes);
    settle(live);
    live_.emplace(number, std::move(live));
    return number;
  }

  void done(RunNumber run, std::uint32_t task, const std::string& result = "null") {
    Live& live = live_.at(run);
    feed(live, BodyDone{TaskIndex{task}, Attempt{live.run.rows[task].attempt}, Payload::json(result),
                        WallTime{now.ns - kSecond}});
  }
  void fail(RunNumber run, std::uint32_t task, FailureKind kind = FailureKind::error,
            const std::string& message = "it broke") {
    Live& live = live_.at(run);
    feed(live, BodyFailed{TaskIndex{task},
                          Attempt{live.run.rows[task].attempt},
                          kind,
                          {"ValueError", message, "line 1\nline 2"},
                          WallTime{now.ns - kSecond}});
  }
  void retry(RunNumber run, std::uint32_t task) { feed(live_.at(run), RetryDue{TaskIndex{task}}); }
  void cancel(RunNumber run, CommandId command = {}) {
    feed(live_.at(run), CancelAsked{"enough", "ann", command});
  }
  void record_for_store(EventBody body) { record(event_of(RunNumber(), std::move(body))); }

  // One thing that can happen to some live run.
  void step() {
    if (live_.empty()) return;
    auto at = std::next(live_.begin(), static_cast<std::ptrdiff_t>(random_.below(live_.size())));
    const RunNumber run = at->first;
    const Run& state = at->second.run;
    if (random_.chance(1, 40) && state.state == RunState::running) return cancel(run);
    std::vector<std::uint32_t> ready;
    std::vector<std::uint32_t> waiting;
    for (std::uint32_t i = 0; i < state.plan->node_count(); ++i) {
      if (state.rows[i].state == TaskState::ready) ready.push_back(i);
      if (state.rows[i].state == TaskState::waiting) waiting.push_back(i);
    }
    if (!ready.empty() && (waiting.empty() || random_.chance(2, 3)))
      return end_body(run, ready[random_.below(ready.size())]);
    if (!waiting.empty()) retry(run, waiting[random_.below(waiting.size())]);
  }

  [[nodiscard]] bool is_live(RunNumber run) const { return live_.contains(run); }
  [[nodiscard]] std::size_t live_count() const { return live_.size(); }
  [[nodiscard]] RunNumber last_run() const { return RunNumber{next_ - 1}; }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  [[nodiscard]] Random& random() { return random_; }

  WallTime now{1'700'000'000 * kSecond};

 private:
  struct Live {
    PlanRef plan;
    Run run;
    Changes decidable;
  };

  [[nodiscard]] Event event_of(RunNumber run, EventBody body) {
    Event event;
    event.at = now;
    event.run = run;
    event.body = std::move(body);
    return event;
  }
  void record(const Event& event) {
    events_.push_back(event);
    now.ns += 1 + static_cast<Nanos>(random_.below(3 * kSecond));
  }
  static void absorb(Live& live, const Changes& changes) {
    auto& list = live.decidable.decidable;
    list.insert(list.end(), changes.decidable.begin(), changes.decidable.end());
  }
  void follow(Live& live, const Event& event) {
    Changes changes;
    const Status fits = apply(live.run, event, changes);
    TN_CHECK(fits.ok());
    record(event);
    absorb(live, changes);
  }
  void settle(Live& live) {
    while (auto event = follow_up(live.run, live.decidable, 0, now, evaluation_)) follow(live, *event);
  }
  void feed(Live& live, Input input) {
    auto event = decide(live.run, std::move(input), now, random_.next());
    TN_CHECK(event.ok());
    follow(live, *event);
    settle(live);
    if (is_final(live.run.state)) live_.erase(live.run.number);
  }
  void end_body(RunNumber run, std::uint32_t task) {
    static constexpr const char* kResults[] = {"true", "false", "[1,\n2]", "{\"a\": \"\\n\"}", "null", "7"};
    static constexpr FailureKind kKinds[] = {FailureKind::error, FailureKind::error, FailureKind::timed_out,
                                             FailureKind::stop};
    if (random_.chance(4, 5)) return done(run, task, kResults[random_.below(std::size(kResults))]);
    // Longer than a summary keeps, with characters that must not be cut in half.
    std::string message = "it broke ";
    for (std::uint64_t n = random_.below(120); n > 0; --n) message += "ü€";
    fail(run, task, kKinds[random_.below(std::size(kKinds))], message);
  }

  Random random_;
  std::map<RunNumber, Live> live_;
  std::vector<Event> events_;
  std::uint64_t next_ = 1;
  Evaluation evaluation_;
};

inline constexpr const char* kLine =
    R"({"tenuto":1,"name":"line","tasks":{"a":{"use":"act.a","retry":{"attempts":2,"backoff":"1s","max":"9s"}},)"
    R"("b":{"use":"act.b","with":{"x":"${a}"}}},"output":"${b}"})";
inline constexpr const char* kFork =
    R"({"tenuto":1,"name":"fork","tasks":{"first":{"use":"act.first"},"way":{"switch":[)"
    R"({"if":"first == true","tasks":{"left":{"use":"act.left","retry":1}}},{"tasks":{"right":{"use":"act.right"}}}],"needs":["first"]},)"
    R"("beside":{"use":"act.beside"},"last":{"use":"act.last","needs":["way","beside"]}},"output":{"l":"${last}","b":"${beside}"}})";
inline constexpr const char* kEmpty = R"({"tenuto":1,"name":"empty","tasks":{},"output":"${input.n}"})";

}  // namespace tenuto::testing
