#include "core/query/number_range.h"

#include "core/journal/summary.h"
#include "core/query/time_text.h"

namespace tenuto {
namespace {

// Where the numbers begin that are not less than a literal, and those that are greater; nothing: there are none.
struct Bounds {
  std::optional<std::uint64_t> not_less;
  std::optional<std::uint64_t> greater;
};

std::optional<NumberRange> range_of(expr::BinaryOp op, const Bounds& bounds) {
  const auto from = [](std::optional<std::uint64_t> first) {
    return first.has_value() ? NumberRange::between(*first, std::nullopt) : NumberRange::none();
  };
  switch (op) {
    case expr::BinaryOp::less:
      return NumberRange::between(0, bounds.not_less);
    case expr::BinaryOp::less_equal:
      return NumberRange::between(0, bounds.greater);
    case expr::BinaryOp::greater:
      return from(bounds.greater);
    case expr::BinaryOp::greater_equal:
      return from(bounds.not_less);
    case expr::BinaryOp::equal:
      if (!bounds.not_less.has_value()) return NumberRange::none();
      return NumberRange::between(*bounds.not_less, bounds.greater);
    default:
      return std::nullopt;
  }
}

// The first number that `is_behind`, which holds from some number on.
template <class IsBehind>
std::optional<std::uint64_t> first_of(IsBehind&& is_behind) {
  std::uint64_t low = 0;
  std::uint64_t high = UINT64_MAX;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (is_behind(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return is_behind(low) ? std::optional(low) : std::nullopt;
}

}  // namespace

NumberRange NumberRange::between(std::uint64_t first, std::optional<std::uint64_t> end) {
  if (!end.has_value()) return {first, UINT64_MAX};
  return first < *end ? NumberRange{first, *end - 1} : none();
}

std::optional<NumberRange> range_of(expr::BinaryOp op, std::int64_t literal) {
  const auto number = static_cast<std::uint64_t>(literal);
  return range_of(op, Bounds{literal < 0 ? 0 : number, literal < 0 ? 0 : number + 1});
}

std::optional<NumberRange> range_of(expr::BinaryOp op, std::string_view literal) {
  // Their texts sort as the times do: all have the same length.
  return range_of(op,
                  Bounds{first_of([&](std::uint64_t n) { return format_time(column_time(n)) >= literal; }),
                         first_of([&](std::uint64_t n) { return format_time(column_time(n)) > literal; })});
}

expr::BinaryOp mirrored(expr::BinaryOp op) {
  switch (op) {
    case expr::BinaryOp::less:
      return expr::BinaryOp::greater;
    case expr::BinaryOp::less_equal:
      return expr::BinaryOp::greater_equal;
    case expr::BinaryOp::greater:
      return expr::BinaryOp::less;
    case expr::BinaryOp::greater_equal:
      return expr::BinaryOp::less_equal;
    default:
      return op;
  }
}

}  // namespace tenuto
