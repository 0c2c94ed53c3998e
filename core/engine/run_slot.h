// One live run in the run table.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/base/limits.h"
#include "core/engine/message.h"
#include "core/machine/state.h"
#include "core/sched/mailbox.h"
#include "core/sched/turn.h"

namespace tenuto {

// What few runs have at a time.
struct RunExtra {
  std::vector<std::weak_ptr<Waiter>> waiters;  // for the end; expired when the caller gave up
  std::vector<TaskIndex> ready_backlog;        // ready, not offered yet: see limits::kReadyOfferMax
  std::size_t backlog_begin = 0;
  Position backlog_position;       // the events that made them ready are before it
  Message* backlog = nullptr;      // taken from the mailbox, not handled yet
  std::vector<MessageBody> early;  // messages that overtook the one that starts the run
  struct Abandoned {
    TaskIndex task;
    TicketToken token;
    bool is_awaited = false;  // its task is ready again and is offered as soon as the body is back
  };
  struct RetryTimer {
    TaskIndex task;
    TimerHandle handle;
  };
  std::vector<RetryTimer> retry_timers;  // armed
  std::vector<Abandoned> abandoned;      // bodies that are still out although their attempt is over
};

// Thread safety: `mailbox`, `turn` and `generation` by anyone; the rest by the run's processor alone (see core/sched/mailbox.h).
// The slot is type-stable: a message that comes after the run was forgotten meets another generation and is dropped.
struct RunSlot {
  // Of a run in order that goes on without a message. Its mailbox stays busy meanwhile: the next processor is sure to come.
  enum class Onward : std::uint16_t { no, next_turn, when_durable };

  Mailbox<Message> mailbox;
  Atomic<std::uint32_t> generation{1};  // changes when a run is forgotten
  std::uint32_t first_ticket = Slab<Ticket>::kNone;
  // In order: the start and the nodes below this, less one, are known to be durable; 0: not even the start.
  std::uint32_t durable_mark = 0;
  std::uint16_t in_flight : 14 = 0;  // tickets whose outcome is awaited
  Onward onward : 2 = Onward::no;
  Turn turn;                             // of the processor to be, while it waits in a queue
  Atomic<bool> parked{false};            // it may be listed in Actions; written by the processor
  const PlanBinding* binding = nullptr;  // null until the run has begun
  Position last;                         // the end of the newest batch with an event of it
  WallTime started;
  std::unique_ptr<RunExtra> extra;
  Run run;

  static_assert(limits::kReadyOfferMax < 1 << 14, "the tickets of a run fit their count");

  RunSlot() = default;
  // What was on its way when the engine ended goes with it.
  ~RunSlot() {
    if (extra != nullptr) destroy(extra->backlog);
    if (!mailbox.is_idle()) destroy(mailbox.take_all());
  }
  RunSlot(const RunSlot&) = delete;
  RunSlot& operator=(const RunSlot&) = delete;

  RunExtra& make_extra() {
    if (extra == nullptr) extra = std::make_unique<RunExtra>();
    return *extra;
  }

 private:
  static void destroy(Message* list) {
    while (list != nullptr) delete std::exchange(list, list->next);
  }
};
static_assert(sizeof(RunSlot) <= 128, "millions of runs wait at once");

}  // namespace tenuto
