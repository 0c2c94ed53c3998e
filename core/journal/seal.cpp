#include "core/journal/seal.h"

#include <xxhash.h>

namespace tenuto {

std::uint64_t seal_of(ByteView key, ByteView value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(key.data(), key.size()));
}

void seal(ByteView key, Bytes& value) {
  ByteWriter(value).fixed(seal_of(key, value));
}

Result<ByteView> unseal(ByteView key, ByteView value, const char* what) {
  if (value.size() >= kSealBytes) {
    const ByteView content = value.substr(0, value.size() - kSealBytes);
    ByteReader stored(value.substr(content.size()));
    if (stored.fixed<std::uint64_t>() == seal_of(key, content)) return content;
  }
  return Status(Code::damaged,
                std::string(what) + " in the state tables is damaged; restore the store from a backup");
}

}  // namespace tenuto
