// Looks one member up in JSON text without building a tree: several times faster than parsing, for a single look-up.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace tenuto::json {

enum class Scan : std::uint8_t {
  found,
  absent,
  unsure,  // the text is no object, is not valid JSON, nests too deep, or has a key with an escape: parse it
};

// The text of the member `key` (of the last one, if it repeats) in `member`, a slice of `object`. Meant for text that
// was validated before: in text that is not JSON the answer may be any slice, but nothing beyond its end is read.
[[nodiscard]] Scan find_member(ByteView object, ByteView key, ByteView& member);

}  // namespace tenuto::json
