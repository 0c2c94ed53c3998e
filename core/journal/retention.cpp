#include "core/journal/retention.h"

#include <vector>

#include "core/journal/forget_rows.h"
#include "core/journal/summary.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

// Forgets what is expired of one block; returns how many rows.
Result<std::uint32_t> thin(StateWrite& write, JournalMeta& meta, const RetentionPolicy& policy, WallTime now,
                           const Bytes& key, const Bytes& value) {
  TN_ASSIGN(const std::vector<SummaryRow> rows, read_summary_rows(key, value));
  std::vector<bool> goes(rows.size());
  std::uint64_t left = meta.summary_rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    goes[i] = policy.age != 0 && rows[i].ended.ns < now.ns - policy.age;
    left -= goes[i] ? 1 : 0;
  }
  // After the old ones: rows lie in the order in which they were taken over, not quite that in which the runs ended, and
  // none makes room for one that goes anyway.
  for (std::size_t i = 0; i < rows.size() && policy.count != 0 && left > policy.count; ++i) {
    if (goes[i]) continue;
    goes[i] = true;
    --left;
  }
  return forget_rows(write, meta, key, rows, goes);
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
