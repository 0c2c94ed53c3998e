#include "core/journal/pool_hour.h"

#include "core/journal/seal.h"

namespace tenuto {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes pool_stats_name(ByteView pool) {
  return Bytes("\x01pool ").append(pool);
}

Bytes encode(const PoolHour& hour, ByteView key) {
  Bytes out;
  ByteWriter w(out);
  w.fixed(kVersion);
  w.varint(hour.slots_max);
  w.varint(static_cast<std::uint64_t>(hour.available_ns));
  w.varint(static_cast<std::uint64_t>(hour.busy_ns));
  seal(key, out);
  return out;
}

Result<PoolHour> decode_pool_hour(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(key, value, "the statistics of a pool"));
  ByteReader r(content);
  if (r.fixed<std::uint8_t>() > kVersion) {
    return Status(Code::newer_format, "statistics were written by a newer version; open the store with that");
  }
  PoolHour hour;
  hour.slots_max = static_cast<std::uint32_t>(r.varint());
  hour.available_ns = static_cast<Nanos>(r.varint());
  hour.busy_ns = static_cast<Nanos>(r.varint());
  if (!r.ok())
    return Status(Code::damaged, "the statistics of a pool are cut; restore the store from a backup");
  return hour;
}

}  // namespace tenuto
