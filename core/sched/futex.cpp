#include "core/sched/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace tenuto {

static_assert(sizeof(Atomic<std::uint32_t>) == sizeof(std::uint32_t), "the kernel sees the word itself");
static_assert(Atomic<std::uint32_t>::is_always_lock_free);

void futex_wait(Atomic<std::uint32_t>& word, std::uint32_t expected, Nanos timeout_ns) {
  timespec timeout{};
  timeout.tv_sec = static_cast<std::time_t>(timeout_ns / kSecond);
  timeout.tv_nsec = static_cast<long>(timeout_ns % kSecond);
  // FUTEX_WAIT measures a relative time on the monotonic clock. Errors (EAGAIN: the word differs; EINTR;
  // ETIMEDOUT) all mean "look again".
  const timespec* limit = timeout_ns == kNoTimeout ? nullptr : &timeout;
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, limit, nullptr, 0);
}

void futex_wake_one(Atomic<std::uint32_t>& word, CallSite) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace tenuto
