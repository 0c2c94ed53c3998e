#include "core/engine/rebuilder.h"

#include <algorithm>

#include "core/plan/compile.h"

namespace tenuto {

EngineCore::Rebuilder::Rebuilder(EngineCore& core, std::size_t parts) : core_(core) {
  for (std::size_t i = 0; i < parts; ++i) {
    parts_.push_back(std::make_unique<Part>(core));
    visitors_.push_back(parts_.back().get());
  }
}

Status EngineCore::Rebuilder::on_workflow(const WorkflowHash& hash, ByteView name, ByteView definition) {
  auto plan = compile_workflow_text(definition);
  if (!plan.ok()) {
    return {Code::version_mismatch, "this version can't compile the stored workflow `" + std::string(name) +
                                        "`: " + plan.status().message()};
  }
  if ((*plan)->hash() != hash) {
    return {Code::damaged,
            "the stored workflow `" + std::string(name) + "` does not have the content it had"};
  }
  core_.plans_.add(*plan, {});
  return {};
}

Status EngineCore::Rebuilder::on_event(const Event& event, Position end) {
  if (const auto* stored = std::get_if<WorkflowStored>(&event.body)) {
    return on_workflow(stored->hash, stored->name, stored->definition);
  }
  return parts_.front()->on_event(event, end);
}

void EngineCore::Rebuilder::retire_ended() {
  std::vector<std::pair<Position, RunRef>> all;
  for (const auto& part : parts_) all.insert(all.end(), part->ended.begin(), part->ended.end());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Contexts::Lease lease(core_.contexts_);
  for (const auto& [end, run] : all) (*lease).retired.push(run, end);
}

std::vector<RunRef> EngineCore::Rebuilder::take_begun() {
  std::vector<RunRef> all = std::move(parts_.front()->begun);
  for (const auto& part : parts_) {
    part->on_runs_end();
    if (part != parts_.front()) all.insert(all.end(), part->begun.begin(), part->begun.end());
  }
  return all;
}

std::unordered_set<CommandId> EngineCore::Rebuilder::commands() const {
  std::unordered_set<CommandId> all;
  for (const auto& part : parts_) all.insert(part->commands.begin(), part->commands.end());
  return all;
}

Status EngineCore::Rebuilder::Part::on_event(const Event& event, Position end) {
  note_command(event);
  if (event.run.value == 0) return {};
  if (const auto* started = std::get_if<RunStarted>(&event.body)) return begin(event, *started, end);
  const std::optional<RunRef> run = find(event.run);
  if (!run.has_value()) {
    return {Code::damaged, "the journal has an event of run " + std::to_string(event.run.value) +
                               ", which is not known; check the store with: tenuto db verify"};
  }
  RunSlot& slot = core_.runs_.at(run->slot);
  changes_.clear();
  TN_TRY(apply(slot.run, event, changes_));
  slot.last = end;
  if (is_final(slot.run.state)) ended.emplace_back(end, *run);
  return {};
}

std::optional<RunRef> EngineCore::Rebuilder::Part::find(RunNumber number) {
  Known& known = known_of(number);
  if (known.number != number) {
    adder_.flush();
    const auto found = core_.runs_.find(number);
    if (!found.has_value()) return std::nullopt;
    known = {number, *found};
  }
  return known.run;
}

void EngineCore::Rebuilder::Part::note_command(const Event& event) {
  CommandId command;
  if (const auto* started = std::get_if<RunStarted>(&event.body)) command = started->command;
  if (const auto* cancel = std::get_if<CancelRequested>(&event.body)) command = cancel->command;
  if (const auto* applied = std::get_if<CommandApplied>(&event.body)) command = applied->command;
  if (const auto* refused = std::get_if<CommandRefused>(&event.body)) command = refused->command;
  if (!command.is_none()) commands.push_back(command);
}

Status EngineCore::Rebuilder::Part::begin(const Event& event, const RunStarted& started, Position end) {
  const PlanBinding* binding = binding_of(started.workflow);
  if (binding == nullptr) {
    return {Code::damaged, "the definition of run " + std::to_string(event.run.value) +
                               " is not in the store; check it with: tenuto db verify"};
  }
  const auto run = adder_.add(event.run);
  if (!run.has_value()) return {Code::full, "too many live runs"};
  RunSlot& slot = core_.runs_.at(run->slot);
  slot.run = begin_run(event.run, binding->plan, started);
  slot.binding = binding;
  slot.started = event.at;
  slot.last = end;
  known_of(event.run) = {event.run, *run};
  begun.push_back(*run);
  if (started.id_chosen)
    core_.runs_.keep_id(started.id, identity_of(event.run, started.workflow, started.input));
  return {};
}

const PlanBinding* EngineCore::Rebuilder::Part::binding_of(const WorkflowHash& workflow) {
  if (last_binding_ == nullptr || last_binding_->plan->hash() != workflow)
    last_binding_ = core_.plans_.find(workflow);
  return last_binding_;
}

}  // namespace tenuto
