#include "core/query/verify.h"

#include <algorithm>

#include "core/journal/history_chunk.h"
#include "core/journal/history_pack.h"
#include "core/journal/pool_hour.h"
#include "core/journal/seal.h"
#include "core/journal/summary.h"
#include "core/journal/workflow_row.h"
#include "core/plan/compile.h"
#include "core/query/replay.h"
#include "core/query/run_rows.h"
#include "core/query/verify_journal.h"
#include "core/query/verify_report.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

// More runs than these are not told from each other; 128 MiB of bits.
constexpr std::uint64_t kRunsTracked = 1u << 30;

std::string run_text(RunNumber run) {
  return "run " + std::to_string(run.value);
}

Status unlike(const char* what) {
  return {Code::damaged, std::string("its summary differs from its history: ") + what};
}

class Verifier {
 public:
  Verifier(const State& state, const Log& log) : state_(state), log_(log) {}

  Status run() {
    TN_ASSIGN(tables_, state_.begin_read());
    const auto meta = read_journal_meta(*tables_);
    if (!meta.ok()) report_.problem("meta", meta.status().message());
    if (meta.ok()) meta_ = *meta;
    const std::optional<Position> end = meta.ok() ? verify_journal(log_, meta_, report_) : std::nullopt;
    TN_TRY(check_workflows());
    TN_TRY(check_summaries());
    TN_TRY(check_live());
    TN_TRY(check_histories());
    TN_TRY(check_packs());
    TN_TRY(check_keys());
    TN_TRY(check_commands());
    TN_TRY(check_pools());
    check_counts();
    if (end.has_value()) check_runs_of_tail(*end);
    return {};
  }
  [[nodiscard]] const VerifyReport& report() const { return report_; }

 private:
  // Calls `check(key, value) -> Status` for each row; what it returns is a problem of the row.
  template <class Check>
  Status each_row(Table table, const char* kind, Check&& check) {
    std::uint64_t& count = report_.checked(kind);
    std::uint64_t seen = 0;
    const Status scanned = tables_->scan(table, {}, [&](ByteView key, ByteView value) {
      report_.expect(std::string(kind) + " " + std::to_string(seen), check(key, value));
      ++seen;
      return true;
    });
    count = seen;
    return scanned;
  }

  Status check_workflows() {
    return each_row(Table::workflows, "workflows", [](ByteView key, ByteView value) -> Status {
      const auto hash = parse_workflow_key(key);
      if (!hash.has_value()) return {Code::damaged, "its key is malformed"};
      TN_ASSIGN(const WorkflowRow row, decode_workflow_row(key, value));
      TN_ASSIGN(const PlanRef plan, compile_workflow_text(row.definition));
      if (plan->hash() == *hash) return {};
      return {Code::damaged, "the definition of `" + std::string(row.name) + "` is not the one of its hash"};
    });
  }

  void track(std::vector<bool>& runs, RunNumber run) const {
    if (run.value >= kRunsTracked) return;
    if (runs.size() <= run.value) runs.resize(std::max<std::size_t>(run.value + 1, runs.size() * 2));
    runs[run.value] = true;
  }
  static bool is_tracked(const std::vector<bool>& runs, RunNumber run) {
    return run.value >= kRunsTracked || (run.value < runs.size() && runs[run.value]);
  }

  Status check_summaries() {
    return each_row(Table::summaries, "summary_blocks", [this](ByteView key, ByteView value) -> Status {
      if (!parse_block_key(key).has_value()) return {Code::damaged, "its key is malformed"};
      TN_ASSIGN(const std::vector<SummaryRow> rows, read_summary_rows(key, value));
      TN_ASSIGN(const SummaryZone zone, read_summary_zone(key, value));
      SummaryZone counted;
      for (const SummaryRow& row : rows) {
        counted.include(row);
        ++ended_rows_;
        track(ended_, row.run);
        report_.expect(run_text(row.run), check_summary(row));
      }
      return counted == zone ? Status() : Status(Code::damaged, "its zone map does not fit its rows");
    });
  }

  Status check_summary(const SummaryRow& row) {
    std::optional<Event> start;
    std::optional<Event> end;
    TN_TRY(for_each_event(*tables_, row.run, [&](const Event& event) {
      if (event.type() == EventType::run_started && !start.has_value()) start = event;
      if (event.type() == EventType::run_ended && !end.has_value()) end = event;
      return true;
    }));
    if (!start.has_value() || !end.has_value()) return {Code::damaged, "a part of its history is missing"};
    const auto& started = std::get<RunStarted>(start->body);
    const auto& ended = std::get<RunEnded>(end->body);
    if (row.id != started.id || row.id_chosen != started.id_chosen) return unlike("its id");
    if (row.workflow != started.workflow) return unlike("its workflow");
    if (row.started != start->at || row.ended != end->at) return unlike("its times");
    if (row.state != ended.state) return unlike("its state");
    if (!(row.counts == ended.counts)) return unlike("the counts of its tasks");
    if (row.error_type != ended.failure.type || !ended.failure.message.starts_with(row.error_message)) {
      return unlike("its error");
    }
    return {};
  }

  Status check_live() {
    return each_row(Table::live, "live_runs", [this](ByteView key, ByteView value) -> Status {
      const auto run = parse_run_key(key);
      if (!run.has_value()) return {Code::damaged, "its key is malformed"};
      ++live_rows_;
      track(live_, *run);
      if (is_tracked(ended_, *run) && run->value < kRunsTracked) {
        report_.problem(run_text(*run), "it is both live and ended");
      }
      const auto row = decode_live_row(key, value);
      if (report_.expect(run_text(*run), row.ok() ? Status() : row.status())) {
        const auto events = load_events(*tables_, *run);
        report_.expect(run_text(*run), events.ok() ? Status() : events.status());
      }
      return {};
    });
  }

  // Every chunk, also of runs that nothing names.
  Status check_histories() {
    return each_row(Table::history, "history_chunks", [this](ByteView key, ByteView value) -> Status {
      const auto place = parse_history_key(key);
      if (!place.has_value()) return {Code::damaged, "its key is malformed"};
      if (!is_tracked(ended_, place->run) && !is_tracked(live_, place->run)) {
        report_.problem(run_text(place->run), "it has a history but is neither live nor ended");
      }
      TN_ASSIGN(const ByteView records, unseal(key, value, "a chunk of history"));
      return check_records(records, place->run);
    });
  }

  // Every pack, with the order that finds a run in it.
  Status check_packs() {
    RunNumber before;
    return each_row(Table::packs, "packs", [this, &before](ByteView key, ByteView value) -> Status {
      TN_ASSIGN(const std::vector<PackedHistory> histories, read_pack(key, value));
      if (histories.front().run <= before) return {Code::damaged, "it overlaps with the one before"};
      before = *parse_run_key(key);
      for (const PackedHistory& history : histories) {
        if (!is_tracked(ended_, history.run)) {
          report_.problem(run_text(history.run), "it has a history in a pack but has not ended");
        }
        TN_TRY(check_records(history.chunk, history.run));
      }
      return {};
    });
  }

  static Status check_records(ByteView chunk, RunNumber run) {
    Event event;
    return for_each_history_event(chunk, run, event, [](const Event&) { return Status(); });
  }

  Status check_keys() {
    return each_row(Table::keys, "chosen_ids", [this](ByteView key, ByteView value) -> Status {
      TN_ASSIGN(const RunNumber run, decode_run_number(key, value));
      TN_ASSIGN(const RunStarted started, load_started(*tables_, run));
      if (started.id == key) return {};
      return {Code::damaged,
              "the id `" + std::string(key) + "` leads to " + run_text(run) + ", which has another"};
    });
  }

  Status check_commands() {
    return each_row(Table::commands, "commands", [](ByteView key, ByteView value) -> Status {
      if (!parse_command_key(key).has_value()) return {Code::damaged, "its key is malformed"};
      const auto outcome = decode_command_outcome(key, value);
      return outcome.ok() ? Status() : outcome.status();
    });
  }

  Status check_pools() {
    return each_row(Table::stats, "pool_hours", [](ByteView key, ByteView value) -> Status {
      if (!parse_stats_key(key).has_value()) return {Code::damaged, "its key is malformed"};
      const auto hour = decode_pool_hour(key, value);
      return hour.ok() ? Status() : hour.status();
    });
  }

  void check_counts() {
    if (!meta_.has_value()) return;
    const auto expect = [this](const char* what, std::uint64_t noted, std::uint64_t found) {
      if (noted == found) return;
      report_.problem("meta", std::string(what) + ": " + std::to_string(noted) + " noted, " +
                                  std::to_string(found) + " found");
    };
    expect("ended runs", meta_->summary_rows, ended_rows_);
    expect("live runs", meta_->live_runs, live_rows_);
  }

  // A new picture, since an owner may have gone on; every run that is live in it, or ended in the tail, must replay.
  void check_runs_of_tail(Position end) {
    const auto view = View::open(state_, log_, end, plans_, 0);
    if (!report_.expect("journal", view.ok() ? Status() : view.status())) return;
    std::uint64_t& replayed = report_.checked("replayed_runs");
    const auto check = [&](RunNumber run) {
      const auto state = replay(*view, run);
      report_.expect(run_text(run), state.ok() ? Status() : state.status());
      ++replayed;
    };
    for (const TailRun& run : view->tail_runs()) check(run.records.run);
    const auto rows = RunRows::of(*view);
    if (!report_.expect("journal", rows.ok() ? Status() : rows.status())) return;
    report_.expect("live runs", rows->for_each_live([&](RunNumber run, const LiveRow&) -> Result<bool> {
      if (view->tail_run(run) == nullptr) check(run);
      return true;
    }));
  }

  const State& state_;
  const Log& log_;
  std::unique_ptr<StateRead> tables_;
  std::optional<JournalMeta> meta_;
  PlanCache plans_;
  VerifyReport report_;
  std::vector<bool> ended_;  // run numbers
  std::vector<bool> live_;
  std::uint64_t ended_rows_ = 0;
  std::uint64_t live_rows_ = 0;
};

}  // namespace

Result<Bytes> verify(const State& state, const Log& log, bool& sound) {
  sound = false;
  Verifier verifier(state, log);
  TN_TRY(verifier.run());
  sound = verifier.report().sound();
  return verifier.report().to_json();
}

}  // namespace tenuto
