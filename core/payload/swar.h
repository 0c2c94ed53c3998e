// Eight characters of a JSON string at once, in one register. Internal to core/payload.
#pragma once

#include <cstdint>
#include <cstring>

namespace tenuto::json {

inline constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101u;
inline constexpr std::uint64_t kHighs = 0x8080'8080'8080'8080u;

inline std::uint64_t load_word(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Marks the high bit of quotes, backslashes and control characters. The lowest mark is exact: a borrow only comes
// from a byte that is marked itself.
inline std::uint64_t special_bytes(std::uint64_t word) {
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t backslash = word ^ (kOnes * '\\');
  return ((word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) & ~word & kHighs;
}

// The index of the lowest marked byte; `marks` is not zero.
inline unsigned first_mark(std::uint64_t marks) {
  return static_cast<unsigned>(__builtin_ctzll(marks)) / 8;
}

}  // namespace tenuto::json
