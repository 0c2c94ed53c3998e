// Bytes and their little-endian encoding.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/check.h"

namespace tenuto {

static_assert(std::endian::native == std::endian::little, "big-endian machines need byte swaps in get/put");

// A view of bytes: valid as long as its owner says. Text and bytes share one representation.
using ByteView = std::string_view;
using Bytes = std::string;

inline constexpr std::size_t kVarintBytesMax = 10;

// LEB128: 7 bits a byte, low ones first. There is room for kVarintBytesMax bytes; returns the place behind the last.
inline char* put_varint(char* at, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7) *at++ = static_cast<char>(v | 0x80);
  *at++ = static_cast<char>(v);
  return at;
}

// Appends fixed-width and variable-width integers and byte strings to a buffer.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  template <class T>
  void fixed(T v) {
    static_assert(std::is_integral_v<T>);
    out_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void varint(std::uint64_t v) {
    char bytes[kVarintBytesMax];
    out_.append(bytes, static_cast<std::size_t>(put_varint(bytes, v) - bytes));
  }
  // A varint length, then the bytes.
  void string(ByteView s) {
    varint(s.size());
    out_.append(s);
  }
  void raw(ByteView s) { out_.append(s); }

 private:
  Bytes& out_;
};

// Reads what ByteWriter wrote. Never reads past the end: after the first short read ok() is false for good and every
// further value is zero or empty, so that a decoder checks once, at its end.
class ByteReader {
 public:
  explicit ByteReader(ByteView in) : in_(in) {}

  template <class T>
  T fixed() {
    static_assert(std::is_integral_v<T>);
    T v{};
    if (in_.size() < sizeof v) {
      fail();
      return v;
    }
    std::memcpy(&v, in_.data(), sizeof v);
    in_.remove_prefix(sizeof v);
    return v;
  }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && !in_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;  // would not fit 64 bits
      v |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return v;
    }
    fail();
    return 0;
  }
  // The view lives as long as the input.
  ByteView string() { return raw(varint()); }
  ByteView raw(std::uint64_t size) {
    if (size > in_.size()) {
      fail();
      return {};
    }
    ByteView s = in_.substr(0, size);
    in_.remove_prefix(size);
    return s;
  }
  [[nodiscard]] ByteView rest() const { return in_; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }

 private:
  void fail() {
    ok_ = false;
    in_ = {};
  }
  ByteView in_;
  bool ok_ = true;
};

}  // namespace tenuto
