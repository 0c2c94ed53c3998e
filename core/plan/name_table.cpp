#include "core/plan/name_table.h"

#include <xxhash.h>

#include <bit>

namespace tenuto {
namespace {

std::uint32_t hash_of_name(ByteView name) {
  return static_cast<std::uint32_t>(XXH3_64bits(name.data(), name.size()));
}

}  // namespace

void NameTable::reserve(std::size_t names) {
  const std::size_t wanted = std::bit_ceil(names * 2 + 16);
  if (wanted <= slots_.size()) return;
  std::vector<Slot> old(wanted);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.entry == kNoNode) continue;
    std::size_t i = slot.hash & mask;
    while (slots_[i].entry != kNoNode) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

std::uint32_t NameTable::put(ByteView name, std::uint32_t index) {
  if ((entries_.size() + 1) * 2 > slots_.size()) reserve(entries_.size() * 2);
  const std::uint32_t hash = hash_of_name(name);
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot.entry == kNoNode) {
    slot = {hash, static_cast<std::uint32_t>(entries_.size())};
    entries_.push_back({name, index});
  }
  return entries_[slot.entry].index;
}

std::uint32_t NameTable::find(ByteView name) const {
  if (slots_.empty()) return kNoNode;
  const Slot& slot = slots_[slot_of(name, hash_of_name(name))];
  return slot.entry == kNoNode ? kNoNode : entries_[slot.entry].index;
}

// The slot that holds `name`, or the free one where it belongs.
std::size_t NameTable::slot_of(ByteView name, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  while (slots_[i].entry != kNoNode && (slots_[i].hash != hash || entries_[slots_[i].entry].name != name)) {
    i = (i + 1) & mask;
  }
  return i;
}

}  // namespace tenuto
