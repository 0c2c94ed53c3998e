// Comparisons of a column with a literal as a range of the column's numbers.
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/expr/parse.h"

namespace tenuto {

// [least, most]; empty when least > most.
struct NumberRange {
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;

  [[nodiscard]] static NumberRange none() { return {1, 0}; }
  // Those in [first, end); no `end`: without an upper bound.
  [[nodiscard]] static NumberRange between(std::uint64_t first, std::optional<std::uint64_t> end);

  [[nodiscard]] bool holds(std::uint64_t number) const { return number >= least && number <= most; }
  [[nodiscard]] bool meets(std::uint64_t min, std::uint64_t max) const {
    return least <= most && max >= least && min <= most;
  }
};

// Where `n op literal` may hold; nothing for operators that are no range.
[[nodiscard]] std::optional<NumberRange> range_of(expr::BinaryOp op, std::int64_t literal);
// The same for times as core/query/time_text.h writes them, in column_number()s, compared as texts.
[[nodiscard]] std::optional<NumberRange> range_of(expr::BinaryOp op, std::string_view literal);
// `literal op n` as `n op literal`.
[[nodiscard]] expr::BinaryOp mirrored(expr::BinaryOp op);

}  // namespace tenuto
