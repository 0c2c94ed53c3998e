// What writer and reader of a record's body agree on; private to record.cpp and record_decode.cpp.
#pragma once

#include <cstdint>

#include "core/base/clock.h"

namespace tenuto::record_layout {

inline constexpr std::uint8_t kVersion = 1;  // of the layout of every body so far

// The first byte of a stored payload. null has no more bytes.
enum class PayloadTag : std::uint8_t { null = 0, json = 1, bytes = 2 };

// Differences of times wrap, so that every pair of times comes back; zigzag keeps small ones of both signs short.
inline std::uint64_t difference(WallTime from, WallTime to) {
  const std::uint64_t d = static_cast<std::uint64_t>(to.ns) - static_cast<std::uint64_t>(from.ns);
  return (d << 1) ^ (d >> 63 != 0 ? ~std::uint64_t{0} : 0);
}
inline WallTime add_difference(WallTime from, std::uint64_t zigzag) {
  const std::uint64_t d = (zigzag >> 1) ^ ((zigzag & 1) != 0 ? ~std::uint64_t{0} : 0);
  return WallTime{static_cast<Nanos>(static_cast<std::uint64_t>(from.ns) + d)};
}

}  // namespace tenuto::record_layout
