// Forgets ended runs that are older, or more, than the policy keeps: their history, their rows and their ids.
//
// Works from the oldest block of summaries on, a few blocks a transaction, so that it never holds the tables for long. A
// block whose rows are all expired is deleted whole; one that is partly expired is written anew. It stops at the first
// block that has nothing to forget: runs are in the order in which they ended, so a clock that jumped only delays it.
//
// Thread safety: one thread at a time, the materialiser's.
#pragma once

#include <cstdint>
#include <optional>

#include "core/journal/journal_meta.h"

namespace tenuto {

struct RetentionPolicy {
  Nanos age = 0;            // since a run's end; 0: any age is kept
  std::uint64_t count = 0;  // ended runs; 0: any number is kept
  [[nodiscard]] bool keeps_all() const { return age == 0 && count == 0; }
};

// Ended runs that one transaction forgets at most.
inline constexpr std::uint32_t kRetentionRunsMax = 1000;

struct Retained {
  std::uint32_t forgotten = 0;          // runs
  std::optional<WallTime> next_expiry;  // when the oldest that is left gets too old, if it ever does
};

// Forgets up to kRetentionRunsMax runs within `write` and counts them off in `meta`, which it puts as well; the caller commits when there
// were any. The status is the transaction's, or damaged.
[[nodiscard]] Result<Retained> apply_retention(StateWrite& write, JournalMeta& meta,
                                               const RetentionPolicy& policy, WallTime now);

}  // namespace tenuto
