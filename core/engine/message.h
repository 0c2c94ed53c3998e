// What is sent to a run.
#pragma once

#include <memory>
#include <variant>

#include "core/base/ids.h"
#include "core/engine/ticket.h"
#include "core/engine/waiter.h"
#include "core/machine/decide.h"
#include "core/machine/event.h"

namespace tenuto {

// The first message of a new run.
struct StartRun {
  const PlanBinding* binding;
  RunStarted started;
  RunNumber number;
  WallTime at;
  WaiterRef waiter;  // answered when the start is durable; may be null
};
// The first message of a run that recovery rebuilt: carry out what is outstanding.
struct ResumeRun {};
// An outcome of a body; `input` is BodyDone or BodyFailed. `token` is the ticket that was awaited.
struct Outcome {
  TicketToken token;
  Input input;
};
// A body whose attempt had been over came back: its task may be tried again now.
struct LateReturn {
  TicketToken token;
};
struct RetryTime {
  TaskIndex task;
};
// `waiter` may be null.
struct CancelRun {
  CancelAsked cancel;
  WaiterRef waiter;
};
// Answered when the run has ended and that is durable.
struct AwaitEnd {
  WaiterRef waiter;
};
// Answered with the state as it is, once that is durable.
struct AskState {
  WaiterRef waiter;
};
// The run has ended and everything of it is in the tables: forget it.
struct ForgetRun {};

using MessageBody =
    std::variant<StartRun, ResumeRun, Outcome, LateReturn, RetryTime, CancelRun, AwaitEnd, AskState, ForgetRun>;

// Owned by the mailbox from push to take_all. A message for an earlier use of the slot is dropped by its generation.
struct Message {
  Message* next = nullptr;
  std::uint32_t generation = 0;
  MessageBody body;
};

}  // namespace tenuto
