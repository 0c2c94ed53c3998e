#include "tests/sim/run_model.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace tenuto::testing {

// ---- Rules ----------------------------------------------------------------------------------------------------------

bool RunModel::ended_well(int node) const {
  return node == kSimInput || at(node).stage == Stage::done || at(node).stage == Stage::skipped;
}

bool RunModel::must_skip(int node) const {
  const SimNode& s = shape(node);
  if (s.guard >= 0) {
    const Node& choice = at(s.guard);
    if (choice.stage == Stage::skipped) return true;
    if (choice.stage == Stage::done && choice.arm != s.arm) return true;
  }
  return std::any_of(s.uses.begin(), s.uses.end(), [&](const SimUse& use) { return is_skipped(use.node); });
}

bool RunModel::all_before_ended(int node) const {
  const SimNode& s = shape(node);
  bool all = s.guard < 0 || ended_well(s.guard);
  for (const int need : s.needs) all = all && ended_well(need);
  for (const SimUse& use : s.uses) all = all && ended_well(use.node);
  for (const SimCondition& arm : s.arms) {
    for (const SimTerm& term : arm.terms) all = all && ended_well(term.node);
  }
  return all;
}

bool RunModel::is_ready(int node, std::uint32_t attempt) const {
  return !stopped() && !shape(node).is_switch && at(node).stage == Stage::pending &&
         at(node).attempt == attempt && !must_skip(node) && all_before_ended(node);
}

bool RunModel::may_run_ahead(int node, std::uint32_t attempt) const {
  if (ended() || attempt < at(node).attempt) return false;
  return at(node).stage == Stage::pending || at(node).stage == Stage::waiting;
}

RunModel::Verdict RunModel::judge(const SimTerm& term) const {
  if (is_skipped(term.node)) return Verdict::skipped;
  const SimValue& value = value_of(term.node);
  if (!value.has_members) return Verdict::wrong;
  const bool holds = term.compares ? value.v < 5 : value.ok;
  return holds != term.negated ? Verdict::yes : Verdict::no;
}

RunModel::Verdict RunModel::judge(const SimCondition& condition) const {
  if (condition.op == SimCondition::Op::otherwise) return Verdict::yes;
  const Verdict decisive = condition.op == SimCondition::Op::any ? Verdict::yes : Verdict::no;
  bool wrong = false;
  bool skipped = false;
  for (const SimTerm& term : condition.terms) {
    const Verdict verdict = judge(term);
    if (verdict == decisive) return decisive;
    wrong |= verdict == Verdict::wrong;
    skipped |= verdict == Verdict::skipped;
  }
  if (wrong) return Verdict::wrong;
  if (skipped) return Verdict::no;
  return decisive == Verdict::yes ? Verdict::no : Verdict::yes;
}

std::optional<int> RunModel::choose(int node) const {
  const auto& arms = shape(node).arms;
  for (std::size_t arm = 0; arm < arms.size(); ++arm) {
    const Verdict verdict = judge(arms[arm]);
    if (verdict == Verdict::wrong) return std::nullopt;
    if (verdict == Verdict::yes) return static_cast<int>(arm);
  }
  return -1;
}

std::optional<std::string> RunModel::text_of(const SimUse& use) const {
  // As outputs show it; arguments have none.
  if (is_skipped(use.node)) return use.form == SimUse::Form::text ? "\"v=null;\"" : "null";
  const SimValue& value = value_of(use.node);
  if (use.form == SimUse::Form::whole) return value.text;
  if (!value.has_members) return std::nullopt;
  if (use.form == SimUse::Form::member) return std::to_string(value.v);
  if (use.form == SimUse::Form::sum) return std::to_string(value.v + 1);
  return "\"v=" + std::to_string(value.v) + ";\"";
}

std::optional<std::string> RunModel::members_of(const std::vector<SimUse>& uses, std::string text) const {
  // Keys are sorted.
  std::map<std::string, std::string> members;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const std::optional<std::string> member = text_of(uses[i]);
    if (!member.has_value()) return std::nullopt;
    members[use_key(i)] = *member;
  }
  for (const auto& [key, member] : members) text += (text.empty() ? "\"" : ",\"") + key + "\":" + member;
  return "{" + text + "}";
}

std::optional<std::string> RunModel::argument_of(int node) const {
  const SimNode& s = shape(node);
  return members_of(s.uses, s.has_constants ? std::string("\"k\":") + kSimConstants : "");
}

std::optional<std::string> RunModel::output() const {
  const SimOutput& output = workflow_->output;
  if (output.form == SimOutput::Form::none) return "null";
  if (output.form == SimOutput::Form::single) return text_of(output.uses[0]);
  return members_of(output.uses, "");
}

// ---- Events ---------------------------------------------------------------------------------------------------------

std::string RunModel::apply(const Event& event, BodyLog& bodies, const Circumstances& then) {
  const std::uint32_t life = then.life;
  if (ended()) return "an event after the end of the run";
  if (const auto* ended = std::get_if<RunEnded>(&event.body)) return on_ended(*ended, bodies, life);
  if (const auto* cancel = std::get_if<CancelRequested>(&event.body)) {
    if (!asked_cancels.contains(cancel->reason)) return "a cancel that nobody asked for";
    if (cancelled_) return "a second cancel";
    cancelled_ = true;
    cancelled_first_ = !failing_;
    state_ = RunState::cancelling;
    return "";
  }
  if (event.task.value >= workflow_->node_of.size()) return "an event of no node";
  if (const auto* done = std::get_if<TasksDone>(&event.body)) return on_tasks_done(event, *done, bodies);
  const int node = workflow_->node_of[event.task.value];
  if (const auto* done = std::get_if<TaskDone>(&event.body)) {
    const auto began = [&](const BodyEntry& entry) { return is_begin(node, entry, done->started); };
    return on_done(node, event, done->result, began, bodies);
  }
  if (const auto* failed = std::get_if<AttemptFailed>(&event.body))
    return on_failed(node, event, *failed, bodies, life);
  if (stopped()) return "something new although the run was stopped";
  if (at(node).stage == Stage::waiting && std::holds_alternative<TimerFired>(event.body)) {
    // A clock that is set back after the timer fired gives the event an earlier time.
    if (then.latest < at(node).retry_at) return "a retry came early";
    at(node).stage = Stage::pending;
    ++at(node).attempt;
    return "";
  }
  if (at(node).stage != Stage::pending) return "an event of a node that is over";
  if (std::holds_alternative<TaskSkipped>(event.body)) {
    at(node).stage = Stage::skipped;
    return must_skip(node) ? "" : "skipped without a reason";
  }
  const auto* chosen = std::get_if<SwitchChosen>(&event.body);
  if (chosen == nullptr || !shape(node).is_switch) return "an event that can't be";
  if (must_skip(node) || !all_before_ended(node)) return "chosen before its time";
  const std::optional<int> arm = choose(node);
  if (!arm.has_value()) return "chosen although its condition is wrong";
  if (static_cast<std::uint32_t>(*arm) != chosen->arm) return "the wrong arm";
  at(node).stage = Stage::done;
  at(node).arm = *arm;
  return "";
}

// Bodies that run in order share a look at the clock, which may be a little ago.
bool RunModel::is_begin(int node, const BodyEntry& entry, WallTime started) const {
  const bool is_inline = shape(node).action.find("inline") != std::string::npos;
  return is_inline ? entry.began >= started : entry.began == started;
}

std::string RunModel::on_tasks_done(const Event& event, const TasksDone& done, BodyLog& bodies) {
  if (event.task.value + done.count > workflow_->node_of.size()) return "more nodes are done than there are";
  for (std::uint32_t i = 0; i < done.count; ++i) {
    const int node = workflow_->node_of[event.task.value + i];
    const auto began = [&](const BodyEntry& entry) { return entry.began >= done.started; };
    if (std::string problem = on_done(node, event, Payload(), began, bodies); !problem.empty())
      return problem;
  }
  return "";
}

std::string RunModel::on_done(int node, const Event& event, const Payload& result,
                              const std::function<bool(const BodyEntry&)>& may_be, BodyLog& bodies) {
  if (at(node).stage != Stage::pending || at(node).attempt != event.attempt.value)
    return "done, but not awaited";
  if (must_skip(node) || !all_before_ended(node)) return "done before its time";
  // The newest first: bodies without a result look alike, and one whose record was lost runs again.
  std::vector<BodyEntry>& entries = bodies.of(node, event.attempt.value);
  for (auto found = entries.rbegin(); found != entries.rend(); ++found) {
    BodyEntry& entry = *found;
    if (entry.outcome != BodyEntry::Outcome::done || entry.late || entry.result.text != result.view())
      continue;
    if (!may_be(entry)) continue;
    if (entry.argument != argument_of(node)) return "its body saw another argument";
    entry.recorded = true;
    at(node).stage = Stage::done;
    at(node).result = entry.result;
    return "";
  }
  return "done with a result that no body gave";
}

std::string RunModel::on_failed(int node, const Event& event, const AttemptFailed& failed, BodyLog& bodies,
                                std::uint32_t life) {
  if (at(node).stage != Stage::pending) return "failed, but not awaited";
  if (must_skip(node) || !all_before_ended(node)) return "failed before its time";
  if (shape(node).is_switch) {
    if (stopped() || choose(node).has_value() || !failed.final) return "its condition is not wrong";
  } else if (std::string problem = check_attempt(node, event, failed, bodies, life); !problem.empty()) {
    return problem;
  }
  if (!failed.final) {
    at(node).stage = Stage::waiting;
    at(node).retry_at = failed.retry_at;
    return "";
  }
  at(node).stage = failed.kind == FailureKind::timed_out   ? Stage::timed_out
                   : failed.kind == FailureKind::cancelled ? Stage::cancelled
                                                           : Stage::failed;
  at(node).failure = failed.failure;
  if (!failing_ && !cancelled_) {
    failing_ = true;
    culprit_ = node;
  }
  return "";
}

std::string RunModel::check_attempt(int node, const Event& event, const AttemptFailed& failed,
                                    BodyLog& bodies, std::uint32_t life) {
  if (at(node).attempt != event.attempt.value) return "failed, but another attempt is awaited";
  if (failed.kind == FailureKind::expression) {
    return argument_of(node).has_value() || !failed.final ? "its argument is not wrong" : "";
  }
  BodyEntry* found = nullptr;
  for (BodyEntry& entry : bodies.of(node, event.attempt.value)) {
    const bool timed_out = failed.kind == FailureKind::timed_out && entry.life == life &&
                           (entry.late || entry.outcome == BodyEntry::Outcome::out);
    const bool reported = entry.outcome == BodyEntry::Outcome::failed && !entry.late &&
                          entry.kind == failed.kind && entry.message == failed.failure.message;
    if (is_begin(node, entry, failed.started) && (timed_out || reported)) found = &entry;
  }
  if (found == nullptr) return "failed as no body did";
  if (found->argument != argument_of(node)) return "its body saw another argument";
  found->recorded = true;
  return check_retry(node, event, failed);
}

std::string RunModel::check_retry(int node, const Event& event, const AttemptFailed& failed) const {
  const RetrySpec& retry = shape(node).retry;
  const bool retryable = failed.kind == FailureKind::error || failed.kind == FailureKind::timed_out;
  const bool again = retryable && !stopped() && event.attempt.value <= retry.attempts;
  if (failed.final == again) return again ? "not tried again" : "tried again too often";
  if (failed.final) return "";
  const double grown = static_cast<double>(retry.backoff) * std::pow(retry.factor, event.attempt.value - 1);
  const auto delay = static_cast<Nanos>(std::min(grown, static_cast<double>(retry.max)));
  const Nanos wait = failed.retry_at.ns - event.at.ns;
  if (wait > delay || wait < 0 || (!retry.full_jitter && wait != delay))
    return "the wait is not the policy's";
  return "";
}

std::string RunModel::on_ended(const RunEnded& ended, BodyLog& bodies, std::uint32_t life) {
  std::string problem;
  bodies.for_each([&](int node, std::uint32_t, BodyEntry& entry) {
    if (entry.life == life && !entry.recorded)
      problem = "ended while the body of " + shape(node).name + " was awaited";
  });
  if (!problem.empty()) return problem;
  const bool all = [&] {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!ended_well(static_cast<int>(i))) return false;
    }
    return true;
  }();
  const std::optional<std::string> output = all ? this->output() : std::nullopt;
  RunState expected = RunState::completed;
  if (failing_ || (all && !output.has_value())) expected = RunState::failed;
  if (cancelled_first_) expected = RunState::cancelled;
  if (ended.state != expected) return "it ended as it must not";
  if (expected == RunState::completed) {
    if (!all) return "completed with open nodes";
    if (ended.output.view() != *output) return "the output is not what the results give";
  } else if (expected == RunState::failed && culprit_ < 0) {
    if (ended.culprit != kNoTask || ended.failure.type != "ExpressionError")
      return "its output is wrong, but that is not the failure";
  } else if (expected == RunState::failed) {
    if (ended.culprit.value >= workflow_->node_of.size() ||
        workflow_->node_of[ended.culprit.value] != culprit_)
      return "another culprit";
    if (ended.failure.message != at(culprit_).failure.message) return "the failure is not the culprit's";
  } else if (!asked_cancels.contains(ended.failure.message)) {
    return "the reason is not that of the cancel";
  }
  state_ = expected;
  end_ = ended;
  return "";
}

// ---- Rest -----------------------------------------------------------------------------------------------------------

std::string RunModel::restless(const std::function<bool(const std::string&)>& is_served) const {
  if (ended()) return "";
  if (stopped()) return "stopped and not ended";
  bool waits = false;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const int node = static_cast<int>(i);
    const std::string& name = shape(node).name;
    if (at(node).stage == Stage::waiting) return name + " was not tried again";
    if (at(node).stage != Stage::pending) continue;
    if (must_skip(node)) return name + " was not skipped";
    if (!all_before_ended(node)) continue;
    if (shape(node).is_switch) return name + " was not decided";
    if (is_served(shape(node).action)) return name + " was not run";
    waits = true;
  }
  return waits ? "" : "nothing is left to do and it has not ended";
}

TaskState RunModel::state_of(int node) const {
  switch (at(node).stage) {
    case Stage::done:
      return TaskState::done;
    case Stage::skipped:
      return TaskState::skipped;
    case Stage::failed:
      return TaskState::failed;
    case Stage::timed_out:
      return TaskState::timed_out;
    case Stage::cancelled:
      return TaskState::cancelled;
    case Stage::waiting:
      return ended() ? TaskState::cancelled : TaskState::waiting;
    case Stage::pending:
      break;
  }
  // A node that became ready after the stop was never offered, so both answers are right then.
  const bool ready = !shape(node).is_switch && !must_skip(node) && all_before_ended(node);
  if (ended()) return ready ? TaskState::cancelled : TaskState::not_reached;
  return ready ? TaskState::ready : TaskState::pending;
}

std::string RunModel::compare(const Run& run) const {
  if (run.state != state_) return "its state is another one";
  for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) {
    const int node = workflow_->node_of[i];
    const TaskState expected = state_of(node);
    const TaskState found = run.rows[i].state;
    const bool stopped_before_ready = stopped() &&
                                      (expected == TaskState::cancelled || expected == TaskState::ready) &&
                                      (found == TaskState::not_reached || found == TaskState::pending);
    if (found != expected && !stopped_before_ready) {
      return shape(node).name + " is " + std::string(to_text(found)) + ", not " +
             std::string(to_text(expected));
    }
    if (expected == TaskState::done && !shape(node).is_switch &&
        run.result_of(TaskIndex{i}).view() != at(node).result.text)
      return shape(node).name + " has another result";
  }
  return "";
}

}  // namespace tenuto::testing
