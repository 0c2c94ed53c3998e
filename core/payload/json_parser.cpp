// The parser behind json.h: one pass over the text, a stack of open containers, no recursion.
//
// simdjson's own trees were not taken: they drop the source position of values, need a padded copy of the text and fail
// a document for an integer outside 64 bits. Its UTF-8 validation is used (json.cpp), once per text that needs it.
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "core/payload/json.h"
#include "core/payload/swar.h"

namespace tenuto::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Memory for unescaped strings: freed at once, never moved.
class TextArena {
 public:
  char* allocate(std::size_t size) {
    if (size > left_) {
      const std::size_t chunk = std::max(size, kChunkBytes);
      chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk));
      next_ = chunks_.back().get();
      left_ = chunk;
    }
    char* p = next_;
    next_ += size;
    left_ -= size;
    return p;
  }
  void give_back(std::size_t size) {
    next_ -= size;
    left_ += size;
  }
  void clear() {
    chunks_.clear();
    left_ = 0;
  }

 private:
  static constexpr std::size_t kChunkBytes = 4096;  // not critical
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace

class Builder {
 public:
  ~Builder() { std::free(nodes_); }
  Builder() = default;
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  Status parse(ByteView text, Duplicates duplicates);
  [[nodiscard]] const Value* root() const { return nodes_; }
  [[nodiscard]] LineColumn error_at() const { return error_at_; }

 private:
  // An open container: its node and the number of children so far.
  struct Frame {
    std::uint32_t node;
    std::uint32_t count;
    bool object;
  };

  // Each reads one thing at at_ and moves behind it; false after fail().
  bool read_document();
  bool read_scalar();
  bool read_word(ByteView word, Kind kind, bool boolean);
  bool read_number();
  bool read_string();
  bool read_escapes(const char* begin);
  bool read_unicode_escape(char*& to);
  bool read_hex4(std::uint32_t& code);
  bool read_key();
  bool open_container();
  bool close_container();
  bool check_keys(Value& object);
  bool check_many_keys(Value& object);
  bool repeat(Value& earlier, const Value& later, Value& object);
  static Value* following_key(Value* key) { return const_cast<Value*>((key + 1)->next()); }
  bool check_utf8();

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool fail(const char* where, Bytes message, Code code = Code::invalid_argument);
  bool fail_expected(ByteView what);

  Value& append(Kind kind, const char* begin) {
    if (count_ == capacity_) grow();
    Value& v = nodes_[count_++];
    v.raw_ = begin;
    v.raw_size_ = static_cast<std::uint32_t>(at_ - begin);
    v.kind_ = kind;
    v.escaped_ = false;
    v.shadowed_ = false;
    return v;
  }
  void grow();

  // Memory for more nodes than these is given back at the next text: one huge value must not cost for ever.
  static constexpr std::size_t kNodesKept = 1u << 12;

  Value* nodes_ = nullptr;
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  TextArena unescaped_;
  std::array<Frame, limits::kDepthMax> frames_;
  std::uint32_t depth_ = 0;
  // Scratch of check_many_keys().
  std::vector<std::uint64_t> seen_;
  std::vector<std::uint64_t> repeated_;
  std::vector<Value*> keys_;

  ByteView text_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  Duplicates duplicates_ = Duplicates::last_wins;
  std::uint64_t unchecked_ = kHighs;  // zero once the text is known to be UTF-8
  Status failure_;
  LineColumn error_at_;
};

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
  if (static_cast<unsigned char>(*at_) < 0x20) return fail(at_, "expected " + Bytes(what) + ", found a control character");
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
    case '"': return read_string();
    case 't': return read_word("true", Kind::boolean, true);
    case 'f': return read_word("false", Kind::boolean, false);
    case 'n': return read_word("null", Kind::null, false);
    default: break;
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

// The text as a whole is checked at its first byte that is not ASCII: outside strings such bytes are refused anyway.
bool Builder::check_utf8() {
  if (unchecked_ == 0) return true;
  if (is_utf8(ByteView(at_, static_cast<std::size_t>(end_ - at_)))) {
    unchecked_ = 0;
    return true;
  }
  const char* bad = at_;
  while (const std::size_t size = utf8_sequence(ByteView(bad, static_cast<std::size_t>(end_ - bad)))) bad += size;
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
  const auto size = static_cast<std::uint32_t>(to - memory - static_cast<std::ptrdiff_t>(sizeof(std::uint32_t)));
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

// Finds repeated keys: small objects by a filter of 64 bits over length and outer characters, before comparing.
bool Builder::check_keys(Value& object) {
  constexpr std::uint32_t kSmall = 32;
  if (object.as_.container.count > kSmall) return check_many_keys(object);
  std::uint64_t seen = 0;
  const Value* const end = object.next();
  for (Value* key = &object + 1; key != end; key = following_key(key)) {
    const ByteView k = key->as_string();
    const std::uint64_t mix = k.empty() ? 0
                                        : (k.size() * 31 + static_cast<unsigned char>(k.front())) * 31 +
                                              static_cast<unsigned char>(k.back());
    const std::uint64_t bit = std::uint64_t{1} << (mix & 63);
    if ((seen & bit) != 0) {
      for (Value* other = &object + 1; other != key; other = following_key(other)) {
        if (!other->shadowed_ && other->as_string() == k && !repeat(*other, *key, object)) return false;
      }
    }
    seen |= bit;
  }
  return true;
}

// A filter of at least 8 bits a key leaves few that could be repeated; only these are sorted and compared.
bool Builder::check_many_keys(Value& object) {
  const std::uint64_t words = std::bit_ceil(std::uint64_t{object.as_.container.count} / 8);
  const auto bit_of = [words](const Value& key) {
    const ByteView k = key.as_string();
    return XXH3_64bits(k.data(), k.size()) & (words * 64 - 1);
  };
  seen_.assign(words, 0);
  repeated_.assign(words, 0);
  bool repeated = false;
  const Value* const end = object.next();
  for (Value* key = &object + 1; key != end; key = following_key(key)) {
    const std::uint64_t bit = bit_of(*key);
    const std::uint64_t mask = std::uint64_t{1} << (bit & 63);
    if ((seen_[bit / 64] & mask) != 0) {
      repeated_[bit / 64] |= mask;
      repeated = true;
    }
    seen_[bit / 64] |= mask;
  }
  if (!repeated) return true;
  keys_.clear();
  for (Value* key = &object + 1; key != end; key = following_key(key)) {
    const std::uint64_t bit = bit_of(*key);
    if ((repeated_[bit / 64] >> (bit & 63) & 1) != 0) keys_.push_back(key);
  }
  std::sort(keys_.begin(), keys_.end(), [](const Value* a, const Value* b) {
    const int order = a->as_string().compare(b->as_string());
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t i = 1; i < keys_.size(); ++i) {
    if (keys_[i - 1]->as_string() == keys_[i]->as_string() && !repeat(*keys_[i - 1], *keys_[i], object)) return false;
  }
  return true;
}

bool Builder::repeat(Value& earlier, const Value& later, Value& object) {
  if (duplicates_ == Duplicates::reject) {
    return fail(later.raw_, "the key `" + Bytes(later.as_string()) + "` stands twice in one object");
  }
  earlier.shadowed_ = true;
  --object.as_.container.count;
  return true;
}

Parser::Parser() : builder_(std::make_unique<Builder>()) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

Result<const Value*> Parser::parse(ByteView text, Duplicates duplicates) {
  TN_TRY(builder_->parse(text, duplicates));
  return builder_->root();
}

LineColumn Parser::error_at() const { return builder_->error_at(); }

}  // namespace tenuto::json
