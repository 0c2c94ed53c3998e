#include "core/journal/packed_column.h"

#include <algorithm>

namespace tenuto {
namespace {

std::uint8_t width_of(std::uint64_t greatest) {
  if (greatest == 0) return 0;
  if (greatest <= UINT8_MAX) return 1;
  if (greatest <= UINT16_MAX) return 2;
  return greatest <= UINT32_MAX ? 4 : 8;
}

template <class Distance>
void append(std::span<const std::uint64_t> numbers, std::uint64_t least, Bytes& out) {
  std::size_t at = out.size();
  out.resize(at + numbers.size() * sizeof(Distance));
  for (const std::uint64_t number : numbers) {
    const auto distance = static_cast<Distance>(number - least);
    std::memcpy(out.data() + at, &distance, sizeof distance);
    at += sizeof distance;
  }
}

}  // namespace

bool PackedColumn::read(ByteReader& in, std::size_t rows, PackedColumn& out) {
  out.least_ = in.fixed<std::uint64_t>();
  out.width_ = in.fixed<std::uint8_t>();
  const bool known = out.width_ <= 2 || out.width_ == 4 || out.width_ == 8;
  out.data_ = in.raw(rows * out.width_).data();
  return known && in.ok();
}

void pack_column(std::span<const std::uint64_t> numbers, Bytes& out) {
  std::uint64_t least = 0;
  std::uint64_t greatest = 0;
  if (!numbers.empty()) {
    const auto [min, max] = std::minmax_element(numbers.begin(), numbers.end());
    least = *min;
    greatest = *max;
  }
  const std::uint8_t width = width_of(greatest - least);
  ByteWriter w(out);
  w.fixed(least);
  w.fixed(width);
  switch (width) {
    case 1:
      return append<std::uint8_t>(numbers, least, out);
    case 2:
      return append<std::uint16_t>(numbers, least, out);
    case 4:
      return append<std::uint32_t>(numbers, least, out);
    case 8:
      return append<std::uint64_t>(numbers, least, out);
    default:
      return;
  }
}

}  // namespace tenuto
