#include "core/sched/parker.h"

#include "core/sched/futex.h"

namespace tenuto {

bool Parker::take_token_or_announce() {
  // Acquire: pairs with the exchange in unpark().
  return state_.fetch_sub(1, std::memory_order_acquire) == kNotified;
}

void Parker::park() {
  if (take_token_or_announce()) return;
  std::uint32_t expected = kNotified;
  do {
    futex_wait(state_, kParked, kNoTimeout);
    expected = kNotified;
    // Acquire: pairs with the exchange in unpark(). Fails when the kernel woke us without cause.
  } while (!state_.compare_exchange_strong(expected, kEmpty, std::memory_order_acquire,
                                           std::memory_order_relaxed));
}

bool Parker::park_for(Nanos timeout_ns) {
  if (take_token_or_announce()) return true;
  const SystemClock clock;
  const Nanos start = clock.monotonic().ns;
  for (Nanos left = timeout_ns; left > 0; left = timeout_ns - (clock.monotonic().ns - start)) {
    futex_wait(state_, kParked, left);
    if (state_.load(std::memory_order_relaxed) == kNotified) break;  // the exchange below acquires
  }
  // One exchange ends the sleep either way: a token that came at the last moment is taken, not left for the
  // next park.
  return state_.exchange(kEmpty, std::memory_order_acquire) == kNotified;
}

void Parker::unpark(CallSite at) {
  if (model_drops_wake_up(at)) return;
  // Release: pairs with the acquire of the token in park(). Of two unparks that merge into one token the later is part of
  // the earlier one's release sequence, so the token carries what both released.
  if (state_.exchange(kNotified, std::memory_order_release) == kParked) futex_wake_one(state_);
}

}  // namespace tenuto
