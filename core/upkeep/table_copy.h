// Copies state tables, as one snapshot shows them, into tables that are empty.
//
// Row by row in the order of keys, so that pages are filled and none is left over: a copy is as small as the tables can be.
// (LMDB's own copy takes its writers' lock for a moment, so a process that is stopped while it copies could stop the owner's
// transactions; a walk on a snapshot takes none.) Every row's seal is checked on the way: damage does not get into a copy unseen.
//
// Thread safety: functions; an owner may go on with the source.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "core/base/status.h"
#include "core/store/state.h"
#include "core/upkeep/progress.h"

namespace tenuto {

struct TableCopy {
  std::array<std::uint64_t, kTableCount> entries{};
  std::uint64_t bytes = 0;  // of keys and values
};

// Which rows are copied; empty: all.
using KeepRow = std::function<bool(Table table, ByteView key)>;

// Some MiB a transaction of `to`, each durable; `progress` gets the bytes of keys and values, of `total`. damaged names the table
// and the row; full and storage_error are those of `to`, which is then of no use.
[[nodiscard]] Result<TableCopy> copy_tables(const StateRead& from, State& to, std::uint64_t total,
                                            const KeepRow& keep, const Progress& progress);

}  // namespace tenuto
