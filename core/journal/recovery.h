// State tables and the frames behind their watermark -> everything that the engine must know to go on.
//
// Recovery reads and changes nothing. It visits, in this order: workflows, the events of every live run from its history,
// run by run, the outcomes of commands, and then the journal behind the watermark, in the order of positions. An
// event is visited exactly once: what is in the tables is before the watermark. Readers of other processes use it the same way, on a
// snapshot.
//
// What was not synced may be gone, from the first lost frame on; what was synced and can't be read is damage, and then recovery
// stops and says where. One case can't be told: a damaged last frame looks like one that was never synced, unless the
// tables know better.
//
// Thread safety: functions; `log` may grow meanwhile only in a reader of another process.
#pragma once

#include <vector>

#include "core/journal/command_row.h"
#include "core/journal/journal_meta.h"
#include "core/journal/recovery_live.h"
#include "core/journal/segments.h"

namespace tenuto {

// What it sees lives as long as the call; a status that is not ok ends recovery with it.
class RecoveryVisitor : public RunVisitor {
 public:
  virtual Status on_workflow(const WorkflowHash& hash, ByteView name, ByteView definition) = 0;
  // The tables have so many live runs, nearly: before the first of their events.
  virtual void on_live_runs(std::uint64_t) {}
  virtual Status on_command(const CommandId& id, const CommandOutcome& outcome) = 0;
  // An event behind the watermark, of any kind. It is durable, or was found, up to `end`.
  virtual Status on_event(const Event& event, Position end) = 0;
};

struct RecoveredJournal {
  bool is_new = true;    // there was nothing: the caller chooses meta.store
  JournalMeta meta;      // as in the tables, with a place of the watermark that exists; for the materialiser
  Bytes open_fragments;  // for the materialiser
  JournalPlace next;     // where the committer goes on
  Generation last;       // the highest in the store; the next owner's is one more
  RunNumber next_run{1};
  std::vector<LiveSegment> segments;  // for Segments
  std::vector<SegmentNumber> spares;  // for Segments
  std::uint64_t live_runs = 0;        // visited from the tables
  std::uint64_t events = 0;           // visited, from tables and journal
};

// Who visits the live runs of the tables, and how several do it: one job each.
struct LiveRunParts {
  std::span<RunVisitor* const> visitors;
  DoJobs do_jobs;  // not called for one visitor
};

// damaged (with the place), newer_format, storage_error, and what the visitor returns.
[[nodiscard]] Result<RecoveredJournal> recover(const Log& log, const State& state, RecoveryVisitor& visitor);
// The live runs are visited by `parts` instead of `visitor`.
[[nodiscard]] Result<RecoveredJournal> recover(const Log& log, const State& state, RecoveryVisitor& visitor,
                                               const LiveRunParts& parts);

}  // namespace tenuto
