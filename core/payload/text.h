// Text: where a byte stands for a person, code points of UTF-8, decimal numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"

namespace tenuto {

// A place in a text as editors count: both start at 1; the column counts code points.
struct LineColumn {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend bool operator==(const LineColumn&, const LineColumn&) = default;
};

// The place of the byte at `offset`; an offset behind the end gives the place behind the last byte.
[[nodiscard]] LineColumn line_column(ByteView text, std::size_t offset);
// "line 1, column 5".
[[nodiscard]] Bytes describe(LineColumn at);

// Appends a code point; surrogates and values above 0x10FFFF must not be passed.
void append_utf8(Bytes& out, std::uint32_t code_point);
// The number of code points of valid UTF-8.
[[nodiscard]] std::size_t count_code_points(ByteView text);
// The number of bytes of the well-formed sequence that `text` begins with (no surrogates, nothing overlong); 0 if there
// is none.
[[nodiscard]] std::size_t utf8_sequence(ByteView text);

// The double nearest to a decimal literal of JSON or CEL (`1`, `-0.5`, `.5e+3`; the caller has checked the form):
// infinite or zero where it is outside the range of doubles.
[[nodiscard]] double read_double(ByteView literal);

}  // namespace tenuto
