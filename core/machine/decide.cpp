#include "core/machine/decide.h"

#include <string>

#include "core/base/random.h"
#include "core/machine/retry.h"

namespace tenuto {
namespace {

Event make_event(const Run& run, TaskIndex task, Attempt attempt, WallTime now, EventBody body) {
  return Event{now, run.number, kRootScope, task, attempt, std::move(body)};
}

Status refused(const Run& run, std::string why) {
  return {Code::wrong_state, "run " + std::to_string(run.number.value) + ": " + std::move(why)};
}

// The attempt is the one whose outcome is awaited. Nobody awaits one of a run in order: what has no row has not begun.
bool is_current(const Run& run, TaskIndex task, Attempt attempt) {
  if (is_final(run.state) || run.in_order() || task.value >= run.plan->node_count()) return false;
  const TaskRow& row = run.row(task);
  return run.plan->row(task).kind == NodeKind::task && row.state == TaskState::ready &&
         row.attempt == attempt.value;
}

Status late(const Run& run, TaskIndex task) {
  if (task.value >= run.plan->node_count()) return refused(run, "no such node");
  return refused(run, "a late result of `" + std::string(run.plan->name_of(task)) + "`: its attempt is over");
}

bool may_retry(const Run& run, TaskIndex task, Attempt attempt, FailureKind kind) {
  if (!run.may_start_work() || !is_retryable(kind)) return false;
  return attempt.value <= run.plan->policy_of(task).retry.attempts && attempt.value < limits::kAttemptsMax;
}

Result<Event> decide_input(const Run& run, BodyDone&& done, WallTime now, std::uint64_t) {
  if (!is_current(run, done.task, done.attempt)) return late(run, done.task);
  return make_event(run, done.task, done.attempt, now, TaskDone{std::move(done.result), done.started});
}

Result<Event> decide_input(const Run& run, BodyFailed&& input, WallTime now, std::uint64_t seed) {
  if (!is_current(run, input.task, input.attempt)) return late(run, input.task);
  AttemptFailed failed{input.kind, std::move(input.failure), input.started, true, {}};
  if (may_retry(run, input.task, input.attempt, input.kind)) {
    const std::uint64_t place =
        mix64(run.number.value) ^ mix64(std::uint64_t{input.task.value} << 32 | input.attempt.value);
    failed.final = false;
    failed.retry_at = {now.ns + retry_delay(run.plan->policy_of(input.task).retry, input.attempt.value,
                                            mix64(seed ^ place))};
  }
  return make_event(run, input.task, input.attempt, now, std::move(failed));
}

Result<Event> decide_input(const Run& run, RetryDue&& due, WallTime now, std::uint64_t) {
  if (!run.may_start_work() || run.in_order() || due.task.value >= run.plan->node_count() ||
      run.row(due.task).state != TaskState::waiting) {
    return refused(run, "no task waits for this retry");
  }
  return make_event(run, due.task, Attempt{run.row(due.task).attempt}, now, TimerFired{});
}

Result<Event> decide_input(const Run& run, CancelAsked&& cancel, WallTime now, std::uint64_t) {
  if (is_final(run.state)) return refused(run, "it has ended as " + std::string(to_text(run.state)));
  if (run.state == RunState::cancelling) return refused(run, "it is being cancelled already");
  return make_event(run, kNoTask, Attempt{}, now,
                    CancelRequested{std::move(cancel.reason), std::move(cancel.by), cancel.command});
}

Event end_event(const Run& run, RunEnded ended, WallTime now) {
  ended.counts = count_rows(run);
  // What has not ended by itself ends with the run: see on_run_ended in apply.cpp.
  for (std::uint32_t i = 0; i < run.plan->node_count() && run.open > 0; ++i) {
    if (run.plan->row(TaskIndex{i}).kind != NodeKind::task || is_final(run.rows[i].state)) continue;
    ++(run.rows[i].state == TaskState::pending ? ended.counts.not_reached : ended.counts.cancelled);
  }
  return make_event(run, kNoTask, Attempt{}, now, std::move(ended));
}

Event complete(const Run& run, WallTime now, Evaluation& evaluation) {
  RunEnded ended;
  auto output = output_of(run, evaluation);
  if (output.ok()) {
    ended.output = *std::move(output);
  } else {
    ended.state = RunState::failed;
    ended.failure = {"ExpressionError", output.status().message(), ""};
  }
  return end_event(run, std::move(ended), now);
}

Event end_badly(const Run& run, WallTime now) {
  const RunTrouble& trouble = *run.trouble;
  RunEnded ended;
  if (trouble.failing) {
    ended.state = trouble.failed_as;
    ended.failure = trouble.failure;
    ended.culprit = trouble.culprit;
  } else {
    ended.state = RunState::cancelled;
    ended.failure = {"Cancelled",
                     trouble.cancel_reason.empty() ? "the run was cancelled" : trouble.cancel_reason, ""};
  }
  return end_event(run, std::move(ended), now);
}

std::optional<Event> decide_node(const Run& run, TaskIndex node, WallTime now, Evaluation& evaluation) {
  const TaskRow& row = run.row(node);
  if (row.state != TaskState::pending) return std::nullopt;
  if (row.must_skip()) {
    const bool by_arm = (row.marks & TaskRow::kArmNotTaken) != 0;
    return make_event(run, node, Attempt{}, now,
                      TaskSkipped{by_arm ? SkipReason::arm_not_taken : SkipReason::value_skipped});
  }
  auto arm = choose_arm(run, node, evaluation);
  if (arm.ok()) return make_event(run, node, Attempt{}, now, SwitchChosen{*arm});
  return make_event(
      run, node, Attempt{}, now,
      AttemptFailed{FailureKind::expression, {"ExpressionError", arm.status().message(), ""}, {}, true, {}});
}

}  // namespace

Result<Event> decide(const Run& run, Input&& input, WallTime now, std::uint64_t seed) {
  return std::visit([&](auto& known) { return decide_input(run, std::move(known), now, seed); }, input);
}

std::optional<Event> follow_up(const Run& run, Changes& changes, std::uint32_t in_flight, WallTime now,
                               Evaluation& evaluation) {
  if (is_final(run.state)) return std::nullopt;
  while (run.may_start_work() && !changes.decidable.empty()) {
    const TaskIndex node = changes.decidable.back();
    changes.decidable.pop_back();
    if (auto event = decide_node(run, node, now, evaluation)) return event;
  }
  if (!run.may_start_work()) return in_flight == 0 ? std::optional(end_badly(run, now)) : std::nullopt;
  if (run.open == 0) return complete(run, now, evaluation);
  return std::nullopt;
}

}  // namespace tenuto
