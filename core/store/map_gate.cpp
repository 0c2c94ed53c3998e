#include "core/store/map_gate.h"

namespace tenuto {

void MapGate::enter() {
  const std::thread::id self = std::this_thread::get_id();
  MutexLock lock(mutex_);
  if (!inside_.contains(self)) {
    while (alone_ || waiting_alone_ > 0) changed_.wait(mutex_);
  }
  ++inside_[self];
}

void MapGate::leave(std::thread::id entered) {
  MutexLock lock(mutex_);
  const auto found = inside_.find(entered);
  TN_CHECK(found != inside_.end());
  if (--found->second == 0) inside_.erase(found);
  if (inside_.empty()) changed_.notify_all();
}

bool MapGate::alone(const std::function<void()>& change) {
  {
    MutexLock lock(mutex_);
    if (inside_.contains(std::this_thread::get_id())) return false;
    ++waiting_alone_;
    while (alone_ || !inside_.empty()) changed_.wait(mutex_);
    --waiting_alone_;
    alone_ = true;
  }
  change();
  MutexLock lock(mutex_);
  alone_ = false;
  changed_.notify_all();
  return true;
}

}  // namespace tenuto
