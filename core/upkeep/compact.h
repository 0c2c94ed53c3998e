// Shrinks the state tables of a store that nobody has open: LMDB's file never gets smaller by itself.
//
// Definitions of workflows that no run needs, live or ended, in the tables or in the journal behind them, are left out. That is
// done here and not when runs are forgotten, because nobody can start a run meanwhile: an owner starts runs of workflows that it knows to be
// stored. The next owner stores what it is asked for again.
//
// The tables are copied row by row to a new file beside the old one, which is durable before it takes the old one's name, and that is one
// rename: a crash at any step leaves the old file or the new one, whole, and a directory `compact.new` that the next compaction removes.
//
// Thread safety: a function.
#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/upkeep/progress.h"

namespace tenuto {

// JSON {path, bytes_before, bytes_after, entries, workflows_left_out}. not_found; owned: a process owns the store, or reads it (the message names it);
// damaged, with the table and the row; full: nothing has changed.
[[nodiscard]] Result<Bytes> compact(const std::string& path, const Progress& progress);

}  // namespace tenuto
