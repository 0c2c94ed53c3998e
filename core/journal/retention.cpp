#include "core/journal/retention.h"

#include <algorithm>
#include <vector>

#include "core/journal/history_pack.h"
#include "core/journal/live_row.h"
#include "core/journal/summary.h"
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

// Forgets what is expired of one block; returns how many rows.
Result<std::uint32_t> thin(StateWrite& write, JournalMeta& meta, const RetentionPolicy& policy, WallTime now,
                           const Bytes& key, const Bytes& value) {
  TN_ASSIGN(const std::vector<SummaryRow> rows, read_summary_rows(key, value));
  const auto is_too_old = [&](const SummaryRow& row) {
    return policy.age != 0 && row.ended.ns < now.ns - policy.age;
  };
  std::uint32_t forgotten = 0;
  std::vector<RunNumber> packed;
  for (const SummaryRow& row : rows) {
    if (!is_too_old(row)) continue;
    TN_TRY(forget(write, meta, row, packed));
    ++forgotten;
  }
  // After the old ones: rows lie in the order in which they were taken over, not quite that in which the runs ended, and
  // none makes room for one that goes anyway.
  SummaryBlock kept;
  for (const SummaryRow& row : rows) {
    if (is_too_old(row)) continue;
    if (policy.count == 0 || meta.summary_rows <= policy.count) {
      kept.add(row);
      continue;
    }
    TN_TRY(forget(write, meta, row, packed));
    ++forgotten;
  }
  if (forgotten == 0) return forgotten;
  TN_TRY(forget_packed(write, std::move(packed)));
  if (kept.zone().rows == 0) {
    TN_TRY(write.erase(Table::summaries, key));
  } else {
    TN_TRY(write.put(Table::summaries, key, kept.finish(key)));
  }
  return forgotten;
}

}  // namespace

Result<Retained> apply_retention(StateWrite& write, JournalMeta& meta, const RetentionPolicy& policy,
                                 WallTime now) {
  Retained retained;
  if (policy.keeps_all()) return retained;
  Bytes from = block_key(BlockNumber(0));
  while (retained.forgotten + kSummaryRowsMax <= kRetentionRunsMax) {
    // Copies: what a scan shows lives until the next put.
    Bytes key;
    Bytes value;
    TN_TRY(write.scan(Table::summaries, from, [&](ByteView k, ByteView v) {
      key = k;
      value = v;
      return false;
    }));
    if (key.empty()) break;
    TN_ASSIGN(const std::uint32_t rows, thin(write, meta, policy, now, key, value));
    if (rows == 0) {
      TN_ASSIGN(const SummaryZone zone, read_summary_zone(key, value));
      if (policy.age != 0) retained.next_expiry = WallTime{zone.ended_min.ns + policy.age};
      break;
    }
    retained.forgotten += rows;
    from = key + '\0';
  }
  if (retained.forgotten != 0) TN_TRY(write.put(Table::meta, kJournalMetaKey, encode(meta)));
  return retained;
}

}  // namespace tenuto
