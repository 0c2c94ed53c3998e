#include "core/timer/timer_service.h"

namespace tenuto {
namespace {

// Adds to one wheel; true when the new timer is due before all others were.
bool add(TimerWheel& wheel, Nanos at, TimerPayload payload, TimerHandle& handle) {
  const Nanos before = wheel.next_deadline();
  handle = wheel.add(at, payload);
  return at < before;
}

}  // namespace

TimerHandle TimerService::arm_wall(WallTime at, TimerPayload payload) {
  TimerHandle handle;
  const bool earlier = [&] {
    MutexLock lock(mutex_);
    return add(wall_, at.ns, payload, handle);
  }();
  if (earlier && on_earlier_) on_earlier_();
  return handle;
}

TimerHandle TimerService::arm_mono(MonoTime at, TimerPayload payload) {
  TimerHandle handle;
  const bool earlier = [&] {
    MutexLock lock(mutex_);
    return add(mono_, at.ns, payload, handle);
  }();
  if (earlier && on_earlier_) on_earlier_();
  return handle;
}

bool TimerService::cancel_wall(TimerHandle handle) {
  MutexLock lock(mutex_);
  return wall_.cancel(handle);
}

bool TimerService::cancel_mono(TimerHandle handle) {
  MutexLock lock(mutex_);
  return mono_.cancel(handle);
}

void TimerService::take_due(WallTime wall, MonoTime mono, Due& due) {
  MutexLock lock(mutex_);
  wall_.advance(wall.ns, due.wall);
  mono_.advance(mono.ns, due.mono);
}

std::optional<WallTime> TimerService::next_wall() {
  MutexLock lock(mutex_);
  const Nanos next = wall_.next_deadline();
  return next == TimerWheel::kNoDeadline ? std::nullopt : std::optional(WallTime{next});
}

std::optional<MonoTime> TimerService::next_mono() {
  MutexLock lock(mutex_);
  const Nanos next = mono_.next_deadline();
  return next == TimerWheel::kNoDeadline ? std::nullopt : std::optional(MonoTime{next});
}

}  // namespace tenuto
