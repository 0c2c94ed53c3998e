// The one place that parses JSON: text -> an immutable tree in an arena.
//
// A tree is one array of nodes in the order of the text (a container is followed by its descendants) plus the unescaped
// form of those strings that hold escapes. All other strings and every raw() are slices of the text itself.
//
// Thread safety: a parsed tree is immutable and may be read by many threads; a Parser is used by one at a time.
// Refused: anything but one JSON value in valid UTF-8; lone surrogates; nesting deeper than limits::kDepthMax; texts of
// 4 GiB and more; with Duplicates::reject a key that stands twice in one object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/payload/json_writer.h"
#include "core/payload/text.h"

namespace tenuto::json {

enum class Kind : std::uint8_t {
  null,
  boolean,
  integer,  // no '.', no exponent, fits int64
  number,   // a finite double
  big,      // an integer outside int64 or a number outside double: only its raw text says its value
  string,
  array,
  object,
};

// "null", "boolean", "integer", "number", "big number", "string", "array", "object".
[[nodiscard]] ByteView kind_name(Kind kind);

class Value;
struct Member;
template <class Item>
class Range;

// A node of a tree; lives in its tree's arena and is passed by reference. Accessors of one kind may be called on that
// kind only (checked).
class Value {
 public:
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == Kind::null; }
  [[nodiscard]] bool is_bool() const { return kind_ == Kind::boolean; }
  [[nodiscard]] bool is_integer() const { return kind_ == Kind::integer; }
  [[nodiscard]] bool is_number() const { return kind_ == Kind::number; }
  [[nodiscard]] bool is_string() const { return kind_ == Kind::string; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::array; }
  [[nodiscard]] bool is_object() const { return kind_ == Kind::object; }

  [[nodiscard]] bool as_bool() const {
    TN_CHECK(is_bool());
    return as_.boolean;
  }
  [[nodiscard]] std::int64_t as_integer() const {
    TN_CHECK(is_integer());
    return as_.integer;
  }
  // Of a number or an integer.
  [[nodiscard]] double as_double() const {
    TN_CHECK(is_number() || is_integer());
    return is_integer() ? static_cast<double>(as_.integer) : as_.number;
  }
  // The unescaped text; lives as long as the tree and, where it holds no escape, the source text.
  [[nodiscard]] ByteView as_string() const {
    TN_CHECK(is_string());
    if (!escaped_) return {raw_ + 1, raw_size_ - 2};
    std::uint32_t size;
    std::memcpy(&size, as_.text, sizeof size);
    return {as_.text + sizeof size, size};
  }
  // The source text of this value, exactly: lives as long as the source text.
  [[nodiscard]] ByteView raw() const { return {raw_, raw_size_}; }

  // The number of elements of an array or members of an object (a repeated key counts once).
  [[nodiscard]] std::uint32_t size() const {
    TN_CHECK(is_array() || is_object());
    return as_.container.count;
  }
  // Elements and members in source order; of two members with one key only the last is seen.
  [[nodiscard]] Range<const Value&> elements() const;
  [[nodiscard]] Range<Member> members() const;
  // The element at `index` < size(): constant time in arrays of scalars, else linear in `index`.
  [[nodiscard]] const Value& at(std::uint32_t index) const;
  // The value of a key of an object, or nullptr. Linear in size(): to look up many keys, go through members() once.
  [[nodiscard]] const Value* find(ByteView key) const;

 private:
  friend class Builder;
  template <class Item>
  friend class Range;
  Value() = default;

  // The node behind this one and its descendants.
  [[nodiscard]] const Value* next() const {
    return this + 1 + (kind_ >= Kind::array ? as_.container.descendants : 0);
  }

  const char* raw_;
  union {
    bool boolean;
    std::int64_t integer;
    double number;
    const char* text;  // escaped strings: a 32-bit length, then the unescaped bytes
    struct {
      std::uint32_t count;        // elements or members
      std::uint32_t descendants;  // nodes of the subtree below this one
    } container;
  } as_;
  std::uint32_t raw_size_;
  Kind kind_;
  bool escaped_;   // strings: the unescaped form is in the arena
  bool shadowed_;  // keys: a later member has the same key
};
static_assert(sizeof(Value) == 24);

// A member of an object. Both live in the tree.
struct Member {
  const Value& key_node;
  const Value& value;
  [[nodiscard]] ByteView key() const { return key_node.as_string(); }
};

// Forward iteration over the children of a container: `const Value&` of an array, `Member` of an object.
template <class Item>
class Range {
  static constexpr bool kMembers = std::is_same_v<Item, Member>;

 public:
  class Iterator {
   public:
    Iterator(const Value* at, const Value* end) : at_(at), end_(end) { skip_shadowed(); }
    Item operator*() const {
      if constexpr (kMembers) {
        return Member{*at_, *(at_ + 1)};
      } else {
        return *at_;
      }
    }
    Iterator& operator++() {
      at_ = step(at_);
      skip_shadowed();
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    // A key is one node, so the node behind it is its value.
    static const Value* step(const Value* at) { return kMembers ? (at + 1)->next() : at->next(); }
    void skip_shadowed() {
      if constexpr (kMembers) {
        while (at_ != end_ && at_->shadowed_) at_ = step(at_);
      }
    }
    const Value* at_;
    const Value* end_;
  };
  explicit Range(const Value& container) : begin_(&container + 1), end_(container.next()) {}
  [[nodiscard]] Iterator begin() const { return Iterator(begin_, end_); }
  [[nodiscard]] Iterator end() const { return Iterator(end_, end_); }

 private:
  const Value* begin_;
  const Value* end_;
};

enum class Duplicates : std::uint8_t {
  reject,     // for definitions, where a repeated key is a mistake
  last_wins,  // for values of users
};

// Parses texts one after the other in memory that it keeps. The value of parse() and everything below it live until the
// next parse() or the parser's end; strings and raw() point into `text`, which must live as long.
class Parser {
 public:
  Parser();
  ~Parser();
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;

  // The message of a failure begins with the place, "line 3, column 7: …".
  [[nodiscard]] Result<const Value*> parse(ByteView text, Duplicates duplicates = Duplicates::last_wins);
  // Where the last failed parse() stopped.
  [[nodiscard]] LineColumn error_at() const;

 private:
  std::unique_ptr<class Builder> builder_;
};

// A tree that owns a copy of its text: nothing of it points outside.
class Document {
 public:
  // On failure `error_at`, if given, receives the place that the message names.
  [[nodiscard]] static Result<Document> parse(ByteView text, Duplicates duplicates = Duplicates::reject,
                                              LineColumn* error_at = nullptr);
  [[nodiscard]] const Value& root() const { return *root_; }
  [[nodiscard]] ByteView text() const { return {text_.get(), size_}; }
  // The place where a value of this document begins.
  [[nodiscard]] LineColumn location(const Value& value) const;

 private:
  Document() = default;
  std::unique_ptr<char[]> text_;
  std::size_t size_ = 0;
  Parser parser_;
  const Value* root_ = nullptr;
};

// True if every byte belongs to a well-formed UTF-8 sequence.
[[nodiscard]] bool is_utf8(ByteView text);

// Ok if `text` is a JSON value that the engine accepts from outside; repeated keys are allowed.
[[nodiscard]] Status validate(ByteView text);

inline Range<const Value&> Value::elements() const {
  TN_CHECK(is_array());
  return Range<const Value&>(*this);
}
inline Range<Member> Value::members() const {
  TN_CHECK(is_object());
  return Range<Member>(*this);
}

}  // namespace tenuto::json
