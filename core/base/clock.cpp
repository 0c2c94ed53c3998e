#include "core/base/clock.h"

#include <ctime>

namespace tenuto {
namespace {
Nanos read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return Nanos{t.tv_sec} * kSecond + t.tv_nsec;
}
}  // namespace

WallTime SystemClock::wall() const {
  return {read_clock(CLOCK_REALTIME)};
}
MonoTime SystemClock::monotonic() const {
  return {read_clock(CLOCK_MONOTONIC)};
}

}  // namespace tenuto
