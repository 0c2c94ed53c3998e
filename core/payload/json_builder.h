// The state of one parse behind json.h. Internal to core/payload.
//
// One pass over the text, a stack of open containers, no recursion. simdjson's own trees were not taken: they drop
// the source position of values, need a padded copy of the text and fail a document for an integer outside 64 bits.
// Its UTF-8 validation is used (json.cpp), once per text that needs it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/base/limits.h"
#include "core/payload/json.h"
#include "core/payload/swar.h"

namespace tenuto::json {

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

class Builder {
 public:
  Builder() = default;
  ~Builder() { std::free(nodes_); }
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

}  // namespace tenuto::json
