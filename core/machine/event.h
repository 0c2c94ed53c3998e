// Every event that the journal can hold, with its stable number and fields, and nothing else.
//
// Numbers and meanings are for ever; docs/file-format.md has the bytes. Reserved numbers belong to constructs that
// are described in docs/adr/0002-event-numbers.md; a reader that meets one it doesn't know skips it by the record's
// length when the record says it may, and refuses the store as "newer" otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/payload/payload.h"

namespace tenuto {

enum class EventType : std::uint8_t {
  // Of the store.
  engine_opened = 1,
  workflow_stored = 2,
  command_applied = 3,
  command_refused = 4,
  pool_used = 5,
  numbers_reserved = 6,
  // Of a run.
  run_started = 16,
  task_done = 17,
  attempt_failed = 18,
  task_skipped = 19,
  switch_chosen = 20,
  timer_fired = 21,
  cancel_requested = 22,
  run_ended = 23,
  // 24–30: attempt_leased, attempt_lost, heartbeat, pause_requested, resume_requested, migrated, annotated
  tasks_done = 31,
  // 32–47: scopes (opened, grown, closed, item_failed …), live paths, side values
  // 48–63: waits (signal_received, signal_consumed, approval_asked, approval_decided, sleep_started, reminder_sent …)
  // 64–79: undo, catch, manual actions (completed, skipped, retried, forked by hand)
  // 80–95: schedules, triggers, limits, cache
  // 240–255: the journal's own (fragment = 240)
};

enum class RunState : std::uint8_t {
  queued = 1,
  running = 2,
  waiting = 3,
  paused = 4,
  cancelling = 5,
  completed = 6,
  failed = 7,
  timed_out = 8,
  rejected = 9,
  cancelled = 10,
};

enum class TaskState : std::uint8_t {
  pending = 1,
  ready = 2,
  running = 3,
  waiting = 4,
  done = 5,
  skipped = 6,
  failed = 7,
  timed_out = 8,
  cancelled = 9,
  not_reached = 10,
};

// Why something failed, for people and for rules.
struct Failure {
  std::string type;  // "ValueError", "TimedOut", "ExpressionError"
  std::string message;
  std::string trace;  // text; may be empty
  friend bool operator==(const Failure&, const Failure&) = default;
};

// A new generation of the store: its frame is durable before anything is answered.
struct EngineOpened {
  Generation generation;
  std::uint32_t process = 0;  // pid, for people
  std::string version;        // of the library
  friend bool operator==(const EngineOpened&, const EngineOpened&) = default;
};

// A definition that runs refer to by hash; once per store and hash.
struct WorkflowStored {
  WorkflowHash hash;
  std::string name;
  std::string definition;  // canonical JSON
  friend bool operator==(const WorkflowStored&, const WorkflowStored&) = default;
};

// The outcome of a command from the inbox. Kept, so that the same command id is never applied twice.
struct CommandApplied {
  CommandId command;
  RunNumber subject;  // the run it made or changed; none otherwise
  friend bool operator==(const CommandApplied&, const CommandApplied&) = default;
};
struct CommandRefused {
  CommandId command;
  Code code = Code::ok;
  std::string message;
  friend bool operator==(const CommandRefused&, const CommandRefused&) = default;
};

// What a pool did in a stretch of time: for utilisation.
struct PoolUsed {
  std::string pool;
  WallTime from;            // to = the event's time
  std::uint32_t slots = 0;  // offered, on average rounded up
  Nanos available_ns = 0;   // slot-nanoseconds offered
  Nanos busy_ns = 0;        // slot-nanoseconds spent in bodies
  friend bool operator==(const PoolUsed&, const PoolUsed&) = default;
};

// Every run number below `next` may have been given to a run that the store has lost. The last one counts: a later one
// may give numbers back. See core/engine/run_numbers.h.
struct NumbersReserved {
  RunNumber next;
  friend bool operator==(const NumbersReserved&, const NumbersReserved&) = default;
};

struct RunStarted {
  WorkflowHash workflow;
  std::string id;  // chosen by the caller; empty: it follows from time and number (core/base/run_id.h)
  bool id_chosen = false;
  bool test = false;
  Payload input;
  std::string labels;  // JSON object; empty: none
  std::string by;
  CommandId command;  // that asked for it; none for a call in the owner
  friend bool operator==(const RunStarted&, const RunStarted&) = default;
};

struct TaskDone {
  Payload result;
  WallTime started;
  friend bool operator==(const TaskDone&, const TaskDone&) = default;
};

// Nodes that follow each other in the plan, done one after the other at their first attempt and without a result: the
// event's task and those behind it. Of a run that is in order (core/machine/state.h).
struct TasksDone {
  std::uint32_t count = 0;
  WallTime started;  // the first of them; the last ended at the event's time
  friend bool operator==(const TasksDone&, const TasksDone&) = default;
};

enum class FailureKind : std::uint8_t {
  error = 1,       // the body reported a failure
  stop = 2,        // … and asked for no retry
  timed_out = 3,   // the attempt's time ran out; the outcome outside is unknown
  cancelled = 4,   // withdrawn before or while it ran
  expression = 5,  // an argument or a condition could not be evaluated
};

struct AttemptFailed {
  FailureKind kind = FailureKind::error;
  Failure failure;
  WallTime started;   // 0: the body never started
  bool final = true;  // false: there will be another attempt
  WallTime retry_at;  // when, if not final
  friend bool operator==(const AttemptFailed&, const AttemptFailed&) = default;
};

enum class SkipReason : std::uint8_t {
  arm_not_taken = 1,
  value_skipped = 2,  // it uses the value of a skipped node
};
struct TaskSkipped {
  SkipReason reason = SkipReason::arm_not_taken;
  friend bool operator==(const TaskSkipped&, const TaskSkipped&) = default;
};

struct SwitchChosen {
  static constexpr std::uint32_t kNoArm = 0xFFFF'FFFFu;
  std::uint32_t arm = kNoArm;
  friend bool operator==(const SwitchChosen&, const SwitchChosen&) = default;
};

// The wait before the next attempt of a task is over.
struct TimerFired {
  friend bool operator==(const TimerFired&, const TimerFired&) = default;
};

struct CancelRequested {
  std::string reason;
  std::string by;
  CommandId command;
  friend bool operator==(const CancelRequested&, const CancelRequested&) = default;
};

// What a summary row needs of the run's nodes, so that no reader has to replay for a list.
struct RunCounts {
  std::uint32_t done = 0;
  std::uint32_t skipped = 0;
  std::uint32_t failed = 0;  // failed and timed out
  std::uint32_t cancelled = 0;
  std::uint32_t not_reached = 0;
  std::uint32_t retries = 0;  // attempts beyond the first
  std::uint32_t manual_actions = 0;
  Nanos busy_ns = 0;  // time in bodies
  friend bool operator==(const RunCounts&, const RunCounts&) = default;
};

struct RunEnded {
  RunState state = RunState::completed;
  Payload output;   // completed
  Failure failure;  // otherwise
  TaskIndex culprit = kNoTask;
  RunCounts counts;
  friend bool operator==(const RunEnded&, const RunEnded&) = default;
};

using EventBody = std::variant<EngineOpened, WorkflowStored, CommandApplied, CommandRefused, PoolUsed,
                               RunStarted, TaskDone, AttemptFailed, TaskSkipped, SwitchChosen, TimerFired,
                               CancelRequested, RunEnded, TasksDone, NumbersReserved>;

// One recorded fact. The address (run, scope, task, attempt) is in every event; what does not apply is zero or kNoTask.
struct Event {
  WallTime at;
  RunNumber run;
  ScopeNumber scope;
  TaskIndex task = kNoTask;
  Attempt attempt;
  EventBody body;

  [[nodiscard]] EventType type() const;
  friend bool operator==(const Event&, const Event&) = default;
};

// "task_done"; "unknown" for a number outside the list.
[[nodiscard]] std::string_view to_text(EventType type);
[[nodiscard]] std::string_view to_text(RunState state);
[[nodiscard]] std::string_view to_text(TaskState state);
[[nodiscard]] std::string_view to_text(FailureKind kind);
[[nodiscard]] std::string_view to_text(SkipReason reason);

}  // namespace tenuto
