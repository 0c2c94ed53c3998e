// Text -> index, for texts that live elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace tenuto {

inline constexpr std::uint32_t kNoNode = 0xFFFF'FFFFu;

// Open addressing over XXH3. With a million names a look-up costs little more than the cache misses it takes, so the
// slots are small and a name's text is looked at only where the hash agrees.
class NameTable {
 public:
  void reserve(std::size_t names);
  // Puts `name` unless it is there, and returns the index that stands under it. `name` must outlive the table.
  std::uint32_t put(ByteView name, std::uint32_t index);
  // kNoNode if there is none.
  [[nodiscard]] std::uint32_t find(ByteView name) const;

 private:
  struct Entry {
    ByteView name;
    std::uint32_t index;
  };
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t entry = kNoNode;
  };
  [[nodiscard]] std::size_t slot_of(ByteView name, std::uint32_t hash) const;

  std::vector<Slot> slots_;  // a power of two, at most half of them used
  std::vector<Entry> entries_;
};

}  // namespace tenuto
