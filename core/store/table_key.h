// What every implementation of the tables demands of a key.
#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace tenuto {

// LMDB's limit, compiled into the packaged library; LmdbState checks that it is.
inline constexpr std::size_t kKeyBytesMax = 511;

inline Status check_key(ByteView key) {
  if (!key.empty() && key.size() <= kKeyBytesMax) return {};
  return {Code::invalid_argument, "a key of a state table has 1 to " + std::to_string(kKeyBytesMax) +
                                      " bytes, not " + std::to_string(key.size())};
}

}  // namespace tenuto
