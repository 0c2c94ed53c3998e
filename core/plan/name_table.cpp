#include "core/plan/name_table.h"

#include <xxhash.h>

#include <bit>

namespace tenuto {

void NameTable::reserve(std::size_t names) {
  const std::size_t wanted = std::bit_ceil(names * 2 + 16);
  if (wanted <= slots_.size()) return;
  std::vector<Slot> old(wanted);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.index != kNoNode) slots_[slot_of(slot.name)] = slot;
  }
}

std::uint32_t NameTable::put(ByteView name, std::uint32_t index) {
  if (used_ * 2 >= slots_.size()) reserve(used_ * 2);
  Slot& slot = slots_[slot_of(name)];
  if (slot.index == kNoNode) {
    slot = {name, index};
    ++used_;
  }
  return slot.index;
}

std::uint32_t NameTable::find(ByteView name) const {
  return slots_.empty() ? kNoNode : slots_[slot_of(name)].index;
}

// The slot that holds `name`, or the free one where it belongs.
std::size_t NameTable::slot_of(ByteView name) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = XXH3_64bits(name.data(), name.size()) & mask;
  while (slots_[i].index != kNoNode && slots_[i].name != name) i = (i + 1) & mask;
  return i;
}

}  // namespace tenuto
