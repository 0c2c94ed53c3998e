// All input sequences of all small plans, to their ends: states that were seen before are not entered again, since
// nothing but the state decides what can follow.
//
// In every state: the run is what the oracle says, replay gives the same, outstanding() lists what is owed, something can
// still happen or the run has ended, and of all conceivable events exactly those are applied that can come next. Over all
// states: the transitions seen are those of the table, no more and no fewer.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <tuple>
#include <unordered_set>

#include "tests/support/begin_with_rows.h"
#include "tests/support/machine_oracle.h"
#include "tests/support/machine_world.h"
#include "tests/support/plan_builder.h"

namespace tenuto::testing {
namespace {

struct Move {
  enum class Kind : std::uint8_t { start, done, fail, retry, cancel, crash };
  Kind kind;
  std::uint32_t node = 0;
  const char* result = "";                   // done
  FailureKind failure = FailureKind::error;  // fail
};

using SeenTask = std::tuple<TaskState, TaskCause, TaskState>;
using SeenRun = std::pair<RunState, RunState>;

// What the explored plans did.
struct Seen {
  std::set<SeenTask> tasks;
  std::set<SeenRun> runs;
  std::size_t states = 0;
  std::size_t moves = 0;
};

TaskCause cause_of(const Event& event, std::uint32_t node) {
  if (event.type() == EventType::run_ended) return TaskCause::run_ended;
  if (event.task.value != node) return TaskCause::predecessors_ended;
  switch (event.type()) {
    case EventType::task_done:
      return TaskCause::task_done;
    case EventType::task_skipped:
      return TaskCause::task_skipped;
    case EventType::switch_chosen:
      return TaskCause::switch_chosen;
    case EventType::timer_fired:
      return TaskCause::timer_fired;
    default:
      break;
  }
  return std::get<AttemptFailed>(event.body).final ? TaskCause::attempt_failed_final
                                                   : TaskCause::attempt_failed_retry;
}

// One plan, one input, all moves.
class Explorer {
 public:
  Explorer(const PlanShape& shape, std::string input, Seen& seen, MachineWorld::Apply apply = tenuto::apply)
      : shape_(shape),
        input_(std::move(input)),
        apply_(std::move(apply)),
        plan_(build_plan(shape)),
        seen_(seen) {}

  // "" or what is wrong, with the moves that lead there.
  [[nodiscard]] std::string explore() {
    note_roots();
    visit();
    return problem_;
  }

 private:
  struct World {
    MachineOracle oracle;
    MachineWorld machine;
  };

  // The roots become ready with the run itself.
  void note_roots() {
    Changes changes;
    const auto run = begin_with_rows(RunNumber{7}, plan_, {}, changes);
    for (const TaskRow& row : run.all_rows()) {
      if (row.state != TaskState::pending)
        note_task(TaskState::pending, TaskCause::predecessors_ended, row.state);
    }
  }
  void note_task(TaskState from, TaskCause cause, TaskState to) { seen_.tasks.insert({from, cause, to}); }
  void fail(const std::string& problem) {
    if (!problem_.empty() || problem.empty()) return;
    problem_ = problem + " after";
    for (const Move& move : path_) {
      problem_ +=
          " " + std::to_string(static_cast<int>(move.kind)) + ":" + std::to_string(move.node) + move.result;
    }
  }

  void watch(const MachineWorld& world, const std::vector<TaskState>& before, RunState run_before,
             const Event& event) {
    for (std::uint32_t i = 0; i < before.size(); ++i) {
      if (world.state(i) != before[i]) note_task(before[i], cause_of(event, i), world.state(i));
    }
    if (world.run().state != run_before) seen_.runs.insert({run_before, world.run().state});
  }

  // The world after path_.
  [[nodiscard]] std::unique_ptr<World> follow_path() {
    auto* watched = static_cast<MachineWorld*>(nullptr);
    auto world = std::make_unique<World>(
        World{MachineOracle(shape_, input_),
              MachineWorld(plan_, Payload::json(input_), apply_,
                           [this, &watched](const auto& before, RunState run_before, const Event& event) {
                             if (watched != nullptr) watch(*watched, before, run_before, event);
                           })});
    fail(world->oracle.compare(world->machine.run(), 0));
    for (const Move& move : path_) {
      // Only the last move is new.
      if (&move == &path_.back()) watched = &world->machine;
      make(*world, move);
      fail(world->oracle.compare(world->machine.run(), world->machine.in_flight().size()));
    }
    fail(world->machine.problem());
    return world;
  }

  void make(World& world, const Move& move) {
    Status status;
    switch (move.kind) {
      case Move::Kind::start:
        return world.machine.start(move.node);
      case Move::Kind::crash:
        return world.machine.crash();
      case Move::Kind::done:
        world.oracle.attempt_ended(move.node, {move.result});
        status = world.machine.done(move.node, move.result);
        break;
      case Move::Kind::fail:
        world.oracle.attempt_ended(move.node, {std::nullopt, move.failure});
        status = world.machine.fail(move.node, move.failure);
        break;
      case Move::Kind::retry:
        world.oracle.retry_fired(move.node);
        status = world.machine.retry(move.node);
        break;
      case Move::Kind::cancel:
        world.oracle.cancelled();
        status = world.machine.cancel();
        break;
    }
    if (!status.ok()) fail("refused: " + status.message());
  }

  void visit() {
    const std::unique_ptr<World> world = follow_path();
    if (!problem_.empty() || !visited_.insert(key_of(world->machine)).second) return;
    ++seen_.states;
    check(world->machine);
    const std::vector<Move> moves = moves_in(world->machine);
    const bool can_go_on =
        std::any_of(moves.begin(), moves.end(), [](const Move& m) { return m.kind != Move::Kind::cancel; });
    if (!world->machine.ended() && !can_go_on) fail("nothing can happen, but the run has not ended");
    for (const Move& move : moves) {
      if (!problem_.empty()) return;
      ++seen_.moves;
      path_.push_back(move);
      visit();
      path_.pop_back();
    }
  }

  [[nodiscard]] std::vector<Move> moves_in(const MachineWorld& world) const {
    std::vector<Move> moves;
    if (world.ended()) return moves;
    for (const std::uint32_t task : world.owed().ready) {
      if (!world.in_flight().contains(task)) moves.push_back({Move::Kind::start, task});
    }
    for (const auto& [task, attempt] : world.in_flight()) {
      moves.push_back({Move::Kind::done, task, "true"});
      if (decides_a_switch(task)) moves.push_back({Move::Kind::done, task, "false"});
      if (decides_a_switch(task)) moves.push_back({Move::Kind::done, task, "7"});
      for (const FailureKind kind : {FailureKind::error, FailureKind::stop, FailureKind::timed_out,
                                     FailureKind::cancelled, FailureKind::expression}) {
        moves.push_back({Move::Kind::fail, task, "", kind});
      }
    }
    for (const auto& [task, at] : world.owed().timers) moves.push_back({Move::Kind::retry, task});
    if (world.run().state == RunState::running) moves.push_back({Move::Kind::cancel});
    if (!world.in_flight().empty()) moves.push_back({Move::Kind::crash});
    return moves;
  }

  [[nodiscard]] bool decides_a_switch(std::uint32_t task) const {
    for (const NodeShape& node : shape_.nodes) {
      for (const ConditionShape& arm : node.arms) {
        if (std::count(arm.nodes.begin(), arm.nodes.end(), task) > 0) return true;
      }
    }
    return false;
  }

  // Times are left out: they decide nothing.
  [[nodiscard]] static std::string key_of(const MachineWorld& world) {
    const Run& run = world.run();
    std::string key = std::to_string(static_cast<int>(run.state)) + (run.failing() ? "f" : "-");
    if (run.failing()) key += std::to_string(run.trouble->culprit.value);
    for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) {
      const TaskRow& row = run.rows[i];
      for (const std::uint32_t part : {std::uint32_t{row.attempt}, row.waits_for, std::uint32_t{row.marks},
                                       static_cast<std::uint32_t>(row.state)}) {
        key += "," + std::to_string(part);
      }
      key += std::string(run.result_of(TaskIndex{i}).view());
    }
    for (const auto& [task, attempt] : world.in_flight())
      key += ";" + std::to_string(task) + "." + std::to_string(attempt);
    return key;
  }

  void check(const MachineWorld& world) {
    copy_ = world.replay();
    if (!same_state(copy_, world.run())) fail("replay gives another state");
    if (!(owed_in(world.run()) == world.owed())) fail("outstanding() is not what is owed");
    for (std::uint32_t node = 0; node <= shape_.nodes.size(); ++node) {
      for (std::uint32_t attempt = 0; attempt <= 3; ++attempt)
        check_events(world, TaskIndex{node}, Attempt{attempt});
    }
    offer(world, {}, {}, CancelRequested{}, world.run().state == RunState::running);
    for (int state = 1; state <= 10; ++state) {
      RunEnded ended;
      ended.state = static_cast<RunState>(state);
      // Had everything ended well, the run would have completed already.
      offer(world, {}, {}, ended,
            !world.ended() && is_final(ended.state) && ended.state != RunState::completed);
    }
  }

  // Nothing is left to skip or to choose once nothing more follows by itself.
  void check_events(const MachineWorld& world, TaskIndex node, Attempt attempt) {
    const bool known = node.value < shape_.nodes.size();
    const bool current = known && !world.ended() && world.run().row(node).attempt == attempt.value;
    const bool awaited = current && world.state(node.value) == TaskState::ready;
    offer(world, node, attempt, TaskDone{}, awaited);
    for (int kind = 1; kind <= 5; ++kind) {
      AttemptFailed failed;
      failed.kind = static_cast<FailureKind>(kind);
      offer(world, node, attempt, failed, awaited);
      failed.final = false;
      const bool again = failed.kind == FailureKind::error || failed.kind == FailureKind::timed_out;
      offer(world, node, attempt, failed, awaited && again && !world.owed().stop_work);
    }
    offer(world, node, attempt, TimerFired{}, current && world.owed().timers.contains(node.value));
    offer(world, node, attempt, TaskSkipped{}, false);
    for (const std::uint32_t arm : {0u, 1u, 2u, SwitchChosen::kNoArm})
      offer(world, node, attempt, SwitchChosen{arm}, false);
  }

  void offer(const MachineWorld& world, TaskIndex node, Attempt attempt, EventBody body, bool fits) {
    const Event event{world.now(), world.run().number, kRootScope, node, attempt, std::move(body)};
    Changes changes;
    const Status status = apply(copy_, event, changes);
    const std::string what = std::string(to_text(event.type())) + " of node " + std::to_string(node.value);
    if (status.ok() != fits) fail(what + (fits ? " was refused: " + status.message() : " was applied"));
    if (status.ok()) copy_ = world.replay();
    if (!same_state(copy_, world.run())) fail(what + " changed the state although it was refused");
  }

  const PlanShape& shape_;
  std::string input_;
  MachineWorld::Apply apply_;
  PlanRef plan_;
  Seen& seen_;
  Run copy_;  // of the state that is visited: events are offered to it
  std::vector<Move> path_;
  std::unordered_set<std::string> visited_;
  std::string problem_;
};

NodeShape tried_twice() {
  NodeShape node;
  node.policy.retry.attempts = 1;
  return node;
}

// `kind` 0: no edge, 1: order, 2: data.
void connect(NodeShape& to, std::uint32_t from, std::uint32_t kind) {
  if (kind == 1) to.after.push_back(from);
  if (kind == 2) to.uses.push_back(from);
}

// All plans of `count` tasks, the first of them tried twice.
void each_task_plan(std::uint32_t count, std::uint32_t kinds,
                    const std::function<void(const PlanShape&)>& call) {
  const std::uint32_t pairs = count * (count - 1) / 2;
  std::uint64_t plans = 1;
  for (std::uint32_t i = 0; i < pairs; ++i) plans *= kinds;
  for (std::uint64_t number = 0; number < plans; ++number) {
    PlanShape shape{std::vector<NodeShape>(count)};
    shape.nodes[0] = tried_twice();
    std::uint64_t rest = number;
    for (std::uint32_t to = 1; to < count; ++to) {
      for (std::uint32_t from = 0; from < to; ++from) {
        connect(shape.nodes[to], from, static_cast<std::uint32_t>(rest % kinds));
        rest /= kinds;
      }
    }
    call(shape);
  }
}

// A task, a switch on its result with two arms, a task in one of them, and one more that stands in either arm or outside
// and is connected with the first in every way.
void each_switch_plan(const std::function<void(const PlanShape&)>& call) {
  for (const ConditionShape& second : {otherwise(), always_false(), all_of({0, OperandRef::kInput})}) {
    for (std::uint32_t place = 0; place < 3; ++place) {
      for (std::uint32_t edge = 0; edge < 3; ++edge) {
        PlanShape shape{{tried_twice(), {.arms = {any_of({0}), second}}, {.place = PlaceShape{1, 0}}, {}},
                        {3}};
        if (place < 2) shape.nodes[3].place = PlaceShape{1, place};
        connect(shape.nodes[3], 2, edge);
        call(shape);
      }
    }
  }
}

// A switch in an arm of another one, or after it, or on a value that may be skipped.
void each_nested_plan(const std::function<void(const PlanShape&)>& call) {
  const NodeShape outer{.arms = {any_of({0}), otherwise()}};
  call({{{}, outer, {.place = PlaceShape{1, 0}, .arms = {always_true()}}, {.place = PlaceShape{2, 0}}}, {3}});
  call(
      {{{}, outer, {.place = PlaceShape{1, 1}, .arms = {always_false()}}, {.place = PlaceShape{2, 0}}}, {3}});
  call({{{},
         outer,
         {.place = PlaceShape{1, 0}, .arms = {any_of({OperandRef::kInput})}},
         {.place = PlaceShape{2, 0}}}});
  call({{{}, outer, {.place = PlaceShape{1, 0}}, {.arms = {any_of({2})}}, {.place = PlaceShape{3, 0}}},
        {2, 4}});
  call({{{}, outer, {.after = {1}, .arms = {any_of({0}), otherwise()}}, {.place = PlaceShape{2, 1}}}});
}

TEST(MachineModel, AllSequencesOfAllSmallPlans) {
  Seen seen;
  std::size_t plans = 0;
  const auto explore = [&](const PlanShape& shape) {
    for (const char* input : {"true", "null"}) {
      ++plans;
      EXPECT_EQ(Explorer(shape, input, seen).explore(), "") << "plan " << plans;
    }
  };
  for (std::uint32_t count = 1; count <= 3; ++count) each_task_plan(count, 3, explore);
  each_switch_plan(explore);
  each_nested_plan(explore);
  // The shapes with four tasks that three don't have: the diamond, the wide join and the long chain.
  explore({{tried_twice(), {.uses = {0}}, {.uses = {0}}, {.after = {1}, .uses = {2}}}, {3}});
  explore({{tried_twice(), {}, {}, {.after = {0, 1, 2}}}});
  explore({{tried_twice(), {.after = {0}}, {.uses = {1}}, {.after = {2}}}});

  std::set<SeenTask> table;
  for (const TaskTransition& t : kTaskTransitions) table.insert({t.from, t.cause, t.to});
  EXPECT_EQ(seen.tasks, table);
  const std::set<SeenRun> runs = {{RunState::running, RunState::completed},
                                  {RunState::running, RunState::failed},
                                  {RunState::running, RunState::cancelling},
                                  {RunState::cancelling, RunState::cancelled},
                                  {RunState::cancelling, RunState::failed}};
  EXPECT_EQ(seen.runs, runs);
  for (const auto& [from, to] : runs) EXPECT_TRUE(is_transition(from, to));
  std::printf("%zu plans, %zu states, %zu moves\n", plans, seen.states, seen.moves);
}

// A body that comes back after a failure starts what waited for it.
Status go_on_after_failure(Run& run, const Event& event, Changes& changes) {
  const bool was_failing = run.failing();
  if (was_failing) run.trouble->failing = false;
  const Status status = tenuto::apply(run, event, changes);
  if (was_failing) run.trouble->failing = true;
  return status;
}

TEST(MachineModel, FindsAPlantedMistake) {
  Seen seen;
  const PlanShape shape{{{}, {}, {.after = {0}}}};
  EXPECT_EQ(Explorer(shape, "null", seen).explore(), "");
  EXPECT_NE(Explorer(shape, "null", seen, go_on_after_failure).explore(), "");
}

// Plans that between them make every transition.
std::vector<PlanShape> plans_with_every_transition() {
  const NodeShape chooses{.arms = {any_of({0}), otherwise()}};
  return {
      {{tried_twice(), {.after = {0}}, {}}, {1}},
      {{tried_twice(), chooses, {.place = PlaceShape{1, 0}}, {.uses = {2}}}, {3}},
  };
}

// The first problem that a machine has in these plans.
std::string problem_of(const MachineWorld::Apply& apply, Seen& seen) {
  for (const PlanShape& shape : plans_with_every_transition()) {
    if (std::string problem = Explorer(shape, "null", seen, apply).explore(); !problem.empty())
      return problem;
  }
  return "";
}

// The machine, but that one transition of a task leads to `wrong`.
MachineWorld::Apply mistaken(const TaskTransition& where, TaskState wrong) {
  return [where, wrong](Run& run, const Event& event, Changes& changes) {
    std::vector<TaskState> before;
    for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) before.push_back(run.rows[i].state);
    const Status status = tenuto::apply(run, event, changes);
    for (std::uint32_t i = 0; i < before.size(); ++i) {
      TaskState& state = run.rows[i].state;
      if (before[i] == where.from && state == where.to && cause_of(event, i) == where.cause) state = wrong;
    }
    return status;
  };
}

TEST(MachineModel, FindsAMistakeInEachTransition) {
  Seen seen;
  ASSERT_EQ(problem_of(tenuto::apply, seen), "");
  std::size_t planted = 0;
  for (const TaskTransition& t : kTaskTransitions) {
    ASSERT_TRUE(seen.tasks.contains({t.from, t.cause, t.to})) << "the plans don't make it";
    // Not made, or made to another state.
    for (const TaskState wrong :
         {TaskState::pending, TaskState::ready, TaskState::waiting, TaskState::done, TaskState::failed,
          TaskState::timed_out, TaskState::cancelled, TaskState::skipped, TaskState::not_reached}) {
      if (wrong == t.to) continue;
      ++planted;
      Seen ignored;
      EXPECT_NE(problem_of(mistaken(t, wrong), ignored), "")
          << "from " << static_cast<int>(t.from) << " by " << static_cast<int>(t.cause) << " to "
          << static_cast<int>(wrong) << " instead of " << static_cast<int>(t.to);
    }
  }
  std::printf("%zu mistakes planted\n", planted);
}

TEST(MachineModel, FindsAMistakeInEachTransitionOfARun) {
  Seen seen;
  ASSERT_EQ(problem_of(tenuto::apply, seen), "");
  for (const auto& [from, to] : seen.runs) {
    // Not made, or made to another end.
    for (const RunState wrong : {from, RunState::completed}) {
      if (wrong == to) continue;
      Seen ignored;
      const auto apply = [from = from, to = to, wrong](tenuto::Run& run, const Event& event,
                                                       Changes& changes) {
        const RunState before = run.state;
        const Status status = tenuto::apply(run, event, changes);
        if (before == from && run.state == to) run.state = wrong;
        return status;
      };
      EXPECT_NE(problem_of(apply, ignored), "")
          << "from " << static_cast<int>(from) << " to " << static_cast<int>(wrong);
    }
  }
}

// What comes late, or for another attempt, or for a node that has no bodies, is refused and changes nothing.
TEST(MachineModel, RefusesWhatComesLate) {
  const PlanShape shape{{tried_twice(), {.after = {0}}}};
  const PlanRef plan = build_plan(shape);
  MachineWorld world(plan, {});
  const auto refused = [&](std::uint32_t task, std::uint32_t attempt) {
    const tenuto::Run before = world.replay();
    const bool done = world.feed(BodyDone{TaskIndex{task}, Attempt{attempt}, {}, {}}).ok();
    const bool failed =
        world.feed(BodyFailed{TaskIndex{task}, Attempt{attempt}, FailureKind::error, {}, {}}).ok();
    return !done && !failed && same_state(before, world.run());
  };
  EXPECT_TRUE(refused(1, 1)) << "not ready yet";
  EXPECT_TRUE(refused(2, 1)) << "no such task";
  world.start(0);
  ASSERT_TRUE(world.fail(0).ok());
  EXPECT_TRUE(refused(0, 1)) << "its attempt is over, the next has not begun";
  ASSERT_TRUE(world.retry(0).ok());
  EXPECT_TRUE(refused(0, 1)) << "another attempt is awaited";
  ASSERT_TRUE(world.done(0).ok());
  EXPECT_TRUE(refused(0, 2)) << "reported twice";
  ASSERT_TRUE(world.cancel().ok());
  EXPECT_FALSE(world.retry(0).ok());
  EXPECT_TRUE(refused(1, 1) || world.ended()) << "the run is cancelled";
}

}  // namespace
}  // namespace tenuto::testing
