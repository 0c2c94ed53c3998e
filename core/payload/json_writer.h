// Writes JSON text.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace tenuto::json {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD: the result is valid JSON
// whatever comes in.
void append_quoted(Bytes& out, ByteView text);
// The same without the quotes, to be continued within a string.
void append_escaped(Bytes& out, ByteView text);
// Appends the shortest text that reads back as the same double; an integral one keeps a ".0", so that it stays a
// double. `v` must be finite: JSON has no other numbers.
void append_double(Bytes& out, double v);
void append_integer(Bytes& out, std::int64_t v);

// Appends JSON to a buffer; commas and colons come by themselves. The caller calls in the order of the text: a value,
// or begin … end, and inside objects a key before each value.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(ByteView name);
  Writer& string(ByteView text);
  Writer& integer(std::int64_t v);
  Writer& number(double v);  // finite
  Writer& boolean(bool v);
  Writer& null();
  // `json` is one JSON value, not checked.
  Writer& raw(ByteView json);

 private:
  void separate() {
    if (comma_) out_.push_back(',');
    comma_ = true;
  }
  Writer& open(char bracket) {
    separate();
    out_.push_back(bracket);
    comma_ = false;
    return *this;
  }
  Writer& close(char bracket) {
    out_.push_back(bracket);
    comma_ = true;
    return *this;
  }

  Bytes& out_;
  bool comma_ = false;  // the next value follows another one
};

}  // namespace tenuto::json
