// Time as a value, and the only place that reads the machine's clocks.
#pragma once

#include <compare>
#include <cstdint>

namespace tenuto {

using Nanos = std::int64_t;  // a duration

// Nanoseconds since 1970-01-01 UTC; may jump. Durable timers and the history use it.
struct WallTime {
  Nanos ns = 0;
  friend constexpr auto operator<=>(const WallTime&, const WallTime&) = default;
};
// Nanoseconds since some start of this process' machine; never goes back. Attempt time-outs use it.
struct MonoTime {
  Nanos ns = 0;
  friend constexpr auto operator<=>(const MonoTime&, const MonoTime&) = default;
};

inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual MonoTime monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] MonoTime monotonic() const override;
};

}  // namespace tenuto
