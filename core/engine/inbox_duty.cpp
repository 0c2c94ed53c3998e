// What the owner does with the commands of other processes; all on the housekeeper's thread.
#include "core/engine/owner.h"
#include "core/payload/json.h"
#include "core/plan/compile.h"
#include "core/query/load.h"

namespace tenuto {

void OwnerEngine::read_inbox() {
  const auto files = inbox_->list();
  if (!files.ok()) return;  // read again when the next command arrives
  for (const std::string& file : *files) {
    const std::optional<CommandId> id = parse_command_file_name(file);
    if (!id.has_value() || !handled_commands_.insert(*id).second) continue;
    apply_command_file(file, *id);
  }
}

// An earlier life may have recorded the outcome and died before the file was gone.
bool OwnerEngine::was_settled(CommandId id) const {
  if (core_->has_recovered(id)) return true;
  const auto read = state_->begin_read();
  if (!read.ok()) return false;
  const auto outcome = load_command(**read, id);
  return outcome.ok() && outcome->has_value();
}

void OwnerEngine::apply_command_file(const std::string& file, CommandId id) {
  if (was_settled(id)) {
    inbox_->remove(file);
    return;
  }
  Result<RunNumber> subject = [&]() -> Result<RunNumber> {
    TN_ASSIGN(const Bytes text, inbox_->read(file));
    TN_ASSIGN(const Command command, decode_command(text));
    return apply_command(command, id);
  }();
  Event outcome{clock_.wall(), RunNumber{}, kRootScope, kNoTask, Attempt{}, CommandApplied{}};
  if (subject.ok()) {
    outcome.body = CommandApplied{id, *subject};
  } else {
    outcome.body = CommandRefused{id, subject.status().code(), subject.status().message()};
  }
  core_->record(std::span(&outcome, 1), CommandSettled{file});
}

namespace {

Result<StartRequest> make_request(const StartCommand& start) {
  StartRequest request;
  TN_ASSIGN(request.plan, compile_workflow_text(start.definition));
  request.id = start.id;
  if (!start.input.empty()) request.input = Payload::json(start.input);
  request.labels = start.labels;
  request.by = start.by;
  request.test = start.test;
  return request;
}

}  // namespace

Result<RunNumber> OwnerEngine::apply_command(const Command& command, CommandId id) {
  const WaiterRef waiter = std::make_shared<Waiter>();
  if (const auto* wanted = std::get_if<StartCommand>(&command)) {
    TN_ASSIGN(const StartRequest request, make_request(*wanted));
    TN_ASSIGN(const RunName name, core_->start(request, id, waiter));
    return name.number;
  }
  const auto& cancel = std::get<CancelCommand>(command);
  TN_ASSIGN(const RunName run, find(cancel.run));
  TN_TRY(cancel_run(run, CancelAsked{cancel.reason, cancel.by, id}));
  return run.number;
}

}  // namespace tenuto
