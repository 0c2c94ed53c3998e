#include "core/journal/forget_rows.h"

#include <algorithm>

#include "core/journal/history_pack.h"
#include "core/journal/live_row.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

// Takes `runs`, which are forgotten, out of the packs that hold them. They are of one block, as all runs of a pack are, so mostly
// a pack goes whole.
Status forget_packed(StateWrite& write, std::vector<RunNumber> runs) {
  std::sort(runs.begin(), runs.end());
  for (auto next = runs.begin(); next != runs.end();) {
    // Copies: what a scan shows lives until the next put.
    Bytes key;
    Bytes value;
    TN_TRY(write.scan(Table::packs, run_key(*next), [&](ByteView k, ByteView v) {
      key = k;
      value = v;
      return false;
    }));
    if (key.empty()) break;  // damaged, which is told by whoever reads the history
    TN_ASSIGN(const std::vector<PackedHistory> histories, read_pack(key, value));
    HistoryPackWriter kept;
    for (const PackedHistory& history : histories) {
      if (!std::binary_search(next, runs.end(), history.run)) kept.add(history.run, history.chunk);
    }
    // Under the old key: it still is above these runs and below those of the next pack.
    TN_TRY(kept.empty() ? write.erase(Table::packs, key) : write.put(Table::packs, key, kept.finish(key)));
    next = std::upper_bound(next, runs.end(), *parse_run_key(key));
  }
  return Status();
}

Status forget(StateWrite& write, JournalMeta& meta, const SummaryRow& row, std::vector<RunNumber>& packed) {
  if (row.chunks == 0) packed.push_back(row.run);
  for (std::uint32_t chunk = 0; chunk < row.chunks; ++chunk) {
    TN_TRY(write.erase(Table::history, history_key({row.run, ChunkNumber(chunk)})));
  }
  --meta.summary_rows;
  --meta.ended[static_cast<std::size_t>(row.state)];
  if (!row.id_chosen) return Status();
  // The id may belong to a later run by now.
  ByteView value;
  TN_ASSIGN(const bool found, write.get(Table::keys, row.id, value));
  if (!found) return Status();
  TN_ASSIGN(const RunNumber run, decode_run_number(row.id, value));
  return run == row.run ? write.erase(Table::keys, row.id) : Status();
}

}  // namespace

Result<std::uint32_t> forget_rows(StateWrite& write, JournalMeta& meta, ByteView key,
                                  std::span<const SummaryRow> rows, const std::vector<bool>& goes) {
  TN_CHECK(goes.size() == rows.size());
  std::uint32_t forgotten = 0;
  std::vector<RunNumber> packed;
  SummaryBlock kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!goes[i]) {
      kept.add(rows[i]);
      continue;
    }
    TN_TRY(forget(write, meta, rows[i], packed));
    ++forgotten;
  }
  if (forgotten == 0) return forgotten;
  TN_TRY(forget_packed(write, std::move(packed)));
  TN_TRY(kept.zone().rows == 0 ? write.erase(Table::summaries, key)
                               : write.put(Table::summaries, key, kept.finish(key)));
  return forgotten;
}

}  // namespace tenuto
