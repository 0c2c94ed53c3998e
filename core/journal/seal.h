// Seals values of the state tables: a checksum over key and value, so that a damaged page, or a whole one in the wrong
// place, is noticed and never believed. (The tables' own library checks nothing.)
#pragma once

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace tenuto {

inline constexpr std::size_t kSealBytes = 8;

// Appends the seal to a value that will be stored under `key`.
void seal(ByteView key, Bytes& value);
// The value without its seal, which lives as long as `value`; damaged, naming `what`, when it doesn't match.
[[nodiscard]] Result<ByteView> unseal(ByteView key, ByteView value, const char* what);

// The checksum itself, for blocks that have one inside too.
[[nodiscard]] std::uint64_t seal_of(ByteView key, ByteView value);

}  // namespace tenuto
