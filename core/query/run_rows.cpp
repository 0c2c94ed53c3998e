#include "core/query/run_rows.h"

#include "core/store/keys.h"

namespace tenuto {
namespace {

LiveRow live_row_of(const Event& event) {
  const auto& started = std::get<RunStarted>(event.body);
  return {started.workflow, started.id, started.id_chosen, started.test, event.at, started.labels, 0};
}

// The row that the tables have of a run that began before the tail.
Result<LiveRow> load_live_row(const StateRead& tables, RunNumber run) {
  const Bytes key = run_key(run);
  ByteView value;
  TN_ASSIGN(const bool found, tables.get(Table::live, key, value));
  if (found) return decode_live_row(key, value);
  return Status(Code::damaged,
                "run " + std::to_string(run.value) +
                    " has events in the journal but no start; restore the store from a backup");
}

}  // namespace

Result<RunRows> RunRows::of(const View& view) {
  RunRows rows(view);
  for (const TailRun& run : view.tail_runs()) {
    if (run.ends) {
      TN_TRY(rows.add_ended(run));
    } else if (run.starts) {
      TN_ASSIGN(const Event start, view.start_of(run.records.run));
      rows.tail_live_.emplace_back(run.records.run, live_row_of(start));
    }
  }
  rows.close_block();
  return rows;
}

Status RunRows::add_ended(const TailRun& run) {
  LiveRow begun;
  std::optional<Event> end;
  if (!run.starts) {
    TN_ASSIGN(begun, load_live_row(view_.tables(), run.records.run));
  }
  TN_TRY(view_.for_each_tail_event(run, [&](const Event& event) {
    if (event.type() == EventType::run_started) begun = live_row_of(event);
    if (event.type() == EventType::run_ended) end = event;
    return !end.has_value();
  }));
  if (!end.has_value()) return {};  // a newer form of the event, which this version passes over
  const auto& ended = std::get<RunEnded>(end->body);
  SummaryRow row;
  row.run = run.records.run;
  row.state = ended.state;
  row.id_chosen = begun.id_chosen;
  row.test = begun.test;
  row.id = begun.id;
  row.workflow = begun.workflow;
  TN_ASSIGN(row.workflow_name, view_.workflow_name(begun.workflow));
  row.started = begun.started;
  row.ended = end->at;
  row.labels = begun.labels;
  row.counts = ended.counts;
  row.error_type = ended.failure.type;
  row.error_message = ended.failure.message;
  open_.add(row);
  if (open_.is_full()) close_block();
  return {};
}

void RunRows::close_block() {
  if (open_.zone().rows == 0) return;
  Bytes key = block_key(BlockNumber{tail_blocks_.size()});
  Bytes value = open_.finish(key);
  tail_blocks_.emplace_back(std::move(key), std::move(value));
  open_ = SummaryBlock();
}

Status RunRows::for_each_block(const BlockVisitor& visit) const {
  Status status;
  TN_TRY(view_.tables().scan(Table::summaries, {}, [&](ByteView key, ByteView value) {
    const auto zone = read_summary_zone(key, value);
    status = zone.ok() ? visit(*zone, key, value) : zone.status();
    return status.ok();
  }));
  TN_TRY(status);
  for (const auto& [key, value] : tail_blocks_) {
    TN_ASSIGN(const SummaryZone zone, read_summary_zone(key, value));
    TN_TRY(visit(zone, key, value));
  }
  return {};
}

Status RunRows::for_each_live(const LiveVisitor& visit) const {
  Status status;
  bool more = true;
  const auto give = [&](RunNumber run, const LiveRow& row) {
    const Result<bool> wanted = visit(run, row);
    if (!wanted.ok()) status = wanted.status();
    more = wanted.ok() && *wanted;
  };
  // Numbers are given before the events reach the journal, so the newest run of the tables may be newer than one of the tail.
  std::size_t left = tail_live_.size();
  const auto give_tail_down_to = [&](RunNumber bound) {
    for (; more && left > 0 && tail_live_[left - 1].first > bound; --left) {
      give(tail_live_[left - 1].first, tail_live_[left - 1].second);
    }
  };
  TN_TRY(view_.tables().scan_back(Table::live, {}, [&](ByteView key, ByteView value) {
    const auto run = parse_run_key(key);
    if (!run.has_value()) {
      status = Status(Code::damaged, "a key of table live is malformed; restore the store from a backup");
      return false;
    }
    give_tail_down_to(*run);
    const TailRun* tail = view_.tail_run(*run);
    if (!more || (tail != nullptr && tail->ends)) return more;
    auto row = decode_live_row(key, value);
    if (!row.ok()) {
      status = row.status();
      return false;
    }
    row->id = view_.id_of(*run, row->started, row->id);
    give(*run, *row);
    return more;
  }));
  TN_TRY(status);
  give_tail_down_to(RunNumber{0});
  return status;
}

}  // namespace tenuto
