// (state, input, now, seed) -> event, or a rejection. Pure and total.
//
// Every input makes one event or is refused. What then follows by itself (an arm to choose, a skip to record, the end of
// the run) follow_up() decides, one event at a time, each applied before the next is asked for:
//
//   event = decide(run, input, …);  apply(run, event, changes);
//   while (event = follow_up(run, changes, …)) apply(run, *event, changes);
#pragma once

#include <optional>
#include <variant>

#include "core/base/status.h"
#include "core/machine/changes.h"
#include "core/machine/event.h"
#include "core/machine/operands.h"
#include "core/machine/state.h"

namespace tenuto {

// A body came back with a value.
struct BodyDone {
  TaskIndex task;
  Attempt attempt;
  Payload result;
  WallTime started;
};

// An attempt ended without a value, or can't begin (kind expression).
struct BodyFailed {
  TaskIndex task;
  Attempt attempt;
  FailureKind kind = FailureKind::error;
  Failure failure;
  WallTime started;  // 0: it never began
};

// The time of a retry has come.
struct RetryDue {
  TaskIndex task;
};

struct CancelAsked {
  std::string reason;
  std::string by;
  CommandId command;
};

using Input = std::variant<BodyDone, BodyFailed, RetryDue, CancelAsked>;

// Refusals (wrong_state): a result of an attempt that is over, a retry of a task that does not wait, a cancel of an ended run.
// A cancel of a run that is being cancelled is refused too: nothing is to be recorded (the caller answers ok).
[[nodiscard]] Result<Event> decide(const Run& run, Input&& input, WallTime now, std::uint64_t seed);

// The next event that the state calls for by itself, if any. Takes from changes.decidable. `in_flight` is the number of
// bodies that have begun and not come back: a run that fails or is cancelled ends when there is none.
[[nodiscard]] std::optional<Event> follow_up(const Run& run, Changes& changes, std::uint32_t in_flight,
                                             WallTime now, Evaluation& evaluation);

}  // namespace tenuto
