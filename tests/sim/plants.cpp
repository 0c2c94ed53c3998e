#include "tests/sim/plants.h"

namespace tenuto::testing {
namespace {

// What the planted bug makes of the events of a run.
void alter(Plant plant, Event& event) {
  if (auto* started = std::get_if<RunStarted>(&event.body); started != nullptr && plant == Plant::other_input)
    started->input = Payload::json("\"another\"");
  if (auto* done = std::get_if<TaskDone>(&event.body)) {
    if (plant == Plant::other_result && !done->result.is_null_json())
      done->result = Payload::json("\"another\"");
    if (plant == Plant::skipped_for_done) event.body = TaskSkipped{};
  }
  if (auto* chosen = std::get_if<SwitchChosen>(&event.body); chosen != nullptr && plant == Plant::wrong_arm)
    chosen->arm = chosen->arm == 0 ? 1 : 0;
  if (auto* failed = std::get_if<AttemptFailed>(&event.body); failed != nullptr && event.attempt.value > 0) {
    if (plant == Plant::retry_too_many) failed->final = false;
    if (plant == Plant::retry_missing) failed->final = true;
    if (plant == Plant::long_wait && !failed->final) failed->retry_at.ns += 7200 * kSecond;
  }
  if (auto* cancel = std::get_if<CancelRequested>(&event.body);
      cancel != nullptr && plant == Plant::unasked_cancel)
    cancel->reason += " for another reason";
}

void alter_end(Plant plant, RunEnded& ended) {
  if (plant == Plant::other_output && ended.state == RunState::completed)
    ended.output = Payload::json("\"another\"");
  if (plant == Plant::other_culprit && ended.culprit != kNoTask) ended.culprit.value ^= 1;
  if (plant == Plant::other_end && ended.state == RunState::failed) ended.state = RunState::completed;
}

bool is_said_twice(Plant plant, const Event& event) {
  return (plant == Plant::cancel_twice && std::holds_alternative<CancelRequested>(event.body)) ||
         (plant == Plant::done_twice && std::holds_alternative<TaskDone>(event.body)) ||
         (plant == Plant::applied_twice && std::holds_alternative<CommandApplied>(event.body));
}

}  // namespace

std::vector<Event> PlantedEar::hear(const Event& event) {
  std::vector<Event> heard = {event};
  alter(plant_, heard[0]);
  if (std::holds_alternative<TaskDone>(event.body)) last_done_ = event;
  if (auto* applied = std::get_if<CommandApplied>(&heard[0].body)) {
    if (plant_ == Plant::refused_applied)
      heard[0].body = CommandRefused{applied->command, Code::not_found, "no such run"};
    if (plant_ == Plant::wrong_subject) ++applied->subject.value;
  }
  if (auto* ended = std::get_if<RunEnded>(&heard[0].body)) {
    alter_end(plant_, *ended);
    if (plant_ == Plant::life_after_end && last_done_.run == event.run) heard.push_back(last_done_);
  }
  if (plant_ == Plant::early_end &&
      (event.type() == EventType::task_done || event.type() == EventType::switch_chosen)) {
    heard[0].body = RunEnded{};
    heard[0].task = kNoTask;
  }
  if (is_said_twice(plant_, event)) heard.push_back(event);
  return heard;
}

}  // namespace tenuto::testing
