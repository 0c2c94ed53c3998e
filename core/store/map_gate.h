// Counts the transactions of this process, because LMDB moves its map only while there is none.
#pragma once

#include <functional>
#include <map>
#include <thread>

#include "core/base/check.h"
#include "core/base/sync.h"

namespace tenuto {

// A thread that is inside may enter again at once, also while somebody waits to be alone: otherwise the two would
// wait for each other. So being alone can't be had by a thread that is inside.
// Thread safety: all functions by any thread.
class MapGate {
 public:
  // Waits while somebody is or waits to be alone.
  void enter() TN_EXCLUDES(mutex_);
  // Takes back one enter() of the thread `entered`, which may be another one.
  void leave(std::thread::id entered) TN_EXCLUDES(mutex_);
  // Waits until nobody is inside, keeps newcomers out and calls `change`. False, without a call, when this thread is
  // inside.
  bool alone(const std::function<void()>& change) TN_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  CondVar changed_;
  std::map<std::thread::id, int> inside_ TN_GUARDED_BY(mutex_);
  int waiting_alone_ TN_GUARDED_BY(mutex_) = 0;
  bool alone_ TN_GUARDED_BY(mutex_) = false;
};

}  // namespace tenuto
