#include "core/query/load.h"

#include "core/journal/history_chunk.h"
#include "core/journal/history_pack.h"
#include "core/journal/live_row.h"
#include "core/journal/seal.h"
#include "core/journal/workflow_row.h"
#include "core/plan/compile.h"
#include "core/store/keys.h"

namespace tenuto {

Result<PlanRef> PlanCache::get(const StateRead& state, const WorkflowHash& hash) {
  if (PlanRef plan = find(hash)) return plan;
  const Bytes key = workflow_key(hash);
  ByteView value;
  TN_ASSIGN(const bool found, state.get(Table::workflows, key, value));
  if (!found) return Status(Code::not_found, "the definition of a run's workflow is not in the store");
  TN_ASSIGN(const WorkflowRow row, decode_workflow_row(key, value));
  return add(hash, row.definition);
}

Result<PlanRef> PlanCache::add(const WorkflowHash& hash, ByteView definition) {
  if (PlanRef plan = find(hash)) return plan;
  TN_ASSIGN(PlanRef plan, compile_workflow_text(definition));
  MutexLock lock(mutex_);
  plans_.emplace(hash, plan);
  return plan;
}

PlanRef PlanCache::find(const WorkflowHash& hash) const {
  MutexLock lock(mutex_);
  const auto found = plans_.find(hash);
  return found == plans_.end() ? nullptr : found->second;
}

Result<std::optional<RunNumber>> find_chosen_id(const StateRead& state, std::string_view id) {
  ByteView value;
  TN_ASSIGN(const bool found, state.get(Table::keys, id, value));
  if (!found) return std::optional<RunNumber>();
  TN_ASSIGN(const RunNumber run, decode_run_number(id, value));
  return std::optional(run);
}

namespace {

Status missing(RunNumber run, const char* what) {
  return {Code::not_found, "the store has no " + std::string(what) + " of run " + std::to_string(run.value)};
}

Status incomplete(RunNumber run) {
  return {Code::damaged, "a part of the history of run " + std::to_string(run.value) +
                             " is missing; restore the store from a backup"};
}

// The records of a chunk; `more` is false once `visit` has enough.
Status visit_chunk(ByteView chunk, RunNumber run, Event& event, bool& more,
                   const std::function<bool(const Event&)>& visit) {
  return for_each_history_record(chunk, run, [&](const RecordHeader&, ByteView record) -> Status {
    if (!more) return {};
    TN_ASSIGN(const Decoded decoded, decode(record, event));
    if (decoded == Decoded::event) more = visit(event);
    return {};
  });
}

// A short run that shares an entry with others; nothing when there is no such.
Status visit_packed(const StateRead& state, RunNumber run, const std::function<bool(const Event&)>& visit) {
  Status status;
  Event event;
  bool more = true;
  TN_TRY(state.scan(Table::packs, run_key(run), [&](ByteView key, ByteView value) {
    const auto chunk = find_in_pack(key, value, run);
    if (!chunk.ok()) {
      status = chunk.status();
    } else if (chunk->has_value()) {
      status = visit_chunk(**chunk, run, event, more, visit);
    }
    return false;
  }));
  return status;
}

// Visits the chunks and gives back how many there were; a pack counts as none.
Result<std::uint32_t> visit_chunks(const StateRead& state, RunNumber run,
                                   const std::function<bool(const Event&)>& visit) {
  Status status;
  Event event;
  bool more = true;
  std::uint32_t chunks = 0;
  TN_TRY(state.scan(Table::history, history_key({run, ChunkNumber{0}}), [&](ByteView key, ByteView value) {
    const auto place = parse_history_key(key);
    if (!place.has_value() || place->run != run) return false;
    if (place->chunk.value != chunks) {
      status = incomplete(run);
      return false;
    }
    ++chunks;
    const auto chunk = unseal(key, value, "a chunk of history");
    if (!chunk.ok()) {
      status = chunk.status();
      return false;
    }
    status = visit_chunk(*chunk, run, event, more, visit);
    return status.ok() && more;
  }));
  TN_TRY(status);
  if (chunks == 0) TN_TRY(visit_packed(state, run, visit));
  return chunks;
}

}  // namespace

Status for_each_event(const StateRead& state, RunNumber run, const std::function<bool(const Event&)>& visit) {
  const auto chunks = visit_chunks(state, run, visit);
  return chunks.ok() ? Status() : chunks.status();
}

Result<std::vector<Event>> load_events(const StateRead& state, RunNumber run) {
  std::vector<Event> events;
  bool ended = false;
  TN_ASSIGN(const std::uint32_t chunks, visit_chunks(state, run, [&](const Event& event) {
              ended = ended || event.type() == EventType::run_ended;
              events.push_back(event);
              return true;
            }));
  if (ended) return events;
  const Bytes key = run_key(run);
  ByteView value;
  TN_ASSIGN(const bool live, state.get(Table::live, key, value));
  if (live) {
    TN_ASSIGN(const LiveRow row, decode_live_row(key, value));
    if (row.chunks != chunks) return incomplete(run);
  } else if (chunks != 0) {
    return incomplete(run);
  }
  return events;
}

Result<RunStarted> load_started(const StateRead& state, RunNumber run) {
  std::optional<RunStarted> started;
  TN_TRY(for_each_event(state, run, [&](const Event& event) {
    if (const auto* body = std::get_if<RunStarted>(&event.body)) started = *body;
    return false;
  }));
  if (!started.has_value()) return missing(run, "start");
  return *std::move(started);
}

Result<EndedRun> load_ended(const StateRead& state, RunNumber run, PlanCache& plans) {
  std::optional<RunEnded> ended;
  WorkflowHash workflow;
  std::unordered_map<TaskIndex, std::uint32_t> failed_attempts;  // the last of each node
  TN_TRY(for_each_event(state, run, [&](const Event& event) {
    if (const auto* started = std::get_if<RunStarted>(&event.body)) workflow = started->workflow;
    if (std::holds_alternative<AttemptFailed>(event.body)) failed_attempts[event.task] = event.attempt.value;
    if (const auto* body = std::get_if<RunEnded>(&event.body)) ended = *body;
    return true;
  }));
  if (!ended.has_value()) return missing(run, "end");
  EndedRun result{*std::move(ended), "", 0};
  if (result.event.culprit != kNoTask) {
    TN_ASSIGN(const PlanRef plan, plans.get(state, workflow));
    if (result.event.culprit.value < plan->node_count()) result.culprit = plan->name_of(result.event.culprit);
    result.culprit_attempt = failed_attempts[result.event.culprit];
  }
  return result;
}

Result<std::optional<CommandOutcome>> load_command(const StateRead& state, const CommandId& command) {
  const Bytes key = command_key(command);
  ByteView value;
  TN_ASSIGN(const bool found, state.get(Table::commands, key, value));
  if (!found) return std::optional<CommandOutcome>();
  TN_ASSIGN(CommandOutcome outcome, decode_command_outcome(key, value));
  return std::optional(std::move(outcome));
}

}  // namespace tenuto
