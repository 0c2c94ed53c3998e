#include "core/query/view.h"

#include <algorithm>

#include "core/base/run_id.h"
#include "core/journal/workflow_row.h"
#include "core/query/tail.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

// A segment may be recycled under our hands, and then a newer snapshot has what it held. The same watermark can be met
// twice without anything being wrong: once with its segment recycled, once with the next one.
constexpr int kSameWatermarkTries = 3;
constexpr int kTries = 100;

bool may_be_recycling(const Status& status) {
  return status.code() == Code::not_found || status.code() == Code::damaged;
}

bool is_store_event(std::uint8_t type) {
  return type < static_cast<std::uint8_t>(EventType::run_started);
}

Status run_missing(RunNumber run) {
  return {Code::not_found, "there is no run with the number " + std::to_string(run.value)};
}

}  // namespace

View::View(PlanCache& plans, const StoreKeys& store_key) : plans_(&plans), store_key_(store_key) {}
View::View(View&&) noexcept = default;
View& View::operator=(View&&) noexcept = default;
View::~View() = default;

Result<View> View::open(const State& state, const Log& log, Position durable, PlanCache& plans,
                        const StoreKeys& store_key) {
  Position last;
  int same = 0;
  for (int i = 0;; ++i) {
    View view(plans, store_key);
    const Status status = view.read(state, log, durable);
    if (status.ok()) return view;
    if (!may_be_recycling(status) || view.tables_ == nullptr) return status;
    const Result<std::optional<JournalMeta>> meta = read_journal_meta(*view.tables_);
    if (!meta.ok()) return meta.status();
    const Position watermark = meta->has_value() ? (*meta)->applied.position : Position();
    same = i > 0 && watermark == last ? same + 1 : 1;
    last = watermark;
    if (same < kSameWatermarkTries && i < kTries) continue;
    if (status.code() == Code::damaged) return status;
    return Status(Code::damaged, "the journal ends before position " + std::to_string(durable.value) +
                                     ", which was durable; verify the store");
  }
}

Status View::read(const State& state, const Log& log, Position durable) {
  TN_ASSIGN(tables_, state.begin_read());
  tail_ = std::make_unique<RunGroups>();
  TN_ASSIGN(Tail tail, Tail::from_watermark(log, *tables_));
  TN_TRY(tail.poll_records(durable, [this](const RecordHeader& header, ByteView record, Position) {
    return add_record(header, record);
  }));
  return index_tail();
}

Status View::add_record(const RecordHeader& header, ByteView record) {
  if (!is_store_event(header.type)) {
    tail_->add(header.run, record);
    return {};
  }
  Event event;
  TN_ASSIGN(const Decoded decoded, decode(record, event));
  return decoded == Decoded::event ? add_store_event(std::move(event)) : Status();
}

Status View::add_store_event(Event event) {
  if (auto* stored = std::get_if<WorkflowStored>(&event.body)) {
    tail_workflows_.insert_or_assign(stored->hash,
                                     Workflow{std::move(stored->name), std::move(stored->definition)});
  } else if (const auto* applied = std::get_if<CommandApplied>(&event.body)) {
    tail_commands_.insert_or_assign(applied->command,
                                    CommandOutcome{event.at, Code::ok, applied->subject, {}});
  } else if (const auto* refused = std::get_if<CommandRefused>(&event.body)) {
    tail_commands_.insert_or_assign(refused->command,
                                    CommandOutcome{event.at, refused->code, RunNumber(), refused->message});
  } else if (std::holds_alternative<PoolUsed>(event.body)) {
    pool_events_.push_back(std::move(event));
  }
  return {};
}

Status View::index_tail() {
  Event event;
  for (const RunGroups::Group& group : tail_->sorted()) {
    TailRun run;
    run.records = group;
    Status status;
    tail_->for_each_record_of(group, [&](ByteView record) {
      RecordHeader header;
      if (!status.ok() || !decode_header(record, header)) return;
      const auto type = static_cast<EventType>(header.type);
      run.starts = run.starts || type == EventType::run_started;
      run.ends = run.ends || type == EventType::run_ended;
      if (type != EventType::cancel_requested && type != EventType::run_started) return;
      const auto decoded = decode(record, event);
      if (!decoded.ok()) {
        status = decoded.status();
        return;
      }
      if (*decoded == Decoded::passed_over) return;
      const auto* started = std::get_if<RunStarted>(&event.body);
      const CommandId id =
          started != nullptr ? started->command : std::get<CancelRequested>(event.body).command;
      if (!id.is_none())
        tail_commands_.insert_or_assign(id, CommandOutcome{event.at, Code::ok, event.run, {}});
    });
    TN_TRY(status);
    tail_runs_.push_back(run);
  }
  return {};
}

const TailRun* View::tail_run(RunNumber run) const {
  const auto found = std::lower_bound(tail_runs_.begin(), tail_runs_.end(), run,
                                      [](const TailRun& a, RunNumber b) { return a.records.run < b; });
  return found != tail_runs_.end() && found->records.run == run ? &*found : nullptr;
}

Status View::for_each_tail_event(const TailRun& run, const std::function<bool(const Event&)>& visit) const {
  Event event;
  Status status;
  bool more = true;
  tail_->for_each_record_of(run.records, [&](ByteView record) {
    if (!more || !status.ok()) return;
    const auto decoded = decode(record, event);
    if (!decoded.ok()) {
      status = decoded.status();
    } else if (*decoded == Decoded::event) {
      name_start(event);
      more = visit(event);
    }
  });
  return status;
}

Result<std::vector<Event>> View::events_of(RunNumber run) const {
  TN_ASSIGN(std::vector<Event> events, load_events(*tables_, run));
  if (const TailRun* tail = tail_run(run)) {
    TN_TRY(for_each_tail_event(*tail, [&](const Event& event) {
      events.push_back(event);
      return true;
    }));
  }
  if (events.empty()) return run_missing(run);
  if (events.front().type() != EventType::run_started) {
    return Status(Code::damaged, "the history of run " + std::to_string(run.value) +
                                     " has no beginning; restore the store from a backup");
  }
  name_start(events.front());
  return events;
}

std::string View::id_of(RunNumber run, WallTime started, std::string_view stored) const {
  return shown_run_id(stored, started, run, store_key_);
}

void View::name_start(Event& event) const {
  auto* started = std::get_if<RunStarted>(&event.body);
  if (started != nullptr) started->id = id_of(event.run, event.at, started->id);
}

Result<Event> View::start_of(RunNumber run) const {
  std::optional<Event> start;
  const auto keep_first = [&](const Event& event) {
    start = event;
    return false;
  };
  if (const TailRun* tail = tail_run(run); tail != nullptr && tail->starts) {
    TN_TRY(for_each_tail_event(*tail, keep_first));
  } else {
    TN_TRY(for_each_event(*tables_, run, keep_first));
  }
  if (!start.has_value()) return run_missing(run);
  if (start->type() != EventType::run_started) {
    return Status(Code::damaged, "the history of run " + std::to_string(run.value) +
                                     " has no beginning; restore the store from a backup");
  }
  name_start(*start);
  return *std::move(start);
}

Result<std::optional<CommandOutcome>> View::command(const CommandId& id) const {
  if (const auto found = tail_commands_.find(id); found != tail_commands_.end()) {
    return std::optional(found->second);
  }
  return load_command(*tables_, id);
}

Result<PlanRef> View::plan_of(const WorkflowHash& hash) const {
  const auto tail = tail_workflows_.find(hash);
  Result<PlanRef> plan = tail != tail_workflows_.end() ? plans_->add(hash, tail->second.definition)
                                                       : plans_->get(*tables_, hash);
  if (plan.ok() || plan.code() == Code::newer_format || plan.code() == Code::storage_error) return plan;
  return Status(Code::damaged, "the workflow of a run can't be read back: " + plan.status().message());
}

Result<ByteView> View::workflow_name(const WorkflowHash& hash) const {
  if (const auto known = names_.find(hash); known != names_.end()) return ByteView(known->second);
  if (const auto tail = tail_workflows_.find(hash); tail != tail_workflows_.end()) {
    return ByteView(tail->second.name);
  }
  const Bytes key = workflow_key(hash);
  ByteView value;
  TN_ASSIGN(const bool found, tables_->get(Table::workflows, key, value));
  if (!found)
    return Status(Code::damaged,
                  "a run names a workflow that is not stored; restore the store from a backup");
  TN_ASSIGN(const WorkflowRow row, decode_workflow_row(key, value));
  return ByteView(names_.emplace(hash, row.name).first->second);
}

}  // namespace tenuto
