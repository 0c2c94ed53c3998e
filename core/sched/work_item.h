// What the scheduler moves between threads: one 8-byte word.
//
// A word and not a struct with pointers: a thief reads a slot of a deque before it knows whether it may have
// it, and only what fits one atomic word can't tear in that read.
#pragma once

#include <cstdint>

#include "core/base/check.h"

namespace tenuto {

// What `slot` and `generation` refer to. The scheduler never looks; the handler does.
enum class WorkKind : std::uint8_t { none = 0, run = 1, body = 2 };

// kind (top 8 bits), generation (24 bits), slot (low 32 bits). The word 0 is "no work".
//
// The generation tells a reused slot of a slab from the one that was meant. It wraps after 2^24 uses of one
// slot, so an item must not outlive that many: an item lives in the queues for at most one stay of its object
// in the slot.
struct WorkItem {
  static constexpr std::uint32_t kGenerationMask = (1u << 24) - 1;

  std::uint64_t word = 0;

  constexpr WorkItem() = default;
  constexpr explicit WorkItem(std::uint64_t w) : word(w) {}
  // Keeps the low 24 bits of `generation`.
  constexpr WorkItem(WorkKind kind, std::uint32_t generation, std::uint32_t slot)
      : word(static_cast<std::uint64_t>(kind) << 56 |
             static_cast<std::uint64_t>(generation & kGenerationMask) << 32 | slot) {}

  [[nodiscard]] constexpr WorkKind kind() const { return static_cast<WorkKind>(word >> 56); }
  [[nodiscard]] constexpr std::uint32_t generation() const {
    return static_cast<std::uint32_t>(word >> 32) & kGenerationMask;
  }
  [[nodiscard]] constexpr std::uint32_t slot() const { return static_cast<std::uint32_t>(word); }
  [[nodiscard]] constexpr bool is_none() const { return word == 0; }

  friend constexpr bool operator==(WorkItem, WorkItem) = default;
};

static_assert(sizeof(WorkItem) == 8, "an item is one atomic word");

}  // namespace tenuto
