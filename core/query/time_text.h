// Times as text: RFC 3339, UTC, microseconds, "2026-11-24T06:44:27.000000Z".
//
// Thread safety: functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace tenuto {

// Always 27 characters. A part of a microsecond is cut off towards the past.
[[nodiscard]] std::string format_time(WallTime time);

// Any RFC 3339 time with its zone, `2026-11-24T06:44:27.5+01:00`; a fraction may have up to nine digits. Nothing when the text is
// no such time or lies outside of what nanoseconds in 64 bits can say (the years 1678 to 2261).
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

}  // namespace tenuto
