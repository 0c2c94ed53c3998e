#include "core/journal/recovery.h"

#include <algorithm>

#include "core/journal/batch.h"
#include "core/journal/fragment.h"
#include "core/journal/frame_reader.h"
#include "core/journal/seal.h"
#include "core/journal/workflow_row.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

Status damaged(const std::string& what) {
  return Status(Code::damaged, what + "; restore the store from a backup");
}

Status bad_key(const char* table) {
  return damaged(std::string("a key of table ") + table + " is malformed");
}

// Visits all rows of a table; `visit(key, value) -> Status`.
template <class Visit>
Status for_each_row(const StateRead& state, Table table, Visit&& visit) {
  Status status;
  TN_TRY(state.scan(table, {}, [&](ByteView key, ByteView value) {
    status = visit(key, value);
    return status.ok();
  }));
  return status;
}

class Recovery {
 public:
  Recovery(const Log& log, const State& tables, const StateRead& state, RecoveryVisitor& visitor,
           const LiveRunParts& parts)
      : log_(log), tables_(tables), state_(state), visitor_(visitor), parts_(parts) {}

  Result<RecoveredJournal> run() {
    TN_TRY(read_meta());
    TN_TRY(read_segments());
    TN_TRY(visit_workflows());
    TN_TRY(visit_live_runs());
    TN_TRY(visit_commands());
    TN_TRY(visit_tail());
    return std::move(out_);
  }

 private:
  Status read_meta();
  Status read_segments();
  Status find_start();
  Status visit_workflows();
  Status visit_live_runs();
  Status visit_commands();
  Status visit_tail();
  Status visit_record(const RecordHeader& header, ByteView record, Position end);
  void sort_out_spares();

  const Log& log_;
  const State& tables_;
  const StateRead& state_;
  RecoveryVisitor& visitor_;
  const LiveRunParts& parts_;
  RecoveredJournal out_;
  Reassembler open_;
  Event event_;  // keeps the memory of what is decoded
};

Status Recovery::read_meta() {
  TN_ASSIGN(const std::optional<JournalMeta> meta, read_journal_meta(state_));
  if (!meta) return Status();
  out_.is_new = false;
  out_.meta = *meta;
  out_.next_run = meta->next_run;
  ByteView value;
  TN_ASSIGN(const bool found, state_.get(Table::meta, kOpenFragmentsKey, value));
  if (!found) return Status();
  TN_ASSIGN(const ByteView fragments, unseal(kOpenFragmentsKey, value, "an open record"));
  out_.open_fragments = fragments;
  return open_.restore(fragments);
}

// Begun segments, ascending and without a gap, and spares behind them.
Status Recovery::read_segments() {
  TN_ASSIGN(const std::vector<SegmentNumber> numbers, log_.list());
  for (const SegmentNumber number : numbers) {
    const Result<SegmentHeader> header = read_segment_header(log_, number);
    if (header.code() == Code::not_found) {
      out_.spares.push_back(number);
      continue;
    }
    if (!header.ok()) return header.status();
    if (out_.is_new) {
      out_.is_new = false;
      out_.meta.store = header->store;
    }
    if (header->store != out_.meta.store) {
      return damaged("journal segment " + std::to_string(number.value) + " belongs to another store");
    }
    if (!out_.spares.empty()) {
      return damaged("the header of journal segment " + std::to_string(out_.spares.front().value) +
                     " is damaged");
    }
    const bool fits = out_.segments.empty() || (out_.segments.back().number.value + 1 == number.value &&
                                                out_.segments.back().first < header->first);
    if (!fits)
      return damaged("a segment before journal segment " + std::to_string(number.value) + " is missing");
    out_.segments.push_back({number, header->first});
  }
  return find_start();
}

// The place of the watermark: as the tables have it, or the beginning of the segment that begins there, when the one before was
// recycled.
Status Recovery::find_start() {
  JournalPlace& start = out_.meta.applied;
  if (out_.segments.empty() && start.position == Position()) return Status();
  for (const LiveSegment& segment : out_.segments) {
    if (segment.number == start.segment && segment.first <= start.position) return Status();
    if (segment.first == start.position) {
      start.segment = segment.number;
      start.offset = kSegmentHeaderBytes;
      return Status();
    }
  }
  return damaged("the journal has no segment for position " + std::to_string(start.position.value) +
                 ", where the state tables end (segment " + std::to_string(start.segment.value) + ")");
}

Status Recovery::visit_workflows() {
  return for_each_row(state_, Table::workflows, [&](ByteView key, ByteView value) -> Status {
    const std::optional<WorkflowHash> hash = parse_workflow_key(key);
    if (!hash) return bad_key("workflows");
    TN_ASSIGN(const WorkflowRow row, decode_workflow_row(key, value));
    return visitor_.on_workflow(*hash, row.name, row.definition);
  });
}

Status Recovery::visit_live_runs() {
  TN_ASSIGN(const StateInfo info, tables_.info());
  visitor_.on_live_runs(info.entries[static_cast<std::size_t>(Table::live)]);
  TN_ASSIGN(const LiveRunsVisited visited,
            tenuto::visit_live_runs(tables_, state_, parts_.visitors, parts_.do_jobs));
  // A row that is gone would be a run that nobody misses.
  if (visited.runs != out_.meta.live_runs) {
    return damaged("the state tables have " + std::to_string(visited.runs) + " live runs of " +
                   std::to_string(out_.meta.live_runs));
  }
  out_.live_runs = visited.runs;
  out_.events += visited.events;
  return Status();
}

Status Recovery::visit_commands() {
  return for_each_row(state_, Table::commands, [&](ByteView key, ByteView value) -> Status {
    const std::optional<CommandId> id = parse_command_key(key);
    if (!id) return bad_key("commands");
    TN_ASSIGN(const CommandOutcome outcome, decode_command_outcome(key, value));
    return visitor_.on_command(*id, outcome);
  });
}

Status Recovery::visit_tail() {
  FrameReader reader(log_, out_.meta.store, out_.meta.applied, out_.meta.generation);
  Frame frame;
  for (;;) {
    TN_ASSIGN(const bool found, reader.next(frame));
    if (!found) break;
    TN_TRY(for_each_record_of_batches(frame.batches, frame.begin,
                                      [&](const RecordHeader& header, ByteView record, Position end) {
                                        return visit_record(header, record, end);
                                      }));
  }
  out_.next = reader.place();
  out_.last = reader.generation();
  sort_out_spares();
  return Status();
}

Status Recovery::visit_record(const RecordHeader& header, ByteView record, Position end) {
  TN_ASSIGN(const ByteView whole, open_.feed(header, record));
  if (whole.empty()) return Status();  // a fragment
  TN_ASSIGN(const Decoded decoded, decode(whole, event_));
  if (decoded == Decoded::passed_over) return Status();
  const EventType type = event_.type();
  if (type == EventType::engine_opened) open_.clear();
  if (type == EventType::run_started)
    out_.next_run = std::max(out_.next_run, RunNumber(event_.run.value + 1));
  if (const auto* numbers = std::get_if<NumbersReserved>(&event_.body)) out_.next_run = numbers->next;
  ++out_.events;
  return visitor_.on_event(event_, end);
}

// A segment behind the tail was begun and lost its first frame: it is a spare again.
void Recovery::sort_out_spares() {
  std::vector<SegmentNumber> lost;
  while (!out_.segments.empty() && out_.segments.back().number > out_.next.segment) {
    lost.insert(lost.begin(), out_.segments.back().number);
    out_.segments.pop_back();
  }
  out_.spares.insert(out_.spares.begin(), lost.begin(), lost.end());
}

}  // namespace

Result<RecoveredJournal> recover(const Log& log, const State& state, RecoveryVisitor& visitor,
                                 const LiveRunParts& parts) {
  TN_ASSIGN(const std::unique_ptr<StateRead> read, state.begin_read());
  return Recovery(log, state, *read, visitor, parts).run();
}

Result<RecoveredJournal> recover(const Log& log, const State& state, RecoveryVisitor& visitor) {
  RunVisitor* const alone = &visitor;
  return recover(log, state, visitor, {std::span(&alone, 1), {}});
}

}  // namespace tenuto
