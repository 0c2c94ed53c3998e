#include "core/journal/table_writer.h"

#include <algorithm>

#include "core/journal/command_row.h"
#include "core/journal/pool_hour.h"
#include "core/journal/seal.h"
#include "core/journal/workflow_row.h"

namespace tenuto {

Status TableWriter::put_store_event(const Event& event) {
  if (const auto* stored = std::get_if<WorkflowStored>(&event.body)) {
    const Bytes key = workflow_key(stored->hash);
    names_.insert_or_assign(stored->hash, stored->name);
    return write_.put(Table::workflows, key,
                      encode(WorkflowRow{event.at, stored->name, stored->definition}, key));
  }
  if (const auto* applied = std::get_if<CommandApplied>(&event.body)) {
    return put_command(applied->command, event.at, Code::ok, applied->subject, {});
  }
  if (const auto* refused = std::get_if<CommandRefused>(&event.body)) {
    return put_command(refused->command, event.at, refused->code, RunNumber(), refused->message);
  }
  if (std::holds_alternative<PoolUsed>(event.body)) return put_pool_used(event);
  if (const auto* numbers = std::get_if<NumbersReserved>(&event.body)) meta_.next_run = numbers->next;
  return Status();  // engine_opened leaves its generation in the watermark's row
}

Status TableWriter::put_command(const CommandId& id, WallTime at, Code code, RunNumber subject,
                                const std::string& message) {
  if (id.is_none()) return Status();
  ++commands_;
  const Bytes key = command_key(id);
  return write_.put(Table::commands, key, encode(CommandOutcome{at, code, subject, message}, key));
}

Status TableWriter::put_pool_used(const Event& event) {
  const auto& used = std::get<PoolUsed>(event.body);
  const Bytes key = stats_key({pool_stats_name(used.pool), hour_of(used.from), 0});
  PoolHour hour;
  ByteView value;
  TN_ASSIGN(const bool found, write_.get(Table::stats, key, value));
  if (found) {
    TN_ASSIGN(hour, decode_pool_hour(key, value));
  }
  hour.slots_max = std::max(hour.slots_max, used.slots);
  hour.available_ns += used.available_ns;
  hour.busy_ns += used.busy_ns;
  return write_.put(Table::stats, key, encode(hour, key));
}

Status TableWriter::put_run(const RunGroups& groups, const RunGroups::Group& group) {
  RunInHand run;
  run.run = group.run;
  run.live_key = run_key(group.run);
  chunk_.clear();
  history_.begin();
  bool first = true;
  Status status;
  groups.for_each_record_of(group, [&](ByteView record) {
    if (!status.ok()) return;
    RecordHeader header;
    TN_CHECK(decode_header(record, header));  // it was read from the journal as a whole record
    const bool starts = header.type == static_cast<std::uint8_t>(EventType::run_started);
    if (first && !starts) status = load(run);
    first = false;
    if (status.ok()) status = look_into(run, header, record);
    if (status.ok() && chunk_.size() >= kHistoryChunkBytes) status = put_chunk(run);
    history_.add(header, record, chunk_);
  });
  TN_TRY(status);
  TN_ASSIGN(const bool packed, may_be_packed(run));
  TN_TRY(packed ? pack(run.run) : put_chunk(run));
  if (run.ended) return end(run);
  return write_.put(Table::live, run.live_key, encode(run.row, run.live_key));
}

// Most records are only moved to the history; these few say something that other tables hold.
Status TableWriter::look_into(RunInHand& run, const RecordHeader& header, ByteView record) {
  const auto type = static_cast<EventType>(header.type);
  if (type != EventType::run_started && type != EventType::run_ended && type != EventType::cancel_requested)
    return Status();
  TN_ASSIGN(const Decoded decoded, decode(record, event_));
  if (decoded == Decoded::passed_over) return Status();
  if (type == EventType::run_started) return start(run, event_);
  if (type == EventType::run_ended) {
    if (!run.ended) run.ended = event_;
    return Status();
  }
  return put_command(std::get<CancelRequested>(event_.body).command, event_.at, Code::ok, event_.run, {});
}

Status TableWriter::start(RunInHand& run, const Event& event) {
  const auto& body = std::get<RunStarted>(event.body);
  run.is_new = true;
  run.row = LiveRow{body.workflow, body.id, body.id_chosen, body.test, event.at, body.labels, 0};
  ++meta_.live_runs;
  meta_.next_run = std::max(meta_.next_run, RunNumber(run.run.value + 1));
  TN_TRY(put_command(body.command, event.at, Code::ok, run.run, {}));
  if (!body.id_chosen) return Status();
  return write_.put(Table::keys, body.id, encode_run_number(run.run, body.id));
}

Status TableWriter::load(RunInHand& run) {
  ByteView value;
  TN_ASSIGN(const bool found, write_.get(Table::live, run.live_key, value));
  if (!found) {
    return Status(Code::damaged,
                  "run " + std::to_string(run.run.value) +
                      " has events in the journal but no start; restore the store from a backup");
  }
  TN_ASSIGN(run.row, decode_live_row(run.live_key, value));
  return Status();
}

Status TableWriter::put_chunk(RunInHand& run) {
  const Bytes key = history_key({run.run, ChunkNumber(run.row.chunks)});
  ++run.row.chunks;
  seal(key, chunk_);
  const Status status = write_.put(Table::history, key, chunk_);
  chunk_.clear();
  history_.begin();
  return status;
}

// A run that starts and ends here, with a short history; behind all packs, so that packs don't overlap.
Result<bool> TableWriter::may_be_packed(const RunInHand& run) {
  if (!run.is_new || !run.ended || run.row.chunks != 0 || chunk_.size() > kPackedChunkBytesMax) return false;
  if (!packed_until_) {
    packed_until_ = RunNumber();
    TN_TRY(write_.scan_back(Table::packs, {}, [&](ByteView key, ByteView) {
      packed_until_ = parse_run_key(key);
      return false;
    }));
    if (!packed_until_) {
      return Status(Code::damaged,
                    "the key of a pack of histories is malformed; restore the store from a backup");
    }
  }
  return run.run > *packed_until_;
}

Status TableWriter::pack(RunNumber run) {
  if (!pack_.has_room_for(chunk_)) TN_TRY(close_pack());
  pack_.add(run, chunk_);
  packed_until_ = run;
  return Status();
}

Status TableWriter::close_pack() {
  if (pack_.empty()) return Status();
  const Bytes key = run_key(pack_.last());
  return write_.append(Table::packs, key, pack_.finish(key));
}

Status TableWriter::end(const RunInHand& run) {
  const auto& body = std::get<RunEnded>(run.ended->body);
  SummaryRow row;
  row.run = run.run;
  row.state = body.state;
  row.id_chosen = run.row.id_chosen;
  row.test = run.row.test;
  row.id = run.row.id;
  row.workflow = run.row.workflow;
  TN_ASSIGN(row.workflow_name, name_of(run.row.workflow));
  row.started = run.row.started;
  row.ended = run.ended->at;
  row.labels = run.row.labels;
  row.counts = body.counts;
  row.error_type = body.failure.type;
  row.error_message = body.failure.message;
  row.chunks = run.row.chunks;
  TN_TRY(open_block());
  block_->add(row);
  if (block_->is_full()) TN_TRY(close_block());
  --meta_.live_runs;
  ++meta_.summary_rows;
  ++meta_.ended[static_cast<std::size_t>(body.state)];
  return run.is_new ? Status() : write_.erase(Table::live, run.live_key);
}

// The last block in the tables, while it has room, or a new one.
Status TableWriter::open_block() {
  if (block_) return Status();
  if (meta_.next_block > 0) {
    block_key_ = block_key(BlockNumber(meta_.next_block - 1));
    ByteView value;
    TN_ASSIGN(const bool found, write_.get(Table::summaries, block_key_, value));
    if (found) {
      TN_ASSIGN(block_, SummaryBlock::load(block_key_, value));
      if (!block_->is_full()) return Status();
    }
  }
  block_key_ = block_key(BlockNumber(meta_.next_block));
  ++meta_.next_block;
  block_.emplace();
  return Status();
}

Status TableWriter::close_block() {
  TN_TRY(close_pack());  // a pack has runs of one block only, so that retention mostly erases both whole
  const Status status = write_.put(Table::summaries, block_key_, block_->finish(block_key_));
  block_.reset();
  return status;
}

Result<ByteView> TableWriter::name_of(const WorkflowHash& hash) {
  if (const auto known = names_.find(hash); known != names_.end()) return ByteView(known->second);
  const Bytes key = workflow_key(hash);
  ByteView value;
  TN_ASSIGN(const bool found, write_.get(Table::workflows, key, value));
  if (!found)
    return Status(Code::damaged,
                  "a run names a workflow that is not stored; restore the store from a backup");
  TN_ASSIGN(const WorkflowRow row, decode_workflow_row(key, value));
  return ByteView(names_.emplace(hash, row.name).first->second);
}

Status TableWriter::finish(const JournalPlace& applied, Generation generation, ByteView open_fragments) {
  if (block_) TN_TRY(close_block());
  if (open_fragments.empty()) {
    TN_TRY(write_.erase(Table::meta, kOpenFragmentsKey));
  } else {
    Bytes value(open_fragments);
    seal(kOpenFragmentsKey, value);
    TN_TRY(write_.put(Table::meta, kOpenFragmentsKey, value));
  }
  meta_.applied = applied;
  meta_.generation = generation;
  return write_.put(Table::meta, kJournalMetaKey, encode(meta_));
}

}  // namespace tenuto
