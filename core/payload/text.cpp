#include "core/payload/text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace tenuto {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The decimal exponent of the first digit that is not zero, for a literal with at least one such digit; clamped to a
// range far outside that of doubles.
std::int64_t magnitude(ByteView literal) {
  constexpr std::int64_t kFar = 1'000'000'000;
  std::int64_t exponent = 0;
  const std::size_t e = literal.find_first_of("eE");
  if (e != ByteView::npos) {
    bool negative = false;
    for (char c : literal.substr(e + 1)) {
      if (c == '-') negative = true;
      if (c >= '0' && c <= '9') exponent = std::min(exponent * 10 + (c - '0'), kFar);
    }
    if (negative) exponent = -exponent;
  }
  const ByteView digits = literal.substr(0, e);
  const auto dot = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(digits.find_first_of("123456789"));
  return exponent + (first < dot ? dot - 1 - first : dot - first);
}

}  // namespace

LineColumn line_column(ByteView text, std::size_t offset) {
  LineColumn at;
  for (char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else if (!is_continuation(c)) {
      ++at.column;
    }
  }
  return at;
}

Bytes describe(LineColumn at) {
  return "line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
}

void append_utf8(Bytes& out, std::uint32_t c) {
  TN_DCHECK(c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF));
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    out.push_back(tail(c));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    out.push_back(tail(c >> 6));
    out.push_back(tail(c));
  } else {
    out.push_back(static_cast<char>(0xF0 | c >> 18));
    out.push_back(tail(c >> 12));
    out.push_back(tail(c >> 6));
    out.push_back(tail(c));
  }
}

std::size_t count_code_points(ByteView text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

std::size_t utf8_sequence(ByteView text) {
  if (text.empty()) return 0;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
  if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogates
  if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // above 0x10FFFF
  return size;
}

double read_double(ByteView literal) {
  double v = 0;
  const auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), v);
  static_cast<void>(end);
  if (error != std::errc::result_out_of_range) return v;
  const double size = magnitude(literal) > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return literal.front() == '-' ? -size : size;
}

}  // namespace tenuto
