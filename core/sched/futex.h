// Sleeping on a word until somebody wakes it: the kernel's futex, or the explorer's in model programs.
//
// Both may return without cause; the caller looks at the word again.
#pragma once

#include <cstdint>

#include "core/base/clock.h"
#include "core/base/sync.h"

namespace tenuto {

// Sleeps while `word` is `expected`, for `timeout_ns` at most; kNoTimeout: for ever.
inline constexpr Nanos kNoTimeout = -1;
void futex_wait(Atomic<std::uint32_t>& word, std::uint32_t expected, Nanos timeout_ns);

// Wakes one thread that sleeps on `word`.
void futex_wake_one(Atomic<std::uint32_t>& word, CallSite at = CallSite::here());

}  // namespace tenuto
