#include "tests/sim/clients.h"

#include <algorithm>

#include "core/base/run_id.h"
#include "core/engine/attendant.h"
#include "core/query/describe.h"
#include "core/query/list.h"
#include "core/query/stats.h"

namespace tenuto::testing {

SimValue Clients::draw_input() {
  Random& random = world_.random();
  if (random.chance(1, 25)) return SimValue::number(world_.oracle().nonce());
  const std::size_t padding = random.chance(1, 30) ? random.below(100u << 10) : 0;
  // Few different ones, so that a second start under an id often has the same.
  return SimValue::object(random.below(2), random.chance(1, 2),
                          static_cast<std::int64_t>(random.below(3) * 4), padding);
}

RunRecord* Clients::any_run() {
  auto& runs = world_.oracle().runs();
  if (runs.empty()) return nullptr;
  auto at = runs.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(world_.random().below(runs.size())));
  return &at->second;
}

// ---- Requests -------------------------------------------------------------------------------------------------------

bool Clients::start() {
  if (runs_left_ == 0) return false;
  Random& random = world_.random();
  const SimWorkflow& workflow = workflows_[random.below(workflows_.size())];
  std::string id;
  if (random.chance(1, 2)) id = "order-" + std::to_string(random.below(4));
  // Whether a command gets it first is nobody's to say.
  if (world_.oracle().has_open_start(id)) id.clear();
  const RunRecord* taken = id.empty() ? nullptr : world_.oracle().find_chosen(id);
  // Mostly the same request again.
  if (taken != nullptr && random.chance(2, 3)) {
    start_as(id, *taken->workflow, taken->input);
  } else {
    start_as(id, workflow, draw_input());
  }
  return true;
}

void Clients::start_as(const std::string& id, const SimWorkflow& workflow, const SimValue& input) {
  Oracle& oracle = world_.oracle();
  RunRecord* taken = id.empty() ? nullptr : oracle.find_chosen(id);
  const bool may_be_gone = taken != nullptr && taken->model.ended() && is_out_of_the_tables(*taken);
  const bool same = taken != nullptr && taken->workflow->plan->hash() == workflow.plan->hash() &&
                    taken->input.text == input.text;
  const auto waiter = std::make_shared<Waiter>();
  oracle.asking(workflow, input, !id.empty());
  const auto name =
      world_.core().start({workflow.plan, id, Payload::json(input.text), "", "", false}, CommandId{}, waiter);
  oracle.answered();
  world_.trace().line("start id=%s workflow=%s input=%zu taken=%d -> %s run=%llu", id.c_str(),
                      workflow.plan->name().c_str(), input.text.size(),
                      taken == nullptr ? 0
                      : same           ? 1
                                       : 2,
                      std::string(code_name(name.code())).c_str(),
                      static_cast<unsigned long long>(name.ok() ? name->number.value : 0));
  if (is_excused(name.code())) return;
  if (may_be_gone && name.ok() && name->number != taken->number) {
    // Retention gave the id free.
    world_.trace().expect(oracle.on_forgotten(*taken));
    taken = nullptr;
  }
  if (taken != nullptr) world_.count(same ? Happening::starts_of_taken_ids : Happening::refused_starts);
  if (taken != nullptr && !same) {
    if (name.code() != Code::conflict)
      return world_.trace().violation("another request under a taken id is not refused");
    pending_.push_back({Kind::refusal, taken->number, waiter});
    return;
  }
  if (!name.ok()) return world_.trace().violation("a start is refused: " + name.status().message());
  if (taken != nullptr) {
    if (name->number != taken->number) return world_.trace().violation("the same id gives two runs");
    pending_.push_back({Kind::start, name->number, waiter});
    return;
  }
  --runs_left_;
  if (world_.plant() == Plant::misheard_number && !oracle.runs().empty())
    return (void)oracle.asked_for(oracle.runs().begin()->first, workflow, input, name->id, !id.empty());
  oracle.asked_for(name->number, workflow, input, name->id, !id.empty());
  if (world_.plant() == Plant::early_ack) oracle.acknowledged(name->number);
  pending_.push_back({Kind::start, name->number, waiter, true});
}

// The engine must be opened again, or can't make numbers for runs durable now.
bool Clients::is_excused(Code code) const {
  if (code == Code::poisoned) return !world_.health().ok();
  // Of a write that ended early, or of tables that can't be read.
  if (code == Code::storage_error) return world_.oracle().has_had_trouble();
  return code == Code::full && (world_.disk->refuses || world_.disk->short_writes > 0 ||
                                world_.core().committer().stall() != Stall::none);
}

// Some of those that wait take the run's turns themselves for a while.
bool Clients::ask_for_end(RunNumber number, const WaiterRef& waiter) {
  if (world_.random().chance(1, 2)) return world_.core().send(number, AwaitEnd{waiter});
  EngineCore::Attendant attendant(world_.core(), number);
  if (!attendant.send(AwaitEnd{waiter})) return false;
  world_.bodies_are_attended = true;
  for (std::uint32_t n = draw(world_.random(), 0, 8); n > 0 && attendant.run_one(); --n) {
  }
  world_.bodies_are_attended = false;
  return true;
}

bool Clients::start_many() {
  if (runs_left_ < 3) return false;
  const SimWorkflow& workflow = workflows_[world_.random().below(workflows_.size())];
  std::vector<SimValue> inputs;
  std::vector<Payload> payloads;
  for (std::uint32_t n = draw(world_.random(), 2, 3); n > 0; --n) {
    inputs.push_back(draw_input());
    payloads.push_back(Payload::json(inputs.back().text));
  }
  const auto waiter = std::make_shared<Waiter>();
  const WallTime now = world_.core().clock().wall();
  const auto first = world_.core().start_many(workflow.plan, payloads, waiter);
  if (is_excused(first.code())) return true;
  if (!first.ok()) {
    world_.trace().violation("starts are refused: " + first.status().message());
    return true;
  }
  world_.count(Happening::starts_of_many);
  world_.trace().line("start_many count=%zu first=%llu", inputs.size(),
                      static_cast<unsigned long long>(first->value));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const RunNumber number{first->value + i};
    const std::string id = make_run_id(now, number, core_options_for_tests().store_key);
    world_.oracle().asked_for(number, workflow, inputs[i], id, false);
    pending_.push_back({Kind::start, number, waiter, true});
    --runs_left_;
  }
  return true;
}

bool Clients::await() {
  world_.oracle().catch_up();
  RunRecord* record = any_run();
  if (record == nullptr) return false;
  const auto waiter = std::make_shared<Waiter>();
  if (ask_for_end(record->number, waiter)) {
    pending_.push_back({Kind::end, record->number, waiter});
  } else {
    world_.trace().expect(check_gone(*record));
  }
  return true;
}

void Clients::await_all() {
  for (auto& [number, record] : world_.oracle().runs()) {
    const auto waiter = std::make_shared<Waiter>();
    if (ask_for_end(number, waiter)) pending_.push_back({Kind::end, number, waiter});
  }
}

bool Clients::ask() {
  world_.oracle().catch_up();
  RunRecord* record = any_run();
  if (record == nullptr) return false;
  const auto waiter = std::make_shared<Waiter>();
  if (world_.plant() == Plant::lost_run) {
    world_.trace().expect(check_gone(*record));
  } else if (world_.core().send(record->number, AskState{waiter})) {
    pending_.push_back({Kind::state, record->number, waiter});
  } else {
    world_.trace().expect(check_gone(*record));
  }
  return true;
}

// More messages than a run takes at a time.
bool Clients::ask_often() {
  world_.oracle().catch_up();
  RunRecord* record = any_run();
  if (record == nullptr) return false;
  for (std::uint32_t n = limits::kMailboxBatchMax + 5; n > 0; --n) {
    const auto waiter = std::make_shared<Waiter>();
    if (!world_.core().send(record->number, AskState{waiter})) return false;
    pending_.push_back({Kind::state, record->number, waiter});
  }
  world_.count(Happening::bursts_of_messages);
  return true;
}

bool Clients::read(Senders& senders) {
  world_.oracle().catch_up();
  const auto view = world_.view();
  if (!view.ok()) {
    if (view.code() != Code::poisoned &&
        !(view.code() == Code::storage_error && world_.oracle().has_had_trouble()))
      world_.trace().violation("the store can't be read: " + view.status().message());
    return false;
  }
  world_.oracle().catch_up();
  world_.count(Happening::reads);
  senders.ask(*view);
  if (RunRecord* record = any_run()) world_.trace().expect(check_read(*view, *record));
  const WallTime now = world_.clock.wall();
  if (const auto list = list_runs(*view, "", now); !list.ok())
    world_.trace().violation("the runs can't be listed: " + list.status().message());
  if (const auto stats = run_stats(*view, "", now); !stats.ok())
    world_.trace().violation("the statistics can't be read: " + stats.status().message());
  return true;
}

std::string Clients::check_read(const View& view, RunRecord& record) {
  const std::string who = "run " + std::to_string(record.number.value) + ", read: ";
  auto events = view.events_of(record.number);
  if (events.code() == Code::not_found) {
    if (!record.is_durable()) return "";
    if (record.model.ended() && !world_.setting().retention.keeps_all())
      return world_.oracle().on_forgotten(record);
    return who + "it is not there";
  }
  if (!events.ok()) return who + events.status().message();
  if (record.forgotten) return who + "it was forgotten";
  if (world_.plant() == Plant::short_read) events->pop_back();
  if (events->size() != record.history.size())
    return who + std::to_string(events->size()) + " events, of " + std::to_string(record.history.size());
  // The first has the id that people see.
  if (!std::equal(events->begin() + 1, events->end(), record.history.begin() + 1))
    return who + "another history";
  const auto text = describe(view, record.number, {});
  return text.ok() ? "" : who + text.status().message();
}

bool Clients::cancel() {
  world_.oracle().catch_up();
  RunRecord* record = any_run();
  if (record == nullptr) return false;
  const auto waiter = std::make_shared<Waiter>();
  const std::string reason = "cancel " + std::to_string(world_.oracle().nonce());
  record->model.asked_cancels.insert(reason);
  world_.trace().line("cancel run=%llu", static_cast<unsigned long long>(record->number.value));
  if (world_.core().send(record->number, boxed(CancelRun{{reason, "sim", CommandId{}}, waiter}))) {
    pending_.push_back({Kind::cancel, record->number, waiter});
  } else {
    world_.trace().expect(check_gone(*record));
  }
  return true;
}

// ---- Answers --------------------------------------------------------------------------------------------------------

void Clients::look() {
  world_.oracle().catch_up();
  for (std::size_t i = 0; i < pending_.size();) {
    if (!pending_[i].waiter->wait(0)) {
      ++i;
      continue;
    }
    const Request request = pending_[i];
    if (world_.plant() == Plant::lost_answer && request.kind == Kind::end) {
      ++i;
      continue;
    }
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    check(request, request.waiter->take());
  }
}

void Clients::check(const Request& request, const RunAnswer& answer) {
  RunRecord* record = world_.oracle().find(request.run);
  if (record == nullptr) return world_.trace().violation("an answer about a run that nobody started");
  world_.trace().line("answer kind=%d run=%llu %s state=%d", static_cast<int>(request.kind),
                      static_cast<unsigned long long>(request.run.value),
                      std::string(code_name(answer.status.code())).c_str(), static_cast<int>(answer.state));
  std::string problem;
  if (answer.status.code() == Code::not_found) {
    problem = request.is_new ? "a new run is not found" : check_gone(*record);
  } else if (request.kind == Kind::start) {
    problem = check_start(*record, answer);
    world_.oracle().acknowledged(request.run);
  } else if (request.kind == Kind::refusal) {
    problem =
        record->is_durable() || runs_ahead() ? "" : "a start is refused for its sake before it is durable";
  } else if (request.kind == Kind::end) {
    problem = check_end(*record, answer);
  } else if (request.kind == Kind::state) {
    problem = check_state(*record, answer);
  } else {
    problem = check_cancel(*record, answer);
  }
  if (!problem.empty()) world_.trace().violation("run " + std::to_string(request.run.value) + ": " + problem);
}

std::string Clients::check_start(const RunRecord& record, const RunAnswer& answer) const {
  if (!answer.status.ok()) return "its start is answered with: " + answer.status.message();
  return record.is_durable() || runs_ahead() ? "" : "its start is acknowledged before it is durable";
}

std::string Clients::check_end(RunRecord& record, RunAnswer answer) const {
  if (!answer.status.ok()) return "its end is answered with: " + answer.status.message();
  if (!is_final(answer.state)) return "it is told as ended and is not";
  if (world_.plant() == Plant::misheard_end) answer.output = Payload::json("\"another\"");
  return world_.oracle().told_end(record, answer);
}

std::string Clients::check_state(RunRecord& record, RunAnswer answer) const {
  if (!answer.status.ok()) return "its state is answered with: " + answer.status.message();
  if (!record.is_durable() && !runs_ahead()) return "its state is told before its start is durable";
  if (world_.plant() == Plant::misheard_state) answer.state = RunState::completed;
  if (is_final(answer.state)) return world_.oracle().told_end(record, answer);
  if (answer.state != RunState::cancelling || record.model.cancel_was_recorded()) return "";
  record.told_cancel = true;
  return runs_ahead() ? "" : "a cancel is told before it is durable";
}

std::string Clients::check_cancel(RunRecord& record, const RunAnswer& answer) const {
  if (answer.status.ok() && world_.plant() != Plant::misheard_refusal) {
    record.told_cancel = true;
    return record.model.cancel_was_recorded() || runs_ahead() ? ""
                                                              : "a cancel is accepted before it is durable";
  }
  if (!answer.status.ok() && answer.status.code() != Code::wrong_state)
    return "a cancel is answered with: " + answer.status.message();
  return record.model.ended() || runs_ahead() ? "" : "a cancel is refused for an end that is not durable";
}

bool Clients::is_out_of_the_tables(const RunRecord& record) {
  auto read = world_.state->begin_read();
  return read.ok() && load_ended(**read, record.number, plans_).code() == Code::not_found;
}

std::string Clients::check_gone(RunRecord& record) {
  if (!record.model.ended()) return "it is gone and has not ended";
  auto read = world_.state->begin_read();
  if (!read.ok()) return read.code() == Code::poisoned ? "" : read.status().message();
  const auto ended = load_ended(**read, record.number, plans_);
  if (ended.code() == Code::not_found && !world_.setting().retention.keeps_all())
    return world_.oracle().on_forgotten(record);
  if (!ended.ok()) return "it is gone and not in the tables: " + ended.status().message();
  return ended->event == record.model.end() ? "" : "the tables have another end";
}

}  // namespace tenuto::testing
