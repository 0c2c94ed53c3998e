#include "tests/sim/oracle.h"

#include "core/base/run_id.h"
#include "tests/support/core_world.h"

namespace tenuto::testing {

RunRecord& Oracle::asked_for(RunNumber number, const SimWorkflow& workflow, const SimValue& input,
                             const std::string& id, bool id_chosen) {
  const std::optional<Asking> asking = std::exchange(asking_, std::nullopt);
  if (asking.has_value() && asking->begun == number) {
    RunRecord& record = runs_.at(number);
    if (record.id != id)
      trace_.violation("run " + std::to_string(number.value) + ": its body saw another id");
    return record;
  }
  const auto [at, is_new] =
      runs_.emplace(number, RunRecord{number, &workflow, input, id, id_chosen, RunModel(workflow, input)});
  if (!is_new || !given_.insert(number).second)
    trace_.violation("run " + std::to_string(number.value) + ": two starts got the same number");
  return at->second;
}

// A call of start may run bodies before it tells the number.
RunRecord* Oracle::find_begun(RunNumber number, const std::string& run_id, const WorkflowHash& workflow) {
  if (RunRecord* record = find(number)) return record;
  if (RunRecord* record = find_begun_by_command(number, run_id, workflow)) return record;
  if (!is_asking() || asking_->begun.has_value()) return nullptr;
  const Asking asking = *std::exchange(asking_, std::nullopt);
  RunRecord& record = asked_for(number, *asking.workflow, asking.input, run_id, asking.id_chosen);
  asking_ = asking;
  asking_->begun = number;
  return &record;
}

RunRecord* Oracle::find(RunNumber number) {
  const auto found = runs_.find(number);
  return found == runs_.end() ? nullptr : &found->second;
}

RunRecord* Oracle::find_chosen(const std::string& id) {
  for (auto& [number, record] : runs_) {
    if (record.id_chosen && record.id == id && !record.forgotten) return &record;
  }
  return nullptr;
}

// ---- The disk -------------------------------------------------------------------------------------------------------

namespace {

bool is_end(const RunAnswer& told, const RunEnded& end) {
  return told.state == end.state && told.output.view() == end.output.view() &&
         (end.state == RunState::completed || told.failure == end.failure);
}

}  // namespace

void Oracle::follow(RunRecord& record, const Event& event) {
  const std::string who =
      "run " + std::to_string(event.run.value) + ", durable " + std::string(to_text(event.type())) + ": ";
  if (const auto* started = std::get_if<RunStarted>(&event.body)) {
    const bool as_asked = started->workflow == record.workflow->plan->hash() &&
                          started->id == (record.id_chosen ? record.id : "") &&
                          started->id_chosen == record.id_chosen &&
                          started->input.view() == record.input.text;
    if (!as_asked || record.is_durable()) trace_.violation(who + "not what was asked for");
  } else if (!record.is_durable()) {
    trace_.violation(who + "before its start");
  } else {
    if (const auto* cancel = std::get_if<CancelRequested>(&event.body); cancel != nullptr)
      on_cancelled_by_command(record, *cancel);
    const std::string problem = record.model.apply(event, record.bodies, {life_, latest_});
    const bool has_node = event.task.value < record.workflow->node_of.size();
    const std::string node = has_node ? std::string(record.workflow->plan->name_of(event.task)) + " " : "";
    if (!problem.empty()) trace_.violation(who + node + problem);
  }
  record.history.push_back(event);
  const auto* ended = std::get_if<RunEnded>(&event.body);
  if (ended == nullptr) return;
  record.ended_at = event.at;
  if (!record.told_end.has_value()) return;
  if (!is_end(*record.told_end, *ended)) trace_.violation(who + "another end was told before");
}

void Oracle::catch_up() {
  for (const Event& event : std::exchange(arrived_, {})) {
    if (event.run.value == 0) {
      on_outcome(event);
      continue;
    }
    RunRecord* record = find(event.run);
    if (const auto* started = std::get_if<RunStarted>(&event.body)) {
      if (!started->command.is_none()) {
        record = on_started_by_command(event, *started);
      } else if (record == nullptr) {
        // The call of start that made it has not come back.
        const std::string id =
            shown_run_id(started->id, event.at, event.run, core_options_for_tests().store_key);
        record = find_begun(event.run, id, started->workflow);
      }
    }
    if (record == nullptr) return trace_.violation("an event of a run that nobody started");
    follow(*record, event);
  }
}

void Oracle::on_closed() {
  catch_up();
  for (const auto& [number, record] : runs_) {
    const std::string who = "run " + std::to_string(number.value) + ", the engine was closed: ";
    if (record.acknowledged && !record.is_durable()) return trace_.violation(who + "its start is lost");
    if (record.told_end.has_value() && !record.model.ended())
      return trace_.violation(who + "its end is lost");
    if (record.told_cancel && !record.model.cancel_was_recorded())
      return trace_.violation(who + "its cancel is lost");
  }
}

void Oracle::forget_all() {
  commands_.clear();
  runs_.clear();
  given_.clear();
  keys_.clear();
  arrived_.clear();
}

// A part of what was not synced may be lost by a power cut: the end of it, in the order in which it was written. The end
// of the process alone takes nothing that was written.
void Oracle::check_doubt(std::map<RunNumber, std::vector<Event>>& found, const SimDisk::Doubt& doubt) {
  std::map<RunNumber, std::size_t> next;
  bool lost = false;
  for (const Event& event : doubt.events) {
    const RunRecord* record = find(event.run);
    if (record == nullptr) continue;
    const std::vector<Event>& events = found[event.run];
    std::size_t& index = next.try_emplace(event.run, record->history.size()).first->second;
    const std::string who = "run " + std::to_string(event.run.value) + ": ";
    if (index < events.size() && events[index] == event) {
      ++index;
      if (lost)
        return trace_.violation(who + "what was written later is there, what was written before is lost");
      continue;
    }
    lost = true;
    if (!doubt.power_cut) return trace_.violation(who + "the end of the process took what was written");
  }
}

// ---- Retention ------------------------------------------------------------------------------------------------------

bool Oracle::is_too_old(const RunRecord& record) const {
  return setting_.retention.age != 0 && record.ended_at.ns + setting_.retention.age < latest_.ns;
}

std::size_t Oracle::ended_and_kept() const {
  return static_cast<std::size_t>(std::count_if(runs_.begin(), runs_.end(), [](const auto& run) {
    return run.second.model.ended() && !run.second.forgotten;
  }));
}

std::string Oracle::on_forgotten(RunRecord& record) {
  if (record.forgotten) return "";
  if (!record.model.ended()) return "it is gone and has not ended";
  record.forgotten = true;
  ++forgotten_count;
  trace_.line("forgotten run=%llu", static_cast<unsigned long long>(record.number.value));
  const std::uint64_t count = setting_.retention.count;
  if (is_too_old(record) || (count != 0 && ended_and_kept() >= count)) return "";
  // Others may have grown too old since it made room for them, though they end before it by a clock that went back.
  if (count != 0 && setting_.retention.age != 0 && clock_went_back_) return "";
  return "it is forgotten too early";
}

void Oracle::check_forgotten(const std::map<RunNumber, std::vector<Event>>& found) {
  std::vector<RunRecord*> gone;
  for (auto& [number, record] : runs_) {
    const auto events = found.find(number);
    const bool is_there = events != found.end() && !events->second.empty();
    if (record.forgotten && is_there) trace_.violation("a forgotten run came back");
    if (!record.forgotten && record.model.ended() && !is_there) gone.push_back(&record);
  }
  // The newest are looked at last, when the older ones don't count any more.
  for (RunRecord* record : gone) record->forgotten = true;
  for (RunRecord* record : gone) {
    record->forgotten = false;
    const std::string problem = on_forgotten(*record);
    if (!problem.empty()) trace_.violation("run " + std::to_string(record->number.value) + ": " + problem);
  }
}

std::string Oracle::told_end(RunRecord& record, const RunAnswer& answer) {
  if (record.model.ended())
    return is_end(answer, record.model.end()) ? "" : "another end is told than the durable one";
  if (!setting_.runs_ahead()) return "its end is told before it is durable";
  record.told_end = answer;
  return "";
}

void Oracle::on_reopened(std::map<RunNumber, std::vector<Event>>& found, const SimDisk::Doubt& doubt) {
  catch_up();
  check_doubt(found, doubt);
  check_forgotten(found);
  if (trace_.failed()) return;
  for (const auto& [number, events] : found) {
    const RunRecord* record = find(number);
    if (number.value == 0 || events.empty() || (record != nullptr && record->is_durable())) continue;
    const auto* started = std::get_if<RunStarted>(&events[0].body);
    if (started != nullptr && !started->command.is_none()) (void)on_started_by_command(events[0], *started);
  }
  for (auto at = runs_.begin(); at != runs_.end();) {
    RunRecord& record = at->second;
    record.told_end.reset();
    record.told_cancel = false;
    if (record.forgotten) {
      ++at;
      continue;
    }
    const std::vector<Event>& events = found[record.number];
    const std::string who = "run " + std::to_string(record.number.value);
    if (events.size() < record.history.size()) {
      trace_.violation(who + ": of " + std::to_string(record.history.size()) + " durable events " +
                       std::to_string(events.size()) + " are left");
      return;
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i >= record.history.size()) {
        follow(record, events[i]);
      } else if (!(events[i] == record.history[i])) {
        return trace_.violation(who + ": a durable event has changed");
      }
    }
    if (record.is_durable()) {
      ++at;
      continue;
    }
    if (record.acknowledged && !setting_.runs_ahead())
      return trace_.violation(who + ": its start was acknowledged and is lost");
    // Its number and its keys stay in mind: outside they may be known.
    ++lost_count;
    at = runs_.erase(at);
  }
  for (const auto& [number, events] : found) {
    if (number.value != 0 && !events.empty() && find(number) == nullptr)
      trace_.violation("a run that nobody started is in the store");
  }
  // Outcomes of commands, which are durable now.
  for (const Event& event : found[RunNumber{}]) on_found_outcome(event);
  ++life_;
  for (auto& [id, command] : commands_) command.is_read = false;
}

// ---- Bodies ---------------------------------------------------------------------------------------------------------

BodyEntry* Oracle::on_begin(const Beginning& beginning) {
  catch_up();
  const Ticket& ticket = *beginning.ticket;
  RunRecord* record = find_begun(ticket.number, beginning.run_id, beginning.workflow);
  if (record == nullptr || ticket.task.value >= record->workflow->node_of.size()) {
    trace_.violation("a body of a run that nobody started");
    return nullptr;
  }
  const int node = record->workflow->node_of[ticket.task.value];
  const std::string& name = record->workflow->nodes[static_cast<std::size_t>(node)].name;
  const std::uint32_t attempt = ticket.attempt.value;
  trace_.line("begin run=%llu %s attempt=%u argument=%zu",
              static_cast<unsigned long long>(ticket.number.value), name.c_str(), attempt,
              beginning.argument.size());
  if (const std::string problem = check_begin(*record, node, beginning); !problem.empty()) {
    trace_.violation("run " + std::to_string(ticket.number.value) + ": the body of " + name + ", attempt " +
                     std::to_string(attempt) + ", began: " + problem);
    return nullptr;
  }
  auto& entries = record->bodies.of(node, attempt);
  entries.push_back({life_, beginning.token, beginning.argument, beginning.at});
  return &entries.back();
}

std::string Oracle::check_begin(RunRecord& record, int node, const Beginning& beginning) {
  const SimNode& shape = record.workflow->nodes[static_cast<std::size_t>(node)];
  const std::uint32_t attempt = beginning.ticket->attempt.value;
  if (beginning.run_id != record.id) return "it is told another run id";
  if (attempt == 0 || attempt > shape.retry.attempts + 1) return "the policy does not have this attempt";
  if (shape.pure || setting_.runs_ahead()) {
    if (!record.model.may_run_ahead(node, attempt)) return "its task is over";
  } else {
    if (!record.is_durable() || !record.model.is_ready(node, attempt))
      return "what it follows from is not durable";
    if (record.model.argument_of(node) != beginning.argument) return "its argument is wrong";
  }
  std::string problem;
  record.bodies.for_each([&](int other, std::uint32_t other_attempt, const BodyEntry& entry) {
    if (other != node || entry.life != life_) return;
    if (entry.outcome == BodyEntry::Outcome::out && problem.empty())
      problem = "its task has a body that is out";
    if (other_attempt == attempt) problem = "it has begun before";
  });
  if (!problem.empty()) return problem;
  return check_key(record, node, beginning.key);
}

std::string Oracle::check_key(const RunRecord& record, int node, const std::string& key) {
  const std::pair mine(record.number, node);
  const auto [at, is_new] = keys_.emplace(key, mine);
  if (at->second != mine) return "another task has its idempotency key";
  if (!is_new) return "";
  for (const auto& [other, owner] : keys_) {
    if (owner == mine && other != key) return "its idempotency key has changed";
  }
  return "";
}

void Oracle::acknowledged(RunNumber number) {
  if (RunRecord* record = find(number)) record->acknowledged = true;
}

}  // namespace tenuto::testing
