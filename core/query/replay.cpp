#include "core/query/replay.h"

#include <span>

#include "core/machine/apply.h"

namespace tenuto {
namespace {

void note_begin(NodeTimes& node, WallTime started) {
  if (node.started.ns == 0) node.started = started;
}

void note_attempt_failed(NodeTimes& node, const Event& event, const AttemptFailed& failed) {
  note_begin(node, failed.started);
  // A switch has no attempts; its condition failed.
  if (event.attempt.value != 0) ++node.attempts;
  node.failure = failed.failure;
  if (failed.final) {
    node.ended = event.at;
  } else {
    node.retry_at = failed.retry_at;
  }
}

void note_node(NodeTimes& node, const Event& event) {
  if (const auto* done = std::get_if<TaskDone>(&event.body)) {
    note_begin(node, done->started);
    ++node.attempts;
    node.failure.reset();
    node.ended = event.at;
  } else if (const auto* failed = std::get_if<AttemptFailed>(&event.body)) {
    note_attempt_failed(node, event, *failed);
  } else if (std::holds_alternative<TimerFired>(event.body)) {
    node.retry_at = WallTime();
  } else {
    node.ended = event.at;  // task_skipped, switch_chosen
  }
}

// They were done one after the other, and nobody looked at the clock between them.
void note_nodes(std::span<NodeTimes> nodes, const Event& event, const TasksDone& done) {
  for (NodeTimes& node : nodes) {
    node.started = done.started;
    node.ended = event.at;
    node.attempts = 1;
  }
}

// What the end of the run cuts off.
void note_run_ended(ReplayedRun& replayed, WallTime at) {
  replayed.ended_at = at;
  for (std::size_t i = 0; i < replayed.nodes.size(); ++i) {
    NodeTimes& node = replayed.nodes[i];
    node.retry_at = WallTime();
    if (node.ended.ns == 0 && !replayed.run.in_order() && replayed.run.rows[i].state == TaskState::cancelled)
      node.ended = at;
  }
}

}  // namespace

Result<ReplayedRun> replay(const View& view, RunNumber number) {
  TN_ASSIGN(std::vector<Event> events, view.events_of(number));
  ReplayedRun replayed;
  replayed.started_at = events.front().at;
  replayed.started = std::get<RunStarted>(std::move(events.front().body));
  TN_ASSIGN(replayed.plan, view.plan_of(replayed.started.workflow));
  replayed.nodes.resize(replayed.plan->node_count());
  Changes changes;
  replayed.run = begin_run(number, replayed.plan, replayed.started);
  for (std::size_t i = 1; i < events.size(); ++i) {
    changes.clear();
    TN_TRY(apply(replayed.run, events[i], changes));
    if (const auto* done = std::get_if<TasksDone>(&events[i].body)) {
      note_nodes(std::span(replayed.nodes).subspan(events[i].task.value, done->count), events[i], *done);
    } else if (events[i].task != kNoTask) {
      note_node(replayed.nodes[events[i].task.value], events[i]);
    }
    if (events[i].type() == EventType::run_ended) note_run_ended(replayed, events[i].at);
  }
  leave_order(replayed.run);
  return replayed;
}

RunState shown_state(const Run& run) {
  if (run.state != RunState::running || run.in_order()) return run.state;
  bool waits = false;
  for (const TaskRow& row : run.all_rows()) {
    if (row.state == TaskState::ready || row.state == TaskState::running) return RunState::running;
    waits = waits || row.state == TaskState::waiting;
  }
  return waits ? RunState::waiting : RunState::running;
}

}  // namespace tenuto
