// The row of table `stats` for one pool and hour: what the pool offered and what was used of it.
//
// Its key is stats_key() with pool_stats_name() in the place of the workflow's name and 0 as the task.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/status.h"

namespace tenuto {

struct PoolHour {
  std::uint32_t slots_max = 0;
  Nanos available_ns = 0;  // slot-nanoseconds offered
  Nanos busy_ns = 0;       // slot-nanoseconds spent in bodies
  friend bool operator==(const PoolHour&, const PoolHour&) = default;
};

// No workflow has a name like this: names have no control characters.
[[nodiscard]] Bytes pool_stats_name(ByteView pool);
[[nodiscard]] constexpr std::uint32_t hour_of(WallTime at) {
  return at.ns < 0 ? 0 : static_cast<std::uint32_t>(at.ns / (3600 * kSecond));
}

// `key` is the key of the row, which the value is sealed with.
[[nodiscard]] Bytes encode(const PoolHour& hour, ByteView key);
[[nodiscard]] Result<PoolHour> decode_pool_hour(ByteView key, ByteView value);  // damaged, newer_format

}  // namespace tenuto
