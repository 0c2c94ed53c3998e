// The state of one run: exactly what replay of its events gives. What runs at this moment is not in it: the driving
// process knows that (core/engine), and shows a ready task whose body has begun as running.
//
// Pure data: no thread, clock, file or randomness. Only apply() changes what is recorded.
//
// Thread safety: one thread at a time (the run's processor).
// Invariants (held by apply(), checked by tests/property/machine):
//  1. `open` counts the rows that are not in a final state.
//  2. While the run may start work, a pending row's `waits_for` counts its predecessors that have not ended.
//  3. A row has a result only when it is done; `failing` is set by the first row that ends badly, unless the run was
//     being cancelled before.
//  4. Final states never change; an ended run never changes.
//  5. A run without rows is in order: the nodes below `front` are done, each at its first attempt and without a result,
//     and nothing else has happened to any node. `front` is at most the plan's ordered_end().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/ids.h"
#include "core/machine/event.h"
#include "core/payload/payload.h"
#include "core/plan/plan.h"

namespace tenuto {

[[nodiscard]] constexpr bool is_final(TaskState state) {
  return state >= TaskState::done;
}
[[nodiscard]] constexpr bool is_final(RunState state) {
  return state >= RunState::completed;
}

// One node of a run, in 8 bytes: a plan's rows lie side by side, so that finishing a task touches few cache lines, and millions of
// runs wait at once. Results stand apart, see Run::result_of.
struct TaskRow {
  std::uint32_t waits_for = 0;  // predecessors that have not ended
  std::uint16_t attempt = 0;    // tasks: the current or last attempt; switches: the chosen arm + 1
  TaskState state = TaskState::pending;
  std::uint8_t marks = 0;

  static constexpr std::uint8_t kArmNotTaken = 1;   // must be skipped: stands in an arm that was not taken
  static constexpr std::uint8_t kValueSkipped = 2;  // must be skipped: uses the value of a skipped node
  [[nodiscard]] bool must_skip() const { return (marks & (kArmNotTaken | kValueSkipped)) != 0; }
};
static_assert(sizeof(TaskRow) == 8);
static_assert(limits::kAttemptsMax <= 0xFFFF && kSwitchArmsMax < 0xFFFF,
              "an attempt or an arm fits its field");

// A task that waits for its next attempt.
struct RetryWait {
  TaskIndex task;
  WallTime at;
  Failure failure;  // of the attempt before
  friend bool operator==(const RetryWait&, const RetryWait&) = default;
};

// What few runs have.
struct RunTrouble {
  std::vector<RetryWait> retry_waits;
  bool failing = false;         // a node ended badly: nothing new starts
  TaskIndex culprit = kNoTask;  // the first such node
  RunState failed_as = RunState::failed;
  Failure failure;  // of the culprit, then of the ended run
  std::string cancel_reason;
  std::string cancelled_by;
};

struct Run {
  RunNumber number;
  const Plan* plan = nullptr;  // borrowed: it outlives the run
  Payload input;
  // The output, and from the first result that is not null on those of all nodes behind it.
  std::unique_ptr<Payload[]> values;
  // plan->node_count() of them, of the root scope; none while the run is in order.
  std::unique_ptr<TaskRow[]> rows;
  std::unique_ptr<RunTrouble> trouble;
  Nanos busy_ns = 0;
  std::uint32_t front = 0;  // in order: the node whose turn it is
  std::uint32_t open = 0;
  std::uint32_t retries = 0;
  RunState state = RunState::running;
  bool has_results = false;

  // Every run begins in order. As long as its bodies can be run one after the other, in the order of the plan, one number
  // says it all: no row is written, and no edge looked at.
  [[nodiscard]] bool in_order() const { return rows == nullptr; }
  // The rows, here and below, are of a run that is no longer in order.
  [[nodiscard]] TaskRow& row(TaskIndex i) { return rows[i.value]; }
  [[nodiscard]] const TaskRow& row(TaskIndex i) const { return rows[i.value]; }
  [[nodiscard]] std::span<const TaskRow> all_rows() const { return {rows.get(), plan->node_count()}; }
  // null unless the run has completed with another one; lives as long as the run.
  [[nodiscard]] const Payload& output() const { return values == nullptr ? kNull : values[0]; }
  void set_output(const Payload& output);
  // Of a node that is done; null for every other.
  [[nodiscard]] const Payload& result_of(TaskIndex i) const {
    return has_results ? values[std::size_t{i.value} + 1] : kNull;
  }
  void set_result(TaskIndex i, const Payload& result);
  [[nodiscard]] bool failing() const { return trouble != nullptr && trouble->failing; }
  // True if new bodies may start: not cancelling, not failing, not ended.
  [[nodiscard]] bool may_start_work() const { return state == RunState::running && !failing(); }
  [[nodiscard]] RunTrouble& make_trouble() {
    if (trouble == nullptr) trouble = std::make_unique<RunTrouble>();
    return *trouble;
  }

 private:
  static const Payload kNull;
};
static_assert(sizeof(Run) <= 72, "millions of runs wait at once");

// Why a task changes its state. Nodes of a run in order are done by tasks_done alone, from ready.
enum class TaskCause : std::uint8_t {
  predecessors_ended,  // the last predecessor ended; derived, not recorded
  task_done,
  attempt_failed_retry,
  attempt_failed_final,
  timer_fired,
  task_skipped,
  switch_chosen,
  run_ended,
};

struct TaskTransition {
  TaskState from;
  TaskCause cause;
  TaskState to;
};

// Every state change of a task that can happen; no other can (checked in apply.cpp by TN_CHECK).
inline constexpr TaskTransition kTaskTransitions[] = {
    {TaskState::pending, TaskCause::predecessors_ended, TaskState::ready},
    {TaskState::pending, TaskCause::task_skipped, TaskState::skipped},
    {TaskState::pending, TaskCause::switch_chosen, TaskState::done},
    {TaskState::pending, TaskCause::attempt_failed_final,
     TaskState::failed},  // a switch whose condition is wrong
    {TaskState::pending, TaskCause::run_ended, TaskState::not_reached},
    {TaskState::ready, TaskCause::task_done, TaskState::done},
    {TaskState::ready, TaskCause::attempt_failed_retry, TaskState::waiting},
    {TaskState::ready, TaskCause::attempt_failed_final, TaskState::failed},
    {TaskState::ready, TaskCause::attempt_failed_final, TaskState::timed_out},
    {TaskState::ready, TaskCause::attempt_failed_final, TaskState::cancelled},
    {TaskState::ready, TaskCause::run_ended, TaskState::cancelled},  // its body may have begun before a crash
    {TaskState::waiting, TaskCause::timer_fired, TaskState::ready},
    {TaskState::waiting, TaskCause::run_ended, TaskState::cancelled},
};

// True if the table has it.
[[nodiscard]] constexpr bool is_transition(TaskState from, TaskCause cause, TaskState to) {
  for (const TaskTransition& t : kTaskTransitions) {
    if (t.from == from && t.cause == cause && t.to == to) return true;
  }
  return false;
}

// Every state change of a run: from any state that is not final, by run_ended to any final state, and by
// cancel_requested from running to cancelling.
[[nodiscard]] constexpr bool is_transition(RunState from, RunState to) {
  if (is_final(from)) return false;
  return is_final(to) || (from == RunState::running && to == RunState::cancelling);
}

// The rows that a run in order would have: what is ready is found by its edges. O(nodes and edges).
[[nodiscard]] std::unique_ptr<TaskRow[]> rows_in_order(const Run& run);

// From here on the run has rows. Nothing but its form changes; outstanding() says what may start. O(nodes and edges).
inline void leave_order(Run& run) {
  if (run.in_order()) run.rows = rows_in_order(run);
}

// Counts of the rows by state, for RunEnded and for views. O(nodes).
[[nodiscard]] RunCounts count_rows(const Run& run);

// True if both runs are equal in every field.
[[nodiscard]] bool same_state(const Run& a, const Run& b);

}  // namespace tenuto
