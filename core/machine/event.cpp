#include "core/machine/event.h"

#include <array>

namespace tenuto {

EventType Event::type() const {
  // In the order of EventBody.
  static constexpr std::array<EventType, std::variant_size_v<EventBody>> kTypes = {
      EventType::engine_opened,   EventType::workflow_stored, EventType::command_applied,
      EventType::command_refused, EventType::pool_used,       EventType::run_started,
      EventType::task_done,       EventType::attempt_failed,  EventType::task_skipped,
      EventType::switch_chosen,   EventType::timer_fired,     EventType::cancel_requested,
      EventType::run_ended,       EventType::tasks_done,      EventType::numbers_reserved};
  return kTypes[body.index()];
}

std::string_view to_text(EventType type) {
  switch (type) {
    case EventType::engine_opened:
      return "engine_opened";
    case EventType::workflow_stored:
      return "workflow_stored";
    case EventType::command_applied:
      return "command_applied";
    case EventType::command_refused:
      return "command_refused";
    case EventType::pool_used:
      return "pool_used";
    case EventType::numbers_reserved:
      return "numbers_reserved";
    case EventType::run_started:
      return "run_started";
    case EventType::task_done:
      return "task_done";
    case EventType::attempt_failed:
      return "attempt_failed";
    case EventType::task_skipped:
      return "task_skipped";
    case EventType::switch_chosen:
      return "switch_chosen";
    case EventType::timer_fired:
      return "timer_fired";
    case EventType::cancel_requested:
      return "cancel_requested";
    case EventType::run_ended:
      return "run_ended";
    case EventType::tasks_done:
      return "tasks_done";
  }
  return "unknown";
}

std::string_view to_text(RunState state) {
  switch (state) {
    case RunState::queued:
      return "queued";
    case RunState::running:
      return "running";
    case RunState::waiting:
      return "waiting";
    case RunState::paused:
      return "paused";
    case RunState::cancelling:
      return "cancelling";
    case RunState::completed:
      return "completed";
    case RunState::failed:
      return "failed";
    case RunState::timed_out:
      return "timed_out";
    case RunState::rejected:
      return "rejected";
    case RunState::cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string_view to_text(TaskState state) {
  switch (state) {
    case TaskState::pending:
      return "pending";
    case TaskState::ready:
      return "ready";
    case TaskState::running:
      return "running";
    case TaskState::waiting:
      return "waiting";
    case TaskState::done:
      return "done";
    case TaskState::skipped:
      return "skipped";
    case TaskState::failed:
      return "failed";
    case TaskState::timed_out:
      return "timed_out";
    case TaskState::cancelled:
      return "cancelled";
    case TaskState::not_reached:
      return "not_reached";
  }
  return "unknown";
}

std::string_view to_text(FailureKind kind) {
  switch (kind) {
    case FailureKind::error:
      return "error";
    case FailureKind::stop:
      return "stop";
    case FailureKind::timed_out:
      return "timed_out";
    case FailureKind::cancelled:
      return "cancelled";
    case FailureKind::expression:
      return "expression";
  }
  return "unknown";
}

std::string_view to_text(SkipReason reason) {
  switch (reason) {
    case SkipReason::arm_not_taken:
      return "arm_not_taken";
    case SkipReason::value_skipped:
      return "value_skipped";
  }
  return "unknown";
}

}  // namespace tenuto
