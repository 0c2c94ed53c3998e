// The structure of JSON texts, numbers, words and plain strings.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

#include "core/payload/json_builder.h"

namespace tenuto::json {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

void Builder::grow() {
  const std::size_t capacity = capacity_ == 0 ? 64 : capacity_ * 2;
  void* memory = std::realloc(static_cast<void*>(nodes_), capacity * sizeof(Value));
  if (memory == nullptr) throw std::bad_alloc();
  nodes_ = static_cast<Value*>(memory);
  capacity_ = capacity;
}

bool Builder::fail(const char* where, Bytes message, Code code) {
  error_at_ = line_column(text_, static_cast<std::size_t>(where - text_.data()));
  failure_ = Status(code, describe(error_at_) + ": " + message);
  return false;
}

bool Builder::fail_expected(ByteView what) {
  if (at_ == end_) return fail(at_, "the text ends where " + Bytes(what) + " is expected");
  const ByteView rest(at_, static_cast<std::size_t>(end_ - at_));
  const std::size_t size = utf8_sequence(rest);
  if (size == 0) return fail(at_, "the text is not UTF-8");
  if (static_cast<unsigned char>(*at_) < 0x20)
    return fail(at_, "expected " + Bytes(what) + ", found a control character");
  return fail(at_, "expected " + Bytes(what) + ", found `" + Bytes(rest.substr(0, size)) + "`");
}

Status Builder::parse(ByteView text, Duplicates duplicates) {
  text_ = text;
  at_ = text.data();
  end_ = at_ + text.size();
  duplicates_ = duplicates;
  if (capacity_ > kNodesKept) {
    std::free(std::exchange(nodes_, nullptr));
    capacity_ = 0;
  }
  count_ = 0;
  depth_ = 0;
  unescaped_.clear();
  unchecked_ = kHighs;
  failure_ = Status();
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) {
    return Status(Code::too_large, "a JSON text of 4 GiB or more");
  }
  if (read_document()) {
    skip_space();
    if (at_ == end_) return Status();
    fail_expected("the end of the text");
  }
  return std::move(failure_);
}

bool Builder::read_document() {
  while (true) {
    // A value is due.
    skip_space();
    if (at_ == end_) return fail_expected("a value");
    if (*at_ == '{' || *at_ == '[') {
      if (!open_container()) return false;
      skip_space();
      const Frame& frame = frames_[depth_ - 1];
      if (at_ == end_ || *at_ != (frame.object ? '}' : ']')) {
        if (frame.object && !read_key()) return false;
        continue;
      }
      if (!close_container()) return false;
    } else if (!read_scalar()) {
      return false;
    }
    // A value has ended: so may the containers around it.
    while (true) {
      if (depth_ == 0) return true;
      Frame& frame = frames_[depth_ - 1];
      ++frame.count;
      skip_space();
      if (at_ != end_ && *at_ == ',') {
        ++at_;
        if (!frame.object) break;
        skip_space();
        if (!read_key()) return false;
        break;
      }
      if (at_ == end_ || *at_ != (frame.object ? '}' : ']')) {
        return fail_expected(frame.object ? "`,` or `}`" : "`,` or `]`");
      }
      if (!close_container()) return false;
    }
  }
}

bool Builder::read_key() {
  if (at_ == end_ || *at_ != '"') return fail_expected("a key in double quotes");
  if (!read_string()) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail_expected("`:`");
  ++at_;
  return true;
}

bool Builder::open_container() {
  if (depth_ == limits::kDepthMax) {
    return fail(at_, "nested deeper than " + std::to_string(limits::kDepthMax) + " levels", Code::too_large);
  }
  const bool object = *at_ == '{';
  frames_[depth_++] = Frame{static_cast<std::uint32_t>(count_), 0, object};
  append(object ? Kind::object : Kind::array, at_);
  ++at_;
  return true;
}

bool Builder::close_container() {
  const Frame& frame = frames_[--depth_];
  ++at_;
  Value& v = nodes_[frame.node];
  v.raw_size_ = static_cast<std::uint32_t>(at_ - v.raw_);
  v.as_.container.count = frame.count;
  v.as_.container.descendants = static_cast<std::uint32_t>(count_ - frame.node - 1);
  return !frame.object || frame.count < 2 || check_keys(v);
}

bool Builder::read_scalar() {
  switch (*at_) {
    case '"':
      return read_string();
    case 't':
      return read_word("true", Kind::boolean, true);
    case 'f':
      return read_word("false", Kind::boolean, false);
    case 'n':
      return read_word("null", Kind::null, false);
    default:
      break;
  }
  if (*at_ == '-' || is_digit(*at_)) return read_number();
  return fail_expected("a value");
}

bool Builder::read_word(ByteView word, Kind kind, bool boolean) {
  const char* begin = at_;
  if (static_cast<std::size_t>(end_ - at_) < word.size() || ByteView(at_, word.size()) != word) {
    return fail_expected("a value");
  }
  at_ += word.size();
  append(kind, begin).as_.boolean = boolean;
  return true;
}

bool Builder::read_number() {
  const char* begin = at_;
  const bool negative = *at_ == '-';
  if (negative) ++at_;
  const char* digits = at_;
  if (at_ == end_ || !is_digit(*at_)) return fail_expected("a digit");
  std::uint64_t v = 0;  // right for up to 19 digits
  while (at_ != end_ && is_digit(*at_)) v = v * 10 + static_cast<std::uint64_t>(*at_++ - '0');
  if (*digits == '0' && at_ - digits > 1) return fail(begin, "a number with a leading zero");
  const std::ptrdiff_t digit_count = at_ - digits;
  bool integral = true;
  if (at_ != end_ && *at_ == '.') {
    integral = false;
    ++at_;
    if (at_ == end_ || !is_digit(*at_)) return fail_expected("a digit");
    while (at_ != end_ && is_digit(*at_)) ++at_;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    integral = false;
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (at_ == end_ || !is_digit(*at_)) return fail_expected("a digit");
    while (at_ != end_ && is_digit(*at_)) ++at_;
  }
  if (integral) {
    const std::uint64_t limit = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
    const bool fits = digit_count <= 19 && v <= limit;
    append(fits ? Kind::integer : Kind::big, begin).as_.integer =
        static_cast<std::int64_t>(negative ? std::uint64_t{0} - v : v);
    return true;
  }
  const double number = read_double(ByteView(begin, static_cast<std::size_t>(at_ - begin)));
  append(std::isfinite(number) ? Kind::number : Kind::big, begin).as_.number = number;
  return true;
}

bool Builder::read_string() {
  const char* begin = at_++;
  while (true) {
    while (end_ - at_ >= 8) {
      const std::uint64_t word = load_word(at_);
      const std::uint64_t marks = special_bytes(word) | (word & unchecked_);
      if (marks != 0) {
        at_ += first_mark(marks);
        break;
      }
      at_ += 8;
    }
    if (at_ == end_) return fail(begin, "a string without its closing quote");
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') {
      ++at_;
      append(Kind::string, begin);
      return true;
    }
    if (c == '\\') return read_escapes(begin);
    if (c < 0x20) return fail(at_, "a control character in a string; write it as an escape");
    if (c >= 0x80 && !check_utf8()) return false;
    ++at_;
  }
}

Parser::Parser() : builder_(std::make_unique<Builder>()) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

Result<const Value*> Parser::parse(ByteView text, Duplicates duplicates) {
  TN_TRY(builder_->parse(text, duplicates));
  return builder_->root();
}

LineColumn Parser::error_at() const {
  return builder_->error_at();
}

}  // namespace tenuto::json
