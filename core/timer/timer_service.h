// All timers of an engine: durable ones by the wall clock, time-outs of attempts by the monotonic clock.
//
// A shell without a thread: whoever runs it asks when to come back and calls take_due() then. A wall clock that jumps moves
// the durable timers with it, and only them.
//
// Thread safety: all functions by any thread.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/base/clock.h"
#include "core/base/sync.h"
#include "core/timer/wheel.h"

namespace tenuto {

class TimerService {
 public:
  TimerService(WallTime wall, MonoTime mono) : wall_(wall.ns), mono_(mono.ns) {}

  // Called, outside any lock, when a timer was armed that is due before all others: whoever sleeps must ask again.
  void set_earlier_callback(std::function<void()> callback) { on_earlier_ = std::move(callback); }

  TimerHandle arm_wall(WallTime at, TimerPayload payload) TN_EXCLUDES(mutex_);
  TimerHandle arm_mono(MonoTime at, TimerPayload payload) TN_EXCLUDES(mutex_);
  // False when it has been taken already.
  bool cancel_wall(TimerHandle handle) TN_EXCLUDES(mutex_);
  bool cancel_mono(TimerHandle handle) TN_EXCLUDES(mutex_);

  struct Due {
    std::vector<DueTimer> wall;
    std::vector<DueTimer> mono;
  };
  // Appends what is due. Never early.
  void take_due(WallTime wall, MonoTime mono, Due& due) TN_EXCLUDES(mutex_);

  // When to call take_due() next; none: when something is armed.
  [[nodiscard]] std::optional<WallTime> next_wall() TN_EXCLUDES(mutex_);
  [[nodiscard]] std::optional<MonoTime> next_mono() TN_EXCLUDES(mutex_);

 private:
  std::function<void()> on_earlier_;
  Mutex mutex_;
  TimerWheel wall_ TN_GUARDED_BY(mutex_);
  TimerWheel mono_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
