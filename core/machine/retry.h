// When is the next attempt?
#pragma once

#include <cstdint>

#include "core/base/clock.h"
#include "core/machine/event.h"
#include "core/plan/spec.h"

namespace tenuto {

// False: there is no further attempt, whatever the policy says.
[[nodiscard]] constexpr bool is_retryable(FailureKind kind) {
  return kind == FailureKind::error || kind == FailureKind::timed_out;
}

// The wait after failed attempt number `attempt` (1 is the first): backoff * factor^(attempt-1), at most `max`, and with
// full jitter uniform in [0, that] — which spreads a herd best ("Exponential Backoff and Jitter", M. Brooker, 2015).
// Pure: `seed` decides the jitter.
[[nodiscard]] Nanos retry_delay(const RetrySpec& retry, std::uint32_t attempt, std::uint64_t seed);

}  // namespace tenuto
