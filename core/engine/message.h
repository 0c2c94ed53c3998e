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
// An outcome of a body. `token` is the ticket that was awaited.
struct Done {
  TicketToken token;
  BodyDone done;
};
struct Failed {
  TicketToken token;
  BodyFailed failed;
};
// A body whose attempt had been over came back: its task may be tried again now.
struct LateReturn {
  TicketToken token;
};
struct RetryTime {
  TaskIndex task;
};
// An action that nobody had a body for has one: see parked.cpp.
struct BodyCame {};
// `waiter` may be null. A command's outcome is recorded with what it asks for.
struct CancelRun {
  CancelAsked cancel;
  WaiterRef waiter;
  RunNumber run = {};  // for a command
};
// The outcome of a command follows from the run, so it is recorded behind what is recorded of the run.
struct SettleCommand {
  CommandId command;
  RunNumber run;
  Status refusal;  // ok: it is applied
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

// What is rare or large is boxed: one message is made per task, and most are Done.
template <class Body>
using Boxed = std::unique_ptr<Body>;
using MessageBody =
    std::variant<Boxed<StartRun>, ResumeRun, Done, Boxed<Failed>, LateReturn, RetryTime, BodyCame,
                 Boxed<CancelRun>, AwaitEnd, AskState, ForgetRun, Boxed<SettleCommand>>;

template <class Body>
[[nodiscard]] Boxed<Body> boxed(Body body) {
  return std::make_unique<Body>(std::move(body));
}

// Owned by the mailbox from push to take_all. A message for an earlier use of the slot is dropped by its generation.
struct Message {
  Message* next = nullptr;
  std::uint32_t generation = 0;
  MessageBody body;
};
static_assert(sizeof(Message) <= 64, "a message fits a cache line");

}  // namespace tenuto
