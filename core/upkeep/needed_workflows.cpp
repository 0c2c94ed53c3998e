#include "core/upkeep/needed_workflows.h"

#include "core/journal/live_row.h"
#include "core/journal/summary.h"
#include "core/query/tail.h"

namespace tenuto {

Result<std::unordered_set<WorkflowHash>> needed_workflows(const StateRead& tables, const Log& log) {
  std::unordered_set<WorkflowHash> needed;
  Status status;
  TN_TRY(tables.scan(Table::summaries, {}, [&](ByteView key, ByteView value) {
    const Result<SummaryReader> block = SummaryReader::open(key, value);
    if (!block.ok()) status = block.status();
    if (block.ok()) {
      for (const SummaryWorkflow& workflow : block->workflows()) needed.insert(workflow.hash);
    }
    return status.ok();
  }));
  TN_TRY(status);
  TN_TRY(tables.scan(Table::live, {}, [&](ByteView key, ByteView value) {
    const Result<LiveRow> row = decode_live_row(key, value);
    if (!row.ok()) status = row.status();
    if (row.ok()) needed.insert(row->workflow);
    return status.ok();
  }));
  TN_TRY(status);
  TN_ASSIGN(Tail tail, Tail::from_watermark(log, tables));
  // Up to the journal's end, which is where no frame is left.
  const Status read = tail.poll(Position(UINT64_MAX), [&](const Event& event, Position) {
    if (const auto* started = std::get_if<RunStarted>(&event.body)) needed.insert(started->workflow);
  });
  if (!read.ok() && read.code() != Code::not_found) return read;
  return needed;
}

}  // namespace tenuto
