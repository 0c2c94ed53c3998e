// Runs that have ended and are still in memory: they are forgotten when the materialiser has carried over their last event.
//
// One queue per context (see core/engine/context.h), so that its positions ascend and nobody waits for anybody.
#pragma once

#include <deque>
#include <vector>

#include "core/base/ids.h"
#include "core/base/sync.h"
#include "core/engine/message.h"

namespace tenuto {

// Thread safety: all functions by any thread.
class RetiredQueue {
 public:
  // `end`: of the batch with the run's last event; never descends.
  void push(RunRef run, Position end) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    runs_.push_back({run, end});
  }
  // Moves the runs whose end is <= `applied` to `out`.
  void take(Position applied, std::vector<RunRef>& out) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    for (; !runs_.empty() && runs_.front().end <= applied; runs_.pop_front())
      out.push_back(runs_.front().run);
  }

 private:
  struct Retired {
    RunRef run;
    Position end;
  };
  Mutex mutex_;
  std::deque<Retired> runs_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
