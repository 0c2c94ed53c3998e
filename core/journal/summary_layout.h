// What the writer and the reader of blocks of summaries share. Internal to core/journal/summary*.
#pragma once

#include <cstdint>

namespace tenuto {

// 1 had no columns; it was that of format 1 of stores.
inline constexpr std::uint8_t kSummaryVersion = 2;

}  // namespace tenuto
