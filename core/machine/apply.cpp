#include "core/machine/apply.h"

#include <algorithm>
#include <string>

#include "core/machine/retry.h"

namespace tenuto {
namespace {

void change_state(TaskRow& row, TaskCause cause, TaskState to) {
  TN_CHECK(is_transition(row.state, cause, to));
  row.state = to;
}

void end_row(Run& run, TaskRow& row, TaskCause cause, TaskState to) {
  change_state(row, cause, to);
  --run.open;
}

// One predecessor of `task` has ended. `mark` is a reason to skip it, or 0.
void predecessor_ended(Run& run, TaskIndex task, std::uint8_t mark, Changes& changes) {
  TaskRow& row = run.row(task);
  if (row.state != TaskState::pending) return;  // skipped already, before all its predecessors ended
  --row.waits_for;
  if (mark != 0) {
    // Listed once, when the first reason appears: a node that must be skipped need not wait for its other predecessors.
    if (!row.must_skip()) changes.decidable.push_back(task);
    row.marks |= mark;
    return;
  }
  if (row.waits_for > 0 || row.must_skip()) return;
  if (run.plan->row(task).kind == NodeKind::switch_node) {
    changes.decidable.push_back(task);
    return;
  }
  change_state(row, TaskCause::predecessors_ended, TaskState::ready);
  row.attempt = 1;
  changes.ready.push_back(task);
}

void succeed_along_edges(Run& run, TaskIndex task, Changes& changes) {
  for (const Edge edge : run.plan->edges_of(task)) predecessor_ended(run, edge.target(), 0, changes);
}

void skip_along_edges(Run& run, TaskIndex task, Changes& changes) {
  for (const Edge edge : run.plan->edges_of(task)) {
    std::uint8_t mark = 0;
    if (edge.kind() == EdgeKind::data) mark = TaskRow::kValueSkipped;
    if (edge.kind() == EdgeKind::guard) mark = TaskRow::kArmNotTaken;
    predecessor_ended(run, edge.target(), mark, changes);
  }
}

Status misfit(const Run& run, const Event& event, std::string_view why) {
  const std::string node = event.task == kNoTask ? "" : " of node " + std::to_string(event.task.value);
  return {Code::damaged, "run " + std::to_string(run.number.value) + ": event " +
                             std::string(to_text(event.type())) + node +
                             " does not fit: " + std::string(why)};
}

// A run has completed when everything in it has ended well.
bool may_end_as(const Run& run, RunState state) {
  if (state == RunState::completed) return run.open == 0 && run.may_start_work();
  return is_final(state);
}

// Of an event of one node.
bool fits_node(const Run& run, const Event& event) {
  const TaskRow& row = run.row(event.task);
  const bool is_switch = run.plan->row(event.task).kind == NodeKind::switch_node;
  const bool awaited = !is_switch && row.state == TaskState::ready && event.attempt.value == row.attempt;
  const bool undecided = row.state == TaskState::pending && run.may_start_work();
  const bool decidable_switch = is_switch && undecided && row.waits_for == 0 && !row.must_skip();
  switch (event.type()) {
    case EventType::task_done:
      return awaited;
    case EventType::attempt_failed: {
      const auto& failed = std::get<AttemptFailed>(event.body);
      if (is_switch) return decidable_switch && failed.final && failed.kind == FailureKind::expression;
      return awaited && (failed.final || (run.may_start_work() && is_retryable(failed.kind)));
    }
    case EventType::task_skipped:
      return undecided && row.must_skip();
    case EventType::switch_chosen: {
      const std::uint32_t arm = std::get<SwitchChosen>(event.body).arm;
      return decidable_switch && (arm == SwitchChosen::kNoArm || arm < run.plan->arms_of(event.task).size());
    }
    default:  // timer_fired
      return run.may_start_work() && row.state == TaskState::waiting && event.attempt.value == row.attempt;
  }
}

// True for the nodes whose turn it is.
bool is_next_in_order(const Run& run, const Event& event) {
  const std::uint32_t count = std::get<TasksDone>(event.body).count;
  return run.in_order() && event.attempt.value == 1 && event.task.value == run.front && count > 0 &&
         count <= run.plan->ordered_end() - run.front;
}

// A run that completes in order never has rows.
bool keeps_order(const Run& run, const Event& event) {
  return event.type() == EventType::tasks_done || (event.type() == EventType::run_ended && run.open == 0);
}

// What each event asks of the state it meets; the functions below rely on it.
Status check_fits(const Run& run, const Event& event) {
  if (event.run != run.number) return misfit(run, event, "it is of run " + std::to_string(event.run.value));
  if (event.scope != kRootScope) return misfit(run, event, "no such scope");
  if (is_final(run.state)) return misfit(run, event, "the run has ended");
  switch (event.type()) {
    case EventType::cancel_requested:
      return run.state == RunState::running ? Status()
                                            : misfit(run, event, "the run is being cancelled already");
    case EventType::run_ended: {
      const RunState state = std::get<RunEnded>(event.body).state;
      if (may_end_as(run, state)) return {};
      return misfit(run, event, "the run can't end as " + std::string(to_text(state)));
    }
    case EventType::tasks_done:
      return is_next_in_order(run, event) ? Status() : misfit(run, event, "it is not their turn");
    case EventType::task_done:
    case EventType::attempt_failed:
    case EventType::task_skipped:
    case EventType::switch_chosen:
    case EventType::timer_fired:
      break;
    default:
      return misfit(run, event, "not an event of a live run");
  }
  if (event.task.value >= run.plan->node_count()) return misfit(run, event, "no such node");
  if (fits_node(run, event)) return {};
  return misfit(run, event, "the node is " + std::string(to_text(run.row(event.task).state)));
}

void on_task_done(Run& run, const Event& event, const TaskDone& done, Changes& changes) {
  TaskRow& row = run.row(event.task);
  end_row(run, row, TaskCause::task_done, TaskState::done);
  run.set_result(event.task, done.result);
  if (done.started.ns != 0) run.busy_ns += std::max<Nanos>(0, event.at.ns - done.started.ns);
  if (run.may_start_work()) succeed_along_edges(run, event.task, changes);
}

void on_tasks_done(Run& run, const Event& event, const TasksDone& done) {
  run.front += done.count;
  run.open -= done.count;
  if (done.started.ns != 0) run.busy_ns += std::max<Nanos>(0, event.at.ns - done.started.ns);
}

TaskState final_state_of(FailureKind kind) {
  if (kind == FailureKind::timed_out) return TaskState::timed_out;
  return kind == FailureKind::cancelled ? TaskState::cancelled : TaskState::failed;
}

void on_attempt_failed(Run& run, const Event& event, const AttemptFailed& failed, Changes& changes) {
  TaskRow& row = run.row(event.task);
  if (failed.started.ns != 0) run.busy_ns += std::max<Nanos>(0, event.at.ns - failed.started.ns);
  RunTrouble& trouble = run.make_trouble();
  if (!failed.final) {
    change_state(row, TaskCause::attempt_failed_retry, TaskState::waiting);
    trouble.retry_waits.push_back({event.task, failed.retry_at, failed.failure});
    changes.timers.push_back({event.task, failed.retry_at});
    return;
  }
  end_row(run, row, TaskCause::attempt_failed_final, final_state_of(failed.kind));
  // How the run ends is decided by what came first: its first bad end or the request to cancel it.
  if (trouble.failing || run.state == RunState::cancelling) return;
  trouble.failing = true;
  trouble.culprit = event.task;
  trouble.failure = failed.failure;
  changes.stop_work = true;
}

void on_switch_chosen(Run& run, const Event& event, const SwitchChosen& chosen, Changes& changes) {
  TaskRow& row = run.row(event.task);
  end_row(run, row, TaskCause::switch_chosen, TaskState::done);
  row.attempt = chosen.arm == SwitchChosen::kNoArm ? 0 : static_cast<std::uint16_t>(chosen.arm + 1);
  for (const Edge edge : run.plan->edges_of(event.task)) {
    const bool other_arm = edge.kind() == EdgeKind::guard && edge.arm() != chosen.arm;
    predecessor_ended(run, edge.target(), other_arm ? TaskRow::kArmNotTaken : std::uint8_t{0}, changes);
  }
}

void on_timer_fired(Run& run, const Event& event, Changes& changes) {
  TaskRow& row = run.row(event.task);
  change_state(row, TaskCause::timer_fired, TaskState::ready);
  ++row.attempt;
  ++run.retries;
  std::erase_if(run.trouble->retry_waits, [&](const RetryWait& w) { return w.task == event.task; });
  changes.ready.push_back(event.task);
}

void on_run_ended(Run& run, const RunEnded& ended, Changes& changes) {
  for (std::uint32_t i = 0; i < run.plan->node_count() && run.open > 0; ++i) {
    TaskRow& row = run.rows[i];
    if (is_final(row.state)) continue;
    const bool reached = row.state != TaskState::pending;
    end_row(run, row, TaskCause::run_ended, reached ? TaskState::cancelled : TaskState::not_reached);
  }
  TN_CHECK(is_transition(run.state, ended.state));
  run.state = ended.state;
  run.set_output(ended.output);
  if (ended.state != RunState::completed) {
    RunTrouble& trouble = run.make_trouble();
    trouble.failure = ended.failure;
    trouble.culprit = ended.culprit;
  }
  if (run.trouble != nullptr) run.trouble->retry_waits.clear();
  changes.ended = true;
}

void on_cancel_requested(Run& run, const CancelRequested& cancel, Changes& changes) {
  TN_CHECK(is_transition(run.state, RunState::cancelling));
  run.state = RunState::cancelling;
  RunTrouble& trouble = run.make_trouble();
  trouble.cancel_reason = cancel.reason;
  trouble.cancelled_by = cancel.by;
  changes.stop_work = true;
}

}  // namespace

Run begin_run(RunNumber number, const PlanRef& plan, const RunStarted& started) {
  Run run;
  run.number = number;
  run.input = started.input;
  run.open = plan->node_count();
  run.plan = plan.get();
  return run;
}

Status apply(Run& run, const Event& event, Changes& changes) {
  if (!keeps_order(run, event)) leave_order(run);
  TN_TRY(check_fits(run, event));
  switch (event.type()) {
    case EventType::tasks_done:
      on_tasks_done(run, event, std::get<TasksDone>(event.body));
      break;
    case EventType::task_done:
      on_task_done(run, event, std::get<TaskDone>(event.body), changes);
      break;
    case EventType::attempt_failed:
      on_attempt_failed(run, event, std::get<AttemptFailed>(event.body), changes);
      break;
    case EventType::task_skipped:
      end_row(run, run.row(event.task), TaskCause::task_skipped, TaskState::skipped);
      skip_along_edges(run, event.task, changes);
      break;
    case EventType::switch_chosen:
      on_switch_chosen(run, event, std::get<SwitchChosen>(event.body), changes);
      break;
    case EventType::timer_fired:
      on_timer_fired(run, event, changes);
      break;
    case EventType::cancel_requested:
      on_cancel_requested(run, std::get<CancelRequested>(event.body), changes);
      break;
    default:  // run_ended: nothing else fits
      on_run_ended(run, std::get<RunEnded>(event.body), changes);
      break;
  }
  return {};
}

}  // namespace tenuto
