// Forgets ended runs of a block of summaries: their histories, their rows and their ids, all in one transaction.
//
// Thread safety: one thread at a time, the materialiser's.
#pragma once

#include <span>
#include <vector>

#include "core/journal/journal_meta.h"
#include "core/journal/summary.h"

namespace tenuto {

// Forgets the rows for which `goes`, of the same size, says so, and counts them off in `meta`, which the caller puts. `key` is the block's; rows are
// views into something that is not the transaction's. Returns how many went. The status is the transaction's, or damaged.
[[nodiscard]] Result<std::uint32_t> forget_rows(StateWrite& write, JournalMeta& meta, ByteView key,
                                                std::span<const SummaryRow> rows,
                                                const std::vector<bool>& goes);

}  // namespace tenuto
