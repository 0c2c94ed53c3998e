// UTF-8 text: where a byte stands for a person, and code points to bytes.
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
// True if every byte belongs to a well-formed sequence (no surrogates, nothing overlong).
[[nodiscard]] bool is_utf8(ByteView text);

}  // namespace tenuto
