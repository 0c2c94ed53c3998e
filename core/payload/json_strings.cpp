// Strings of JSON that are more than plain ASCII: escapes and UTF-8.
#include <cstring>

#include "core/payload/json_builder.h"

namespace tenuto::json {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

// The text as a whole is checked at its first byte that is not ASCII: outside strings such bytes are refused anyway.
bool Builder::check_utf8() {
  if (unchecked_ == 0) return true;
  if (is_utf8(ByteView(at_, static_cast<std::size_t>(end_ - at_)))) {
    unchecked_ = 0;
    return true;
  }
  const char* bad = at_;
  while (const std::size_t size = utf8_sequence(ByteView(bad, static_cast<std::size_t>(end_ - bad))))
    bad += size;
  return fail(bad, "the text is not UTF-8");
}

// Reads the rest of a string from its first backslash at at_.
bool Builder::read_escapes(const char* begin) {
  const char* close = at_;
  while (close != end_ && *close != '"') close += (*close == '\\' && end_ - close > 1) ? 2 : 1;
  // Unescaping never makes text longer.
  const auto room = static_cast<std::size_t>(close - begin) + sizeof(std::uint32_t);
  char* memory = unescaped_.allocate(room);
  char* to = memory + sizeof(std::uint32_t);
  const auto plain = static_cast<std::size_t>(at_ - begin - 1);
  std::memcpy(to, begin + 1, plain);
  to += plain;
  while (at_ != end_ && *at_ != '"') {
    const auto c = static_cast<unsigned char>(*at_);
    if (c < 0x20) return fail(at_, "a control character in a string; write it as an escape");
    if (c >= 0x80 && !check_utf8()) return false;
    if (c != '\\') {
      *to++ = *at_++;
      continue;
    }
    if (end_ - at_ < 2) break;
    constexpr ByteView kNames = "\"\\/bfnrt";
    constexpr ByteView kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t simple = kNames.find(at_[1]);
    if (simple != ByteView::npos) {
      *to++ = kMeanings[simple];
      at_ += 2;
    } else if (at_[1] != 'u') {
      return fail(at_, "an unknown escape in a string");
    } else if (!read_unicode_escape(to)) {
      return false;
    }
  }
  if (at_ == end_ || *at_ != '"') return fail(begin, "a string without its closing quote");
  ++at_;
  const auto size =
      static_cast<std::uint32_t>(to - memory - static_cast<std::ptrdiff_t>(sizeof(std::uint32_t)));
  std::memcpy(memory, &size, sizeof size);
  unescaped_.give_back(room - sizeof size - size);
  Value& v = append(Kind::string, begin);
  v.escaped_ = true;
  v.as_.text = memory;
  return true;
}

bool Builder::read_unicode_escape(char*& to) {
  const char* begin = at_;
  std::uint32_t code = 0;
  if (!read_hex4(code)) return false;
  if (code >= 0xD800 && code <= 0xDFFF) {
    std::uint32_t low = 0;
    const bool pair = code < 0xDC00 && end_ - at_ >= 2 && at_[0] == '\\' && at_[1] == 'u';
    if (pair && !read_hex4(low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return fail(begin, "half of a surrogate pair in a string");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  Bytes encoded;  // short enough to stay in the object
  append_utf8(encoded, code);
  std::memcpy(to, encoded.data(), encoded.size());
  to += encoded.size();
  return true;
}

bool Builder::read_hex4(std::uint32_t& code) {
  if (end_ - at_ < 6) return fail(at_, "an unfinished escape in a string");
  code = 0;
  for (int i = 2; i < 6; ++i) {
    const int digit = hex_digit(at_[i]);
    if (digit < 0) return fail(at_, "`\\u` needs four hexadecimal digits");
    code = code << 4 | static_cast<std::uint32_t>(digit);
  }
  at_ += 6;
  return true;
}

}  // namespace tenuto::json
