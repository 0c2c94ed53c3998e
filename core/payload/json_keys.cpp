// Repeated keys of JSON objects, found in linear time.
#include <xxhash.h>

#include <algorithm>
#include <bit>

#include "core/payload/json_builder.h"

namespace tenuto::json {

// Finds repeated keys: small objects by a filter of 64 bits over length and outer characters, before comparing.
bool Builder::check_keys(Value& object) {
  constexpr std::uint32_t kSmall = 32;
  if (object.as_.container.count > kSmall) return check_many_keys(object);
  std::uint64_t seen = 0;
  const Value* const end = object.next();
  for (Value* key = &object + 1; key != end; key = following_key(key)) {
    const ByteView k = key->as_string();
    const std::uint64_t mix = k.empty() ? 0
                                        : (k.size() * 31 + static_cast<unsigned char>(k.front())) * 31 +
                                              static_cast<unsigned char>(k.back());
    const std::uint64_t bit = std::uint64_t{1} << (mix & 63);
    if ((seen & bit) != 0) {
      for (Value* other = &object + 1; other != key; other = following_key(other)) {
        if (!other->shadowed_ && other->as_string() == k && !repeat(*other, *key, object)) return false;
      }
    }
    seen |= bit;
  }
  return true;
}

// A filter of at least 8 bits a key leaves few that could be repeated; only these are sorted and compared.
bool Builder::check_many_keys(Value& object) {
  const std::uint64_t words = std::bit_ceil(std::uint64_t{object.as_.container.count} / 8);
  const auto bit_of = [words](const Value& key) {
    const ByteView k = key.as_string();
    return XXH3_64bits(k.data(), k.size()) & (words * 64 - 1);
  };
  seen_.assign(words, 0);
  repeated_.assign(words, 0);
  bool repeated = false;
  const Value* const end = object.next();
  for (Value* key = &object + 1; key != end; key = following_key(key)) {
    const std::uint64_t bit = bit_of(*key);
    const std::uint64_t mask = std::uint64_t{1} << (bit & 63);
    if ((seen_[bit / 64] & mask) != 0) {
      repeated_[bit / 64] |= mask;
      repeated = true;
    }
    seen_[bit / 64] |= mask;
  }
  if (!repeated) return true;
  keys_.clear();
  for (Value* key = &object + 1; key != end; key = following_key(key)) {
    const std::uint64_t bit = bit_of(*key);
    if ((repeated_[bit / 64] >> (bit & 63) & 1) != 0) keys_.push_back(key);
  }
  std::sort(keys_.begin(), keys_.end(), [](const Value* a, const Value* b) {
    const int order = a->as_string().compare(b->as_string());
    return order != 0 ? order < 0 : a < b;
  });
  for (std::size_t i = 1; i < keys_.size(); ++i) {
    if (keys_[i - 1]->as_string() == keys_[i]->as_string() && !repeat(*keys_[i - 1], *keys_[i], object))
      return false;
  }
  return true;
}

bool Builder::repeat(Value& earlier, const Value& later, Value& object) {
  if (duplicates_ == Duplicates::reject) {
    return fail(later.raw_, "the key `" + Bytes(later.as_string()) + "` stands twice in one object");
  }
  earlier.shadowed_ = true;
  --object.as_.container.count;
  return true;
}

}  // namespace tenuto::json
