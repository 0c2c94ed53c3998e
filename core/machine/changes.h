// What a state makes possible: the effects that the shells carry out.
#pragma once

#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"

namespace tenuto {

struct ArmTimer {
  TaskIndex task;
  WallTime at;
  friend bool operator==(const ArmTimer&, const ArmTimer&) = default;
};

// apply() adds what its event made possible; outstanding() lists all that is possible in a state. The shells own one
// per thread and clear it between inputs, so that its memory is used again.
struct Changes {
  std::vector<TaskIndex> ready;  // bodies that may start
  std::vector<TaskIndex>
      decidable;  // nodes that follow_up() has an event for: switches to choose, skips to record
  std::vector<ArmTimer> timers;  // retries to wake
  bool stop_work = false;        // nothing new may start: withdraw what has not
  bool ended = false;            // the run has ended: answer who waits for it

  void clear() {
    ready.clear();
    decidable.clear();
    timers.clear();
    stop_work = false;
    ended = false;
  }
};

}  // namespace tenuto
