// A named queue of ready tickets, served by threads that poll it in batches.
//
// Thread safety: all functions by any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/sync.h"
#include "core/engine/ticket.h"
#include "core/machine/event.h"

namespace tenuto {

class Pool {
 public:
  explicit Pool(std::string name);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  void push(std::span<const TicketToken> tokens) TN_EXCLUDES(mutex_);
  // Appends up to `max` tokens to `out`; waits at most `timeout_ns` (negative: for ever) for the first.
  // timed_out, closed.
  // `leaving`, if given, ends this poll as `closed` once it is true and wake_all() was called.
  Status poll(std::uint32_t max, Nanos timeout_ns, std::vector<TicketToken>& out,
              const std::atomic<bool>* leaving = nullptr) TN_EXCLUDES(mutex_);
  // Lets every waiting poll look around.
  void wake_all() TN_EXCLUDES(mutex_);
  // Ends all polls, now and later.
  void close() TN_EXCLUDES(mutex_);
  // Readable while tickets are queued or the pool is closed. Made at first use; -1 and storage_error without descriptors.
  Result<int> event_fd() TN_EXCLUDES(mutex_);

  // Slots that hosts offer, and time that bodies took: for utilisation.
  void add_slots(std::int64_t slots, WallTime now) TN_EXCLUDES(mutex_);
  void note_busy(Nanos ns) { busy_ns_.fetch_add(ns, std::memory_order_relaxed); }
  // What was offered and used since the last call; available_ns is 0 when there was nothing.
  PoolUsed take_usage(WallTime now) TN_EXCLUDES(mutex_);

 private:
  void accrue(WallTime now) TN_REQUIRES(mutex_);

  const std::string name_;
  Mutex mutex_;
  CondVar arrived_;
  std::deque<TicketToken> queue_ TN_GUARDED_BY(mutex_);
  std::uint32_t pollers_ TN_GUARDED_BY(mutex_) = 0;
  bool closed_ TN_GUARDED_BY(mutex_) = false;
  int event_fd_ TN_GUARDED_BY(mutex_) = -1;
  std::int64_t slots_ TN_GUARDED_BY(mutex_) = 0;
  WallTime accrued_ TN_GUARDED_BY(mutex_);
  WallTime usage_from_ TN_GUARDED_BY(mutex_);
  Nanos available_ns_ TN_GUARDED_BY(mutex_) = 0;
  std::atomic<Nanos> busy_ns_{0};
};

}  // namespace tenuto
