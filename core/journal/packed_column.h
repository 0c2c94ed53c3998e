// A column of a block of rows: one unsigned number a row, kept as its distance from the least of them, in as few bytes as the
// greatest distance needs; none at all when all are equal.
//
// Written as u64 least, u8 width (0, 1, 2, 4 or 8), then `width` bytes a row.
//
// Thread safety: values; functions without state.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/bytes.h"

namespace tenuto {

// Views of numbers that live as long as what they were read from.
class PackedColumn {
 public:
  // False when the input is too short or no column.
  [[nodiscard]] static bool read(ByteReader& in, std::size_t rows, PackedColumn& out);

  [[nodiscard]] std::uint64_t at(std::size_t row) const {
    switch (width_) {
      case 1:
        return least_ + load<std::uint8_t>(row);
      case 2:
        return least_ + load<std::uint16_t>(row);
      case 4:
        return least_ + load<std::uint32_t>(row);
      case 8:
        return least_ + load<std::uint64_t>(row);
      default:
        return least_;
    }
  }

  // Takes those out of `rows` (numbers of rows) whose number `keep(std::uint64_t) -> bool` doesn't want, in order. Asks once for a
  // column of equal numbers.
  template <class Keep>
  void filter(std::vector<std::uint32_t>& rows, Keep&& keep) const {
    switch (width_) {
      case 1:
        return filter_as<std::uint8_t>(rows, keep);
      case 2:
        return filter_as<std::uint16_t>(rows, keep);
      case 4:
        return filter_as<std::uint32_t>(rows, keep);
      case 8:
        return filter_as<std::uint64_t>(rows, keep);
      default:
        if (!keep(least_)) rows.clear();
    }
  }

 private:
  template <class Distance>
  [[nodiscard]] std::uint64_t load(std::size_t row) const {
    Distance distance;
    std::memcpy(&distance, data_ + row * sizeof distance, sizeof distance);
    return distance;
  }
  template <class Distance, class Keep>
  void filter_as(std::vector<std::uint32_t>& rows, Keep& keep) const {
    std::size_t kept = 0;
    for (const std::uint32_t row : rows) {
      rows[kept] = row;  // stays if wanted; without a branch that nobody could foretell
      kept += keep(least_ + load<Distance>(row)) ? 1u : 0u;
    }
    rows.resize(kept);
  }

  std::uint64_t least_ = 0;
  std::uint8_t width_ = 0;
  const char* data_ = nullptr;
};

// Appends the column of these numbers.
void pack_column(std::span<const std::uint64_t> numbers, Bytes& out);

}  // namespace tenuto
