#include "core/plan/duration.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/plan/parse.h"

namespace tenuto {
namespace {

struct Unit {
  ByteView name;
  Nanos size;
};
// Descending: the order in which units may follow each other.
constexpr std::array<Unit, 5> kUnits = {{{"d", 24 * 3600 * kSecond},
                                         {"h", 3600 * kSecond},
                                         {"m", 60 * kSecond},
                                         {"s", kSecond},
                                         {"ms", kMillisecond}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

ByteView take_while(ByteView& text, bool (*belongs)(char)) {
  std::size_t size = 0;
  while (size < text.size() && belongs(text[size])) ++size;
  const ByteView taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

Status not_a_duration(ByteView text, const std::string& why) {
  constexpr std::size_t kShownMax = 40;
  std::string shown(text.substr(0, kShownMax));
  if (text.size() > kShownMax) shown += "…";
  return {Code::invalid_argument, "`" + shown + "` is no duration: " + why};
}

// The value of `digits`, or a number that is too large with any unit.
Nanos number_of(ByteView digits) {
  Nanos value = 0;
  for (const char c : digits) {
    if (value > kDurationMax / 10) return kDurationMax;  // of the smallest unit more than the limit
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

Result<Nanos> parse_duration(ByteView text) {
  ByteView rest = text;
  Nanos total = 0;
  std::size_t next_unit = 0;
  if (text.empty()) return not_a_duration(text, "it is empty; write for example \"30s\"");
  while (!rest.empty()) {
    const ByteView digits = take_while(rest, is_digit);
    if (digits.empty()) return not_a_duration(text, "expected a whole number, then a unit (ms s m h d)");
    const ByteView name = take_while(rest, [](char c) { return !is_digit(c); });
    if (name.empty()) return not_a_duration(text, "a number has no unit (ms s m h d)");
    std::size_t unit = 0;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) {
      return not_a_duration(text, "unknown unit `" + std::string(name) + "`, use ms s m h d");
    }
    if (unit < next_unit) return not_a_duration(text, "larger units come first, each once");
    next_unit = unit + 1;
    const Nanos number = number_of(digits);
    if (number > (kDurationMax - total) / kUnits[unit].size) {
      return not_a_duration(text, "longer than the limit of 36500d");
    }
    total += number * kUnits[unit].size;
  }
  if (total == 0) return not_a_duration(text, "it must be longer than 0");
  return total;
}

std::string duration_text(Nanos duration) {
  TN_CHECK(duration > 0);
  TN_CHECK(duration % kMillisecond == 0);
  for (const Unit& unit : kUnits) {
    if (duration % unit.size == 0) return std::to_string(duration / unit.size) + std::string(unit.name);
  }
  return {};
}

std::string duration_problem(Nanos duration) {
  if (duration <= 0) return "it must be longer than 0";
  if (duration > kDurationMax) return "it is longer than the limit of 36500d";
  if (duration % kMillisecond != 0) return "it is not a whole number of milliseconds";
  return {};
}

}  // namespace tenuto
