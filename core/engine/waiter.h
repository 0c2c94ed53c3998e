// A host thread that waits for an answer, and the answer.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/base/check.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/spin.h"
#include "core/base/status.h"
#include "core/base/sync.h"
#include "core/machine/event.h"
#include "core/payload/payload.h"

namespace tenuto {

// What is known of a run at some durable position.
struct RunAnswer {
  Status status;  // not ok: the question failed, the rest is empty
  RunNumber number;
  RunState state = RunState::running;
  Payload output;       // completed
  Failure failure;      // ended otherwise
  std::string culprit;  // path of the node that failed; may be empty
  std::uint32_t culprit_attempt = 0;
};

// One question, one answer. Shared by who asks and who answers, so that either may go first.
class Waiter {
 public:
  // One question to several runs: the last answer counts. One is expected without this, and must not have come yet.
  void expect_another() TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    TN_DCHECK(!answered_);
    ++missing_;
  }
  // Answers beyond the one that counts are dropped.
  void answer(RunAnswer answer) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (answered_ || --missing_ > 0) return;
    answer_ = std::move(answer);
    answered_ = true;
    seen_.store(true, std::memory_order_relaxed);
    answered_now_.notify_all();
  }
  // Waits at most `timeout_ns` (negative: for ever). False: no answer yet.
  [[nodiscard]] bool wait(Nanos timeout_ns) TN_EXCLUDES(mutex_) {
    if (timeout_ns != 0) look();
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
    while (!answered_) {
      if (timeout_ns < 0) {
        answered_now_.wait(mutex_);
        continue;
      }
      const auto left = until - std::chrono::steady_clock::now();
      if (left.count() <= 0) return false;
      answered_now_.wait_for(mutex_, left);
    }
    return true;
  }
  [[nodiscard]] bool is_answered() const { return seen_.load(std::memory_order_relaxed); }
  // After wait() returned true.
  [[nodiscard]] RunAnswer take() TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return answer_;
  }

 private:
  // Looks for an answer for as long as falling asleep and being woken takes. One thread of the process at a time: others would
  // take the processor from whoever is to answer.
  void look() {
    constexpr int kLooks = kIsModel ? 1 : 400;  // 8 to 20 microseconds
    static Atomic<bool> looking{false};
    if (looking.exchange(true, std::memory_order_relaxed)) return;
    for (int i = 0; i < kLooks && !seen_.load(std::memory_order_relaxed); ++i) pause_cpu();
    looking.store(false, std::memory_order_relaxed);
  }

  Mutex mutex_;
  CondVar answered_now_;
  bool answered_ TN_GUARDED_BY(mutex_) = false;
  std::uint32_t missing_ TN_GUARDED_BY(mutex_) = 1;
  RunAnswer answer_ TN_GUARDED_BY(mutex_);
  // What answered_ is, for who has no lock. Relaxed: the answer itself is taken under the lock, behind the answer()
  // that stored this.
  Atomic<bool> seen_{false};
};
using WaiterRef = std::shared_ptr<Waiter>;

}  // namespace tenuto
