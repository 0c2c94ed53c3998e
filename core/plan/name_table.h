// Text -> index, for texts that live elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace tenuto {

inline constexpr std::uint32_t kNoNode = 0xFFFF'FFFFu;

// Open addressing over XXH3: the names of a million nodes are put once and looked up several times.
class NameTable {
 public:
  void reserve(std::size_t names);
  // Puts `name` unless it is there, and returns the index that stands under it. `name` must outlive the table.
  std::uint32_t put(ByteView name, std::uint32_t index);
  // kNoNode if there is none.
  [[nodiscard]] std::uint32_t find(ByteView name) const;

 private:
  struct Slot {
    ByteView name;
    std::uint32_t index = kNoNode;
  };
  [[nodiscard]] std::size_t slot_of(ByteView name) const;

  std::vector<Slot> slots_;  // a power of two, at most half of them used
  std::size_t used_ = 0;
};

}  // namespace tenuto
