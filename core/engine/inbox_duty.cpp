#include "core/engine/inbox_duty.h"

#include "core/payload/json.h"
#include "core/plan/compile.h"
#include "core/query/load.h"

namespace tenuto {
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

// About this engine, not about the command.
bool is_of_the_engine(Code code) {
  return code == Code::closed || code == Code::poisoned || code == Code::forked;
}

}  // namespace

void InboxDuty::read() {
  forget_removed();
  remove_abandoned();
  const auto files = folder_.list();
  if (!files.ok()) return;  // read again when the next command arrives
  for (const std::string& file : *files) {
    const std::optional<CommandId> id = parse_command_file_name(file);
    if (id.has_value() && begin(*id)) carry_out(file, *id);
  }
}

// At the open, and then now and then: nothing hangs on it.
void InboxDuty::remove_abandoned() {
  const WallTime now = core_.clock().wall();
  if (now < next_removal_) return;
  folder_.remove_abandoned(now);
  next_removal_ = WallTime{now.ns + kAbandonedAfter};
}

void InboxDuty::settled(CommandId command) {
  folder_.remove(command_file_name(command));
  MutexLock lock(mutex_);
  removed_.push_back(command);
}

bool InboxDuty::begin(CommandId command) {
  MutexLock lock(mutex_);
  return begun_.insert(command).second;
}

// Before the folder is listed: a file that was removed before can't be in the list.
void InboxDuty::forget_removed() {
  MutexLock lock(mutex_);
  for (const CommandId command : removed_) begun_.erase(command);
  removed_.clear();
}

// An earlier life may have recorded the outcome and died before the file was gone.
bool InboxDuty::was_settled(CommandId command) const {
  if (core_.has_recovered(command)) return true;
  const auto read = core_.state().begin_read();
  if (!read.ok()) return false;
  const auto outcome = load_command(**read, command);
  return outcome.ok() && outcome->has_value();
}

void InboxDuty::carry_out(const std::string& file, CommandId command) {
  if (was_settled(command)) return settled(command);
  const Status refusal = [&]() -> Status {
    TN_ASSIGN(const Bytes text, folder_.read(file));
    TN_ASSIGN(const Command decoded, decode_command(text));
    return apply(decoded, command);
  }();
  if (!refusal.ok() && !is_of_the_engine(refusal.code())) core_.settle(command, RunNumber{}, refusal);
}

Status InboxDuty::apply(const Command& command, CommandId id) {
  return std::visit([&](const auto& known) { return apply(known, id); }, command);
}

Status InboxDuty::apply(const StartCommand& start, CommandId id) {
  TN_ASSIGN(const StartRequest request, make_request(start));
  const auto run = core_.start(request, id, std::make_shared<Waiter>());
  // A conflict is recorded behind the run that has the id.
  return run.ok() || run.code() == Code::conflict ? Status() : run.status();
}

Status InboxDuty::apply(const CancelCommand& cancel, CommandId id) {
  TN_ASSIGN(const RunNumber run, find(cancel.run));
  core_.cancel_by_command(run, CancelAsked{cancel.reason, cancel.by, id});
  return {};
}

// By the thread of the tables: it may take its time.
Status InboxDuty::apply(const PruneCommand& prune, CommandId id) {
  core_.prune_by_command(prune.request, id);
  return {};
}

Result<RunNumber> InboxDuty::find(std::string_view run) const {
  if (const auto live = core_.run_table().find_id(run)) return live->number;
  TN_ASSIGN(const View picture, view_());
  TN_ASSIGN(const FoundRun found, picture.find_exactly(run));
  return found.number;
}

}  // namespace tenuto
