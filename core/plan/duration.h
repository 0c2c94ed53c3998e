// Durations as text; parse_duration() stands in core/plan/parse.h.
#pragma once

#include <string>

#include "core/base/clock.h"

namespace tenuto {

// Far beyond any use, and now + duration still fits WallTime.
inline constexpr Nanos kDurationMax = Nanos{36'500} * 24 * 3600 * kSecond;

// The one text of a duration in canonical forms: the largest unit that divides it, "90s", "2d". `duration` must be a
// positive multiple of a millisecond.
[[nodiscard]] std::string duration_text(Nanos duration);

// What is wrong with a duration that a program made, "" if nothing: it must be in [1ms, kDurationMax], in whole ms.
[[nodiscard]] std::string duration_problem(Nanos duration);

}  // namespace tenuto
