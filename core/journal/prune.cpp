#include "core/journal/prune.h"

#include <algorithm>

#include "core/journal/forget_rows.h"
#include "core/journal/retention.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

// Blocks that one transaction looks at, however few of their runs go: reading one takes some microseconds.
constexpr std::uint32_t kBlocksMax = 4096;

// Calls `visit(rows) -> Status` for the blocks that may have a run of the request, oldest first.
template <class Visit>
Status for_each_block(const StateRead& state, const PruneRequest& request, Visit&& visit) {
  Status status;
  TN_TRY(state.scan(Table::summaries, {}, [&](ByteView key, ByteView value) {
    status = [&]() -> Status {
      TN_ASSIGN(const SummaryZone zone, read_summary_zone(key, value));
      if (!request.may_match(zone)) return {};
      TN_ASSIGN(const std::vector<SummaryRow> rows, read_summary_rows(key, value));
      return visit(rows);
    }();
    return status.ok();
  }));
  return status;
}

Result<std::uint64_t> count_matching(const StateRead& state, const PruneRequest& request) {
  std::uint64_t matching = 0;
  TN_TRY(for_each_block(state, request, [&](const std::vector<SummaryRow>& rows) {
    matching += static_cast<std::uint64_t>(
        std::count_if(rows.begin(), rows.end(), [&](const SummaryRow& row) { return request.matches(row); }));
    return Status();
  }));
  return matching;
}

// Which rows of a block go, when `left` of those that match may; takes them off.
std::vector<bool> choose(const PruneRequest& request, const std::vector<SummaryRow>& rows,
                         std::uint64_t& left, PruneCount& count) {
  std::vector<bool> goes(rows.size());
  for (std::size_t i = 0; i < rows.size() && left > 0; ++i) {
    if (!request.matches(rows[i])) continue;
    --left;
    if (request.ended_before.has_value() && rows[i].ended >= *request.ended_before) continue;
    goes[i] = true;
    count.add(rows[i]);
  }
  return goes;
}

}  // namespace

bool PruneRequest::matches(const SummaryRow& row) const {
  return (states >> static_cast<unsigned>(row.state) & 1) != 0 &&
         (!workflow.has_value() || row.workflow_name == *workflow);
}

void PruneCount::add(const SummaryRow& row) {
  ++runs;
  ++states[static_cast<std::size_t>(row.state)];
  ++workflows[std::string(row.workflow_name)];
  ended_min = std::min(ended_min.value_or(row.ended), row.ended);
  ended_max = std::max(ended_max.value_or(row.ended), row.ended);
}

Result<PruneCount> count_prunable(const StateRead& state, const PruneRequest& request) {
  PruneCount count;
  TN_ASSIGN(count.matching, count_matching(state, request));
  std::uint64_t left = count.matching - std::min(count.matching, request.keep);
  TN_TRY(for_each_block(state, request, [&](const std::vector<SummaryRow>& rows) {
    static_cast<void>(choose(request, rows, left, count));
    return Status();
  }));
  return count;
}

Result<bool> Pruner::step(StateWrite& write, JournalMeta& meta) {
  if (!has_begun_) {
    TN_ASSIGN(count_.matching, count_matching(write, request_));
    place_.left = count_.matching - std::min(count_.matching, request_.keep);
    place_.from = block_key(BlockNumber(0));
    has_begun_ = true;
  }
  next_ = place_;
  in_hand_ = count_;
  std::uint32_t forgotten = 0;
  for (std::uint32_t i = 0; i < kBlocksMax && forgotten + kSummaryRowsMax <= kRetentionRunsMax; ++i) {
    if (next_.left == 0) break;
    // Copies: what a scan shows lives until the next put.
    Bytes key;
    Bytes value;
    TN_TRY(write.scan(Table::summaries, next_.from, [&](ByteView k, ByteView v) {
      key = k;
      value = v;
      return false;
    }));
    if (key.empty()) {
      next_.left = 0;
      break;
    }
    TN_ASSIGN(const std::uint32_t gone, thin(write, meta, key, value));
    forgotten += gone;
    next_.from = key + '\0';
  }
  if (forgotten == 0 && next_.left == 0) return false;
  if (forgotten != 0) TN_TRY(write.put(Table::meta, kJournalMetaKey, encode(meta)));
  return true;
}

void Pruner::committed() {
  place_ = next_;
  count_ = in_hand_;
}

Result<std::uint32_t> Pruner::thin(StateWrite& write, JournalMeta& meta, const Bytes& key,
                                   const Bytes& value) {
  TN_ASSIGN(const SummaryZone zone, read_summary_zone(key, value));
  if (!request_.may_match(zone)) return 0u;
  TN_ASSIGN(const std::vector<SummaryRow> rows, read_summary_rows(key, value));
  return forget_rows(write, meta, key, rows, choose(request_, rows, next_.left, in_hand_));
}

}  // namespace tenuto
