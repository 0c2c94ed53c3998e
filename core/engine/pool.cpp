#include "core/engine/pool.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace tenuto {

Pool::Pool(std::string name) : name_(std::move(name)) {}

Pool::~Pool() {
  if (event_fd_ >= 0) ::close(event_fd_);
}

namespace {
void signal_fd(int fd) {
  if (fd < 0) return;
  const std::uint64_t one = 1;
  // Can only fail when the counter is full, and then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}
void clear_fd(int fd) {
  if (fd < 0) return;
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd, &count, sizeof count);
}
}  // namespace

void Pool::push(std::span<const TicketToken> tokens) {
  if (tokens.empty()) return;
  MutexLock lock(mutex_);
  const bool was_empty = queue_.empty();
  queue_.insert(queue_.end(), tokens.begin(), tokens.end());
  // A poller takes what it can carry and wakes the next one if something is left, so one wake-up a push is enough.
  if (pollers_ > 0) arrived_.notify_one();
  if (was_empty) signal_fd(event_fd_);
}

Status Pool::poll(std::uint32_t max, Nanos timeout_ns, std::vector<TicketToken>& out,
                  const std::atomic<bool>* leaving) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
  MutexLock lock(mutex_);
  while (queue_.empty()) {
    if (closed_) return {Code::closed, "pool `" + name_ + "` is closed"};
    if (leaving != nullptr && leaving->load(std::memory_order_acquire)) {
      return {Code::closed, "the worker is closed"};
    }
    const auto left = until - std::chrono::steady_clock::now();
    if (timeout_ns >= 0 && left.count() <= 0)
      return {Code::timed_out, "no task came for pool `" + name_ + "`"};
    ++pollers_;
    if (timeout_ns < 0) {
      arrived_.wait(mutex_);
    } else {
      arrived_.wait_for(mutex_, left);
    }
    --pollers_;
  }
  const std::size_t count = std::min<std::size_t>(max, queue_.size());
  out.insert(out.end(), queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  if (!queue_.empty() && pollers_ > 0) arrived_.notify_one();
  if (queue_.empty() && !closed_) clear_fd(event_fd_);
  return {};
}

void Pool::wake_all() {
  MutexLock lock(mutex_);
  arrived_.notify_all();
}

void Pool::close() {
  MutexLock lock(mutex_);
  closed_ = true;
  queue_.clear();
  arrived_.notify_all();
  signal_fd(event_fd_);
}

Result<int> Pool::event_fd() {
  MutexLock lock(mutex_);
  if (event_fd_ < 0) {
    event_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd_ < 0) return Status(Code::storage_error, std::string("eventfd: ") + std::strerror(errno));
    if (!queue_.empty() || closed_) signal_fd(event_fd_);
  }
  return event_fd_;
}

void Pool::accrue(WallTime now) {
  if (slots_ > 0 && now > accrued_) available_ns_ += slots_ * (now.ns - accrued_.ns);
  accrued_ = now;
}

void Pool::add_slots(std::int64_t slots, WallTime now) {
  MutexLock lock(mutex_);
  accrue(now);
  if (usage_from_.ns == 0) usage_from_ = now;
  slots_ = std::max<std::int64_t>(0, slots_ + slots);
}

PoolUsed Pool::take_usage(WallTime now) {
  MutexLock lock(mutex_);
  accrue(now);
  PoolUsed used;
  used.pool = name_;
  used.from = usage_from_;
  used.available_ns = std::exchange(available_ns_, 0);
  used.busy_ns = busy_ns_.exchange(0, std::memory_order_relaxed);
  const Nanos span = std::max<Nanos>(1, now.ns - usage_from_.ns);
  used.slots = static_cast<std::uint32_t>((used.available_ns + span - 1) / span);
  usage_from_ = now;
  return used;
}

}  // namespace tenuto
