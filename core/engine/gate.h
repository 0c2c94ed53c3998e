// Effects that wait until the events they follow from are durable.
//
// One queue per context (see core/engine/context.h): its positions ascend, so opening the gate takes a prefix. Entries
// are carried out by whoever has just made them durable.
#pragma once

#include <deque>
#include <memory>
#include <variant>
#include <vector>

#include "core/base/ids.h"
#include "core/base/sync.h"
#include "core/engine/ticket.h"
#include "core/engine/waiter.h"

namespace tenuto {

// A caller may know. Boxed: most effects are offers, and all are moved about.
struct Answer {
  WaiterRef waiter;
  RunAnswer answer;
};
using GiveAnswer = std::unique_ptr<Answer>;
// The outcome of a command from the inbox is durable, where effects don't wait for the disk too: its file can go.
struct CommandSettled {
  CommandId command;
};
// A run in order waits for nothing else. Whoever carries this out hands the run on: nobody else may process it meanwhile.
struct GoOn {
  std::uint32_t slot;
};
using Effect = std::variant<Offer, GiveAnswer, CommandSettled, GoOn>;
static_assert(sizeof(Effect) <= 40);

class GateQueue {
 public:
  // Positions ascend, but for those of a step without records, which may be older: such an effect comes out with those before
  // it, late and never early.
  void push(Position position, Effect effect) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    waiting_.push_back({position, std::move(effect)});
  }
  // Moves every effect whose position is <= `durable` to `out`.
  void open(Position durable, std::vector<Effect>& out) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!waiting_.empty() && waiting_.front().position <= durable) {
      out.push_back(std::move(waiting_.front().effect));
      waiting_.pop_front();
    }
  }

 private:
  struct Entry {
    Position position;
    Effect effect;
  };
  Mutex mutex_;
  std::deque<Entry> waiting_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
