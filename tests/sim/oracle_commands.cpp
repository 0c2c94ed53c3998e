// What the oracle knows of commands: each that was accepted is applied or refused, once, for a reason, and its file goes
// afterwards.
#include "tests/sim/oracle.h"

namespace tenuto::testing {

void Oracle::command_is_read(CommandId id) {
  commands_[id].is_read = true;
}

void Oracle::command_is_removed(CommandId id) {
  catch_up();
  if (!commands_[id].outcome.has_value())
    trace_.violation("the file of a command goes before its outcome is durable");
}

bool Oracle::has_open_start(const std::string& id) const {
  return std::any_of(commands_.begin(), commands_.end(), [&](const auto& one) {
    const auto* start = std::get_if<StartCommand>(&one.second.command);
    return start != nullptr && start->id == id && !one.second.outcome.has_value();
  });
}

// The engine may run bodies of a run before the start that a command made is durable. Which command it was is told by its event.
RunRecord* Oracle::find_begun_by_command(RunNumber number, const std::string& run_id,
                                         const WorkflowHash& workflow) {
  for (const auto& [id, command] : commands_) {
    const auto* start = std::get_if<StartCommand>(&command.command);
    if (start == nullptr || start->id != run_id || !command.is_read || command.outcome.has_value()) continue;
    if (command.workflow == nullptr || command.workflow->plan->hash() != workflow) continue;
    const auto [at, is_new] =
        runs_.emplace(number, RunRecord{number, command.workflow, command.input, run_id, true,
                                        RunModel(*command.workflow, command.input)});
    if (!is_new || !given_.insert(number).second)
      trace_.violation("run " + std::to_string(number.value) + ": two starts got the same number");
    return &at->second;
  }
  return nullptr;
}

RunRecord* Oracle::on_started_by_command(const Event& event, const RunStarted& started) {
  const auto found = commands_.find(started.command);
  const auto* start = found == commands_.end() ? nullptr : std::get_if<StartCommand>(&found->second.command);
  if (start == nullptr) {
    trace_.violation("a start of a command that nobody sent");
    return nullptr;
  }
  const CommandRecord& command = found->second;
  if (!command.is_well_formed || start->by != started.by || start->test != started.test)
    trace_.violation("a start by a command is not what was asked for");
  settle(started.command, Code::ok, event.run);
  RunRecord fresh{event.run,     command.workflow,
                  command.input, start->id,
                  true,          RunModel(*command.workflow, command.input)};
  fresh.acknowledged = true;
  if (RunRecord* record = find(event.run)) {
    if (record->is_durable()) return record;
    fresh.bodies = std::move(record->bodies);
    fresh.model.asked_cancels = std::move(record->model.asked_cancels);
    fresh.told_end = record->told_end;
    fresh.told_cancel = record->told_cancel;
    *record = std::move(fresh);
    return record;
  }
  if (!given_.insert(event.run).second)
    trace_.violation("run " + std::to_string(event.run.value) + ": two starts got the same number");
  return &runs_.emplace(event.run, std::move(fresh)).first->second;
}

void Oracle::on_cancelled_by_command(RunRecord& record, const CancelRequested& cancel) {
  if (cancel.command.is_none()) return;
  const auto found = commands_.find(cancel.command);
  auto* asked = found == commands_.end() ? nullptr : std::get_if<CancelCommand>(&found->second.command);
  if (asked == nullptr || asked->run != record.id)
    return trace_.violation("a cancel of another run is recorded");
  if (std::exchange(found->second.cancels, true))
    return trace_.violation("a cancel by a command is recorded twice");
  record.model.asked_cancels.insert(asked->reason);
}

void Oracle::settle(CommandId id, Code code, RunNumber subject) {
  CommandRecord& record = commands_[id];
  if (record.outcome.has_value() && !clock_went_far_) return trace_.violation("a command is settled twice");
  record.outcome = code;
  record.subject = subject;
}

void Oracle::on_outcome(const Event& event) {
  if (const auto* applied = std::get_if<CommandApplied>(&event.body)) {
    if (!commands_.contains(applied->command))
      return trace_.violation("an outcome of a command that nobody sent");
    settle(applied->command, Code::ok, applied->subject);
    trace_.expect(check_applied(commands_[applied->command], applied->subject));
  } else if (const auto* refused = std::get_if<CommandRefused>(&event.body)) {
    if (!commands_.contains(refused->command))
      return trace_.violation("an outcome of a command that nobody sent");
    settle(refused->command, refused->code, {});
    trace_.expect(check_refused(commands_[refused->command], refused->code));
  }
}

// Most of them were heard before the process ended.
void Oracle::on_found_outcome(const Event& event) {
  const auto* applied = std::get_if<CommandApplied>(&event.body);
  const auto* refused = std::get_if<CommandRefused>(&event.body);
  if (applied == nullptr && refused == nullptr) return;
  const auto found = commands_.find(applied != nullptr ? applied->command : refused->command);
  if (found != commands_.end() && !found->second.outcome.has_value()) on_outcome(event);
}

std::string Oracle::check_applied(const CommandRecord& record, RunNumber subject) {
  const RunRecord* run = find(subject);
  if (run == nullptr) return "a command is applied to a run that is not there";
  if (const auto* start = std::get_if<StartCommand>(&record.command)) {
    const bool same = run->id == start->id && run->workflow->plan->hash() == record.workflow->plan->hash() &&
                      run->input.text == record.input.text;
    return same ? "" : "a start by a command is applied to another run";
  }
  if (run->id != std::get<CancelCommand>(record.command).run)
    return "a cancel by a command is applied to another run";
  return run->model.cancel_was_recorded() ? "" : "a cancel by a command is applied and not recorded";
}

std::string Oracle::check_refused(const CommandRecord& record, Code code) {
  if (!record.is_well_formed)
    return code == Code::invalid_argument ? "" : "a command that is wrong is refused for another reason";
  // Of a disk that was full, or tables that could not be read.
  if (had_trouble_ && (code == Code::full || code == Code::storage_error)) return "";
  const auto is_reason = [&](const RunRecord& run) {
    if (const auto* start = std::get_if<StartCommand>(&record.command))
      return code == Code::conflict && run.id == start->id &&
             !(run.workflow->plan->hash() == record.workflow->plan->hash() &&
               run.input.text == record.input.text);
    return code == Code::wrong_state && run.id == std::get<CancelCommand>(record.command).run &&
           run.model.ended();
  };
  if (std::any_of(runs_.begin(), runs_.end(), [&](const auto& one) { return is_reason(one.second); }))
    return "";
  if (const auto* cancel = std::get_if<CancelCommand>(&record.command);
      cancel != nullptr && code == Code::not_found) {
    const bool is_there = std::any_of(runs_.begin(), runs_.end(), [&](const auto& one) {
      const RunRecord& run = one.second;
      const bool may_be_gone = run.forgotten || (run.model.ended() && !setting_.retention.keeps_all());
      return run.id == cancel->run && run.acknowledged && run.is_durable() && !may_be_gone;
    });
    return is_there && !(had_trouble_ && setting_.runs_ahead())
               ? "a command is refused for a run that is there"
               : "";
  }
  return "a command is refused without a reason: " + std::string(code_name(code));
}

std::string Oracle::check_told_outcome(CommandId id, bool is_there, Code code) const {
  const CommandRecord& record = commands_.at(id);
  if (!is_there)
    return record.outcome.has_value() && !clock_went_far_ ? "an outcome of a command is not told" : "";
  if (!record.outcome.has_value()) return "an outcome of a command is told before it is durable";
  return *record.outcome == code ? "" : "another outcome of a command is told";
}

std::string Oracle::check_all_settled() const {
  for (const auto& [id, record] : commands_) {
    if (record.is_accepted && !record.outcome.has_value()) return "an accepted command is lost";
  }
  return "";
}

}  // namespace tenuto::testing
