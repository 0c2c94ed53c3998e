#include "core/machine/retry.h"

#include <algorithm>
#include <cmath>

#include "core/base/random.h"

namespace tenuto {

Nanos retry_delay(const RetrySpec& retry, std::uint32_t attempt, std::uint64_t seed) {
  const double grown = static_cast<double>(retry.backoff) * std::pow(retry.factor, attempt - 1);
  // Compared as doubles: the power overflows int64 long before it overflows a double (which then is infinity).
  const Nanos delay =
      std::max<Nanos>(0, grown >= static_cast<double>(retry.max) ? retry.max : static_cast<Nanos>(grown));
  if (!retry.full_jitter) return delay;
  return static_cast<Nanos>(Random(seed).below(static_cast<std::uint64_t>(delay) + 1));
}

}  // namespace tenuto
