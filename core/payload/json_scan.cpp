#include "core/payload/json_scan.h"

#include <cstddef>

#include "core/base/limits.h"
#include "core/payload/swar.h"

namespace tenuto::json {
namespace {

class Scanner {
 public:
  explicit Scanner(ByteView text) : at_(text.data()), end_(text.data() + text.size()) {}

  Scan find(ByteView key, ByteView& member) {
    Scan result = Scan::absent;
    if (!take('{')) return Scan::unsure;
    if (take('}')) return at_end() ? result : Scan::unsure;
    do {
      skip_space();
      const char* begin = at_;
      if (at_ == end_ || *at_ != '"' || !skip_string()) return Scan::unsure;
      if (escaped_) return Scan::unsure;
      const bool match = ByteView(begin + 1, static_cast<std::size_t>(at_ - begin) - 2) == key;
      if (!take(':')) return Scan::unsure;
      skip_space();
      begin = at_;
      if (!skip_value()) return Scan::unsure;
      if (match) {
        member = ByteView(begin, static_cast<std::size_t>(at_ - begin));
        result = Scan::found;
      }
    } while (take(','));
    return take('}') && at_end() ? result : Scan::unsure;
  }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    skip_space();
    return at_ == end_;
  }

  // From the opening quote behind the closing one. Says in escaped_ whether there was a backslash.
  bool skip_string() {
    ++at_;
    escaped_ = false;
    while (true) {
      while (end_ - at_ >= 8) {
        const std::uint64_t marks = special_bytes(load_word(at_));
        if (marks != 0) {
          at_ += first_mark(marks);
          break;
        }
        at_ += 8;
      }
      if (at_ == end_) return false;
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ == '\\') {
        escaped_ = true;
        if (end_ - at_ < 2) return false;
        ++at_;
      }
      ++at_;
    }
  }

  static bool ends_scalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  bool skip_value() {
    if (at_ == end_) return false;
    if (*at_ == '"') return skip_string();
    if (*at_ == '{' || *at_ == '[') return skip_container();
    const char* begin = at_;
    while (at_ != end_ && !ends_scalar(*at_)) ++at_;
    return at_ != begin;
  }

  // Counts brackets of both kinds as one: in valid JSON they match.
  bool skip_container() {
    std::uint32_t depth = 0;
    while (at_ != end_) {
      const char c = *at_;
      if (c == '"') {
        if (!skip_string()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') {
        if (++depth >= limits::kDepthMax) return false;
      } else if (c == '}' || c == ']') {
        if (--depth == 0) return true;
      }
    }
    return false;
  }

  const char* at_;
  const char* end_;
  bool escaped_ = false;
};

}  // namespace

Scan find_member(ByteView object, ByteView key, ByteView& member) {
  return Scanner(object).find(key, member);
}

}  // namespace tenuto::json
