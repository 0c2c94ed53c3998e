// Walks through the text of a definition and knows the place of everything in it.
//
// It finds where members and elements begin; what their values are it leaves to json::Parser. So a document of any size
// is read in one pass, without a tree of the whole, and its objects may nest deeper than values do.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/bytes.h"
#include "core/payload/json.h"
#include "core/plan/spec.h"

namespace tenuto {

// Thread safety: none. After the first mistake in the syntax failed() is true for good, every call returns false, null
// or nothing, and failure() says what and where: a caller checks once, at its end.
class DefinitionCursor {
 public:
  // `text` must outlive the cursor.
  explicit DefinitionCursor(ByteView text);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const Problem& failure() const { return failure_; }

  // The first byte of the next token, 0 at the end of the text.
  [[nodiscard]] char peek();
  // The place of the next token.
  [[nodiscard]] TextPosition here();

  // Steps into the next value, which must begin with `bracket` ('{' or '['). Until next_member() or next_element() has
  // returned false each of their values must be consumed: by open() or by value().
  bool open(char bracket);
  // The next member of the innermost open object, up to its value; false when the object has ended.
  bool next_member(std::string& key, TextPosition& at);
  // The next element of the innermost open array, up to it; false when the array has ended.
  bool next_element();
  // Consumes a whole value. The tree lives until the next call of value() or next_member().
  [[nodiscard]] const json::Value* value();
  // Nothing but space may follow.
  void expect_end();

  void fail(TextPosition at, std::string text);

 private:
  void skip_space();
  [[nodiscard]] bool step_in_container(char bracket);
  [[nodiscard]] ByteView take_string();
  [[nodiscard]] ByteView take_value();
  void fail_here(std::string_view expected);
  [[nodiscard]] TextPosition place_of(std::size_t offset);
  [[nodiscard]] const json::Value* parse(ByteView slice);

  ByteView text_;
  std::size_t next_ = 0;
  bool fresh_ = false;  // a container was opened and nothing of it consumed
  bool failed_ = false;
  Problem failure_;
  json::Parser parser_;
  // The last place asked for; places come in the order of the text, so finding them costs one pass.
  std::size_t counted_ = 0;
  TextPosition counted_at_{1, 1};
};

}  // namespace tenuto
