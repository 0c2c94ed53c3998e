// One consistent picture of a store: a snapshot of the state tables, and the journal behind their watermark up to a durable
// position. What it says was durable when it was opened, and stays the same while it lives.
//
// Used by the owner and by other processes, never on the hot path. Opening copies the records of the tail, at most
// the journal's window; nothing is decoded before it is asked for.
//
// Thread safety: one thread at a time, the one that opened it. `State`, `Log` and `PlanCache` outlive the view.
// Errors of all functions: damaged, newer_format, storage_error; others where they are named.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/store_keys.h"
#include "core/journal/journal_meta.h"
#include "core/journal/run_groups.h"
#include "core/query/load.h"
#include "core/store/log.h"

namespace tenuto {

struct FoundRun {
  RunNumber number;
  std::string id;
};

// What the tail has of one run.
struct TailRun {
  RunGroups::Group records;
  bool starts = false;
  bool ends = false;
};

class View {
 public:
  // `store_key` tells generated ids of this store from others' (core/base/run_id.h).
  static Result<View> open(const State& state, const Log& log, Position durable, PlanCache& plans,
                           const StoreKeys& store_key);
  View(View&&) noexcept;
  View& operator=(View&&) noexcept;
  ~View();

  // A run by its id, by a prefix of it that fits one run only (generated ids in either case), or "@last" (the newest),
  // "@last:NAME" (of this workflow), "@failed" (the newest that failed). not_found; conflict, naming some, when several fit.
  Result<FoundRun> find(std::string_view text) const;
  // The run with this whole id and no other: for a program that has the name of a run, which may not have begun yet while another
  // begins with it. not_found.
  Result<FoundRun> find_exactly(std::string_view id) const;

  // shown_run_id() for this store.
  [[nodiscard]] std::string id_of(RunNumber run, WallTime started, std::string_view stored) const;

  // Every recorded event of a run, oldest first; not_found when there is none. Here and below, run_started has the run's id.
  Result<std::vector<Event>> events_of(RunNumber run) const;
  // The event that began it; not_found.
  Result<Event> start_of(RunNumber run) const;
  // What became of a command.
  Result<std::optional<CommandOutcome>> command(const CommandId& id) const;

  Result<PlanRef> plan_of(const WorkflowHash& hash) const;
  // The view lives as long as the picture.
  Result<ByteView> workflow_name(const WorkflowHash& hash) const;

  [[nodiscard]] const StateRead& tables() const { return *tables_; }
  [[nodiscard]] const StoreKeys& store_key() const { return store_key_; }
  // Runs with events in the tail, by ascending number.
  [[nodiscard]] std::span<const TailRun> tail_runs() const { return tail_runs_; }
  [[nodiscard]] const TailRun* tail_run(RunNumber run) const;  // nullptr: none
  // Calls `visit(const Event&) -> bool` (false: enough) for the events of the tail of one run.
  Status for_each_tail_event(const TailRun& run, const std::function<bool(const Event&)>& visit) const;
  // What pools did, in the tail.
  [[nodiscard]] std::span<const Event> pool_events() const { return pool_events_; }

 private:
  // By the whole id; `begun` are the runs of the tail whose ids begin with it.
  Result<std::optional<FoundRun>> find_whole(std::string_view id, const std::vector<FoundRun>& begun) const;
  void name_start(Event& event) const;
  View(PlanCache& plans, const StoreKeys& store_key);
  Status read(const State& state, const Log& log, Position durable);
  Status add_record(const RecordHeader& header, ByteView record);
  Status add_store_event(Event event);
  Status index_tail();

  struct Workflow {
    std::string name;
    std::string definition;
  };

  PlanCache* plans_;
  StoreKeys store_key_;
  std::unique_ptr<StateRead> tables_;
  std::unique_ptr<RunGroups> tail_;
  std::vector<TailRun> tail_runs_;
  std::vector<Event> pool_events_;
  std::unordered_map<WorkflowHash, Workflow> tail_workflows_;
  std::unordered_map<CommandId, CommandOutcome> tail_commands_;
  // Filled as asked for; nodes of the map don't move.
  mutable std::unordered_map<WorkflowHash, std::string> names_;
};

}  // namespace tenuto
