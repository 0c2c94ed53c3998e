#include "core/query/time_text.h"

#include <chrono>

namespace tenuto {
namespace {

constexpr Nanos kSecondsADay = 86'400;

void append_digits(std::string& out, std::int64_t value, int digits) {
  const std::size_t begin = out.size();
  out.append(static_cast<std::size_t>(digits), '0');
  for (int i = digits; i > 0; --i, value /= 10)
    out[begin + static_cast<std::size_t>(i) - 1] = static_cast<char>('0' + value % 10);
}

// Reads from the front of a text; after the first mismatch ok() stays false.
class TimeReader {
 public:
  explicit TimeReader(std::string_view in) : in_(in) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= in_.size() || !is_digit(in_[i])) return fail();
      value = value * 10 + (in_[i] - '0');
    }
    in_.remove_prefix(count);
    return value;
  }
  char one_of(std::string_view allowed) {
    if (in_.empty() || allowed.find(in_.front()) == std::string_view::npos) return static_cast<char>(fail());
    const char c = in_.front();
    in_.remove_prefix(1);
    return c;
  }
  // The nanoseconds of ".5"; 0 when there is no fraction.
  int fraction() {
    if (in_.empty() || in_.front() != '.') return 0;
    in_.remove_prefix(1);
    int value = 0;
    int count = 0;
    for (; !in_.empty() && is_digit(in_.front()); ++count, in_.remove_prefix(1)) {
      if (count < 9) value = value * 10 + (in_.front() - '0');
    }
    if (count == 0 || count > 9) return fail();
    for (; count < 9; ++count) value *= 10;
    return value;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  int fail() {
    ok_ = false;
    in_ = {};
    return 0;
  }
  std::string_view in_;
  bool ok_ = true;
};

// Seconds east of UTC.
std::optional<Nanos> read_zone(TimeReader& in) {
  const char zone = in.one_of("Zz+-");
  if (zone == 'Z' || zone == 'z') return 0;
  const int hours = in.digits(2);
  in.one_of(":");
  const int minutes = in.digits(2);
  if (!in.ok() || hours > 23 || minutes > 59) return std::nullopt;
  const Nanos offset = (hours * 60 + minutes) * 60;
  return zone == '-' ? -offset : offset;
}

}  // namespace

std::string format_time(WallTime time) {
  Nanos seconds = time.ns / kSecond;
  Nanos rest = time.ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  Nanos day = seconds / kSecondsADay;
  Nanos second = seconds % kSecondsADay;
  if (second < 0) {
    second += kSecondsADay;
    --day;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  std::string out;
  out.reserve(27);
  append_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, second / 3600, 2);
  out += ':';
  append_digits(out, second / 60 % 60, 2);
  out += ':';
  append_digits(out, second % 60, 2);
  out += '.';
  append_digits(out, rest / 1000, 6);
  out += 'Z';
  return out;
}

std::optional<WallTime> parse_time(std::string_view text) {
  TimeReader in(text);
  const int year = in.digits(4);
  in.one_of("-");
  const int month = in.digits(2);
  in.one_of("-");
  const int day = in.digits(2);
  in.one_of("Tt ");
  const int hour = in.digits(2);
  in.one_of(":");
  const int minute = in.digits(2);
  in.one_of(":");
  const int second = in.digits(2);
  const int fraction = in.fraction();
  const std::optional<Nanos> zone = in.ok() ? read_zone(in) : std::nullopt;
  if (!in.ok() || !in.at_end() || !zone.has_value()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || year < 1678 || year > 2261 || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;
  const Nanos days = std::chrono::sys_days{date}.time_since_epoch().count();
  const Nanos seconds = days * kSecondsADay + hour * 3600 + minute * 60 + second - *zone;
  return WallTime{seconds * kSecond + fraction};
}

}  // namespace tenuto
