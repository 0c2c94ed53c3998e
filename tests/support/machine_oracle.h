// What the rules of a run say about its nodes, computed from scratch from the outcomes of its bodies.
//
// Written from the rules, not from the machine: no counters, no marks, no order of events where order does not matter.
// The rules: a node starts when all that it waits for ended; a skipped value skips its users at once; a skipped node that
// one merely waits for is as good as a done one; the first arm whose condition holds is taken and the nodes of all other
// arms are skipped; a condition over a skipped value is false; a wrong condition fails the run; after a failure or a
// cancel nothing starts, what runs comes back, then the run ends as the first of the two says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/machine/state.h"
#include "tests/support/plan_builder.h"

namespace tenuto::testing {

// How one attempt ended.
struct AttemptFact {
  std::optional<std::string> result = {};  // none: it failed
  FailureKind kind = FailureKind::error;
};

struct NodeFacts {
  std::vector<AttemptFact> attempts;
  std::size_t retries_fired = 0;
};

class MachineOracle {
 public:
  MachineOracle(PlanShape shape, std::string input)
      : shape_(std::move(shape)),
        input_(std::move(input)),
        facts_(shape_.nodes.size()),
        known_(shape_.nodes.size(), TaskState::pending) {}

  void attempt_ended(std::uint32_t task, AttemptFact fact);
  void retry_fired(std::uint32_t task) {
    ++facts_[task].retries_fired;
    known_[task] = TaskState::ready;
  }
  void cancelled() {
    if (ends_as_ == RunState::completed) ends_as_ = RunState::cancelled;
    cancelling_ = true;
  }
  // "" if the run is what the rules say once nothing more follows by itself; else the difference.
  [[nodiscard]] std::string compare(const Run& run, std::size_t in_flight);

 private:
  using States = std::vector<TaskState>;
  [[nodiscard]] bool stopped() const { return ends_as_ != RunState::completed; }
  [[nodiscard]] TaskState state_of_task(std::uint32_t task) const;
  [[nodiscard]] bool must_skip(std::uint32_t node, const States& states) const;
  [[nodiscard]] bool all_ended_before(std::uint32_t node, const States& states) const;
  // The arm that is taken, SwitchChosen::kNoArm, or nothing when a condition is wrong.
  [[nodiscard]] std::optional<std::uint32_t> arm_of(std::uint32_t node, const States& states) const;
  // Nothing if the value is no boolean; `skipped` is set if there is none.
  [[nodiscard]] std::optional<bool> boolean_of(std::uint32_t node, const States& states, bool& skipped) const;
  [[nodiscard]] std::optional<bool> holds(const ConditionShape& condition, const States& states) const;
  // All that follows from the facts; `wrong` are the switches with a wrong condition.
  [[nodiscard]] States closure(std::vector<std::uint32_t>& wrong) const;
  [[nodiscard]] std::string stop_at_wrong_condition(const Run& run, const States& states,
                                                    const std::vector<std::uint32_t>& wrong);
  [[nodiscard]] std::string output_of(const States& states) const;

  PlanShape shape_;
  std::string input_;
  std::vector<NodeFacts> facts_;
  States known_;                            // as of the last comparison
  RunState ends_as_ = RunState::completed;  // failed or cancelled: nothing starts any more
  bool cancelling_ = false;
  std::uint32_t culprit_ = kNoTask.value;
};

[[nodiscard]] inline TaskState state_after(FailureKind kind) {
  if (kind == FailureKind::timed_out) return TaskState::timed_out;
  return kind == FailureKind::cancelled ? TaskState::cancelled : TaskState::failed;
}

// The state that the end of the run gives to a node.
[[nodiscard]] inline TaskState at_end(TaskState state) {
  if (is_final(state)) return state;
  return state == TaskState::pending ? TaskState::not_reached : TaskState::cancelled;
}

inline TaskState MachineOracle::state_of_task(std::uint32_t task) const {
  const NodeFacts& facts = facts_[task];
  if (facts.attempts.empty()) return TaskState::ready;
  const AttemptFact& last = facts.attempts.back();
  if (last.result) return TaskState::done;
  const bool again = last.kind == FailureKind::error || last.kind == FailureKind::timed_out;
  if (!again || facts.attempts.size() > shape_.nodes[task].policy.retry.attempts)
    return state_after(last.kind);
  return facts.retries_fired == facts.attempts.size() ? TaskState::ready : TaskState::waiting;
}

inline void MachineOracle::attempt_ended(std::uint32_t task, AttemptFact fact) {
  facts_[task].attempts.push_back(fact);
  if (stopped()) {
    known_[task] = fact.result ? TaskState::done : state_after(fact.kind);
    return;
  }
  known_[task] = state_of_task(task);
  if (is_final(known_[task]) && known_[task] != TaskState::done) {
    ends_as_ = RunState::failed;
    culprit_ = task;
  }
}

inline std::optional<bool> MachineOracle::boolean_of(std::uint32_t node, const States& states,
                                                     bool& skipped) const {
  if (node != OperandRef::kInput && states[node] == TaskState::skipped) {
    skipped = true;
    return std::nullopt;
  }
  const std::string& value = node == OperandRef::kInput ? input_ : *facts_[node].attempts.back().result;
  if (value == "true") return true;
  if (value == "false") return false;
  return std::nullopt;
}

inline std::optional<bool> MachineOracle::holds(const ConditionShape& condition, const States& states) const {
  const bool decisive = condition.op == ConditionShape::Op::any;  // the value that settles the whole
  if (condition.op == ConditionShape::Op::otherwise) return true;
  bool wrong = false;
  bool any_skipped = false;
  for (const std::uint32_t node : condition.nodes) {
    bool skipped = false;
    const std::optional<bool> value = boolean_of(node, states, skipped);
    if (value == decisive) return decisive;
    any_skipped |= skipped;
    wrong |= !value && !skipped;
  }
  if (wrong) return std::nullopt;
  return any_skipped ? false : !decisive;
}

inline std::optional<std::uint32_t> MachineOracle::arm_of(std::uint32_t node, const States& states) const {
  const auto& arms = shape_.nodes[node].arms;
  for (std::uint32_t arm = 0; arm < arms.size(); ++arm) {
    const std::optional<bool> taken = holds(arms[arm], states);
    if (!taken) return std::nullopt;
    if (*taken) return arm;
  }
  return SwitchChosen::kNoArm;
}

inline bool MachineOracle::must_skip(std::uint32_t node, const States& states) const {
  const NodeShape& shape = shape_.nodes[node];
  if (shape.place) {
    const TaskState choice = states[shape.place->switch_node];
    if (choice == TaskState::skipped) return true;
    if (choice == TaskState::done && arm_of(shape.place->switch_node, states) != shape.place->arm)
      return true;
  }
  return std::any_of(shape.uses.begin(), shape.uses.end(),
                     [&](std::uint32_t used) { return states[used] == TaskState::skipped; });
}

inline bool MachineOracle::all_ended_before(std::uint32_t node, const States& states) const {
  const NodeShape& shape = shape_.nodes[node];
  const auto ended = [&](std::uint32_t n) {
    return n == OperandRef::kInput || states[n] == TaskState::done || states[n] == TaskState::skipped;
  };
  bool all = !shape.place || ended(shape.place->switch_node);
  for (const std::uint32_t n : shape.after) all = all && ended(n);
  for (const std::uint32_t n : shape.uses) all = all && ended(n);
  for (const ConditionShape& arm : shape.arms) {
    for (const std::uint32_t n : arm.nodes) all = all && ended(n);
  }
  return all;
}

inline MachineOracle::States MachineOracle::closure(std::vector<std::uint32_t>& wrong) const {
  States states(shape_.nodes.size(), TaskState::pending);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::uint32_t i = 0; i < states.size(); ++i) {
      if (states[i] != TaskState::pending) continue;
      if (must_skip(i, states)) {
        states[i] = TaskState::skipped;
      } else if (!all_ended_before(i, states)) {
        continue;
      } else if (!shape_.nodes[i].is_switch()) {
        states[i] = state_of_task(i);
      } else if (arm_of(i, states)) {
        states[i] = TaskState::done;
      } else {
        states[i] = TaskState::failed;
        wrong.push_back(i);
      }
      changed = true;
    }
  }
  return states;
}

// One of the wrong switches stopped the run; what else would have followed by itself may or may not have come first.
inline std::string MachineOracle::stop_at_wrong_condition(const Run& run, const States& states,
                                                          const std::vector<std::uint32_t>& wrong) {
  if (!run.trouble || !run.trouble->failing) return "a wrong condition did not fail the run";
  culprit_ = run.trouble->culprit.value;
  if (std::find(wrong.begin(), wrong.end(), culprit_) == wrong.end())
    return "the culprit has no wrong condition";
  ends_as_ = RunState::failed;
  for (std::uint32_t i = 0; i < states.size(); ++i) {
    const TaskState found = run.rows[i].state;
    const bool followed = found == states[i] || found == at_end(states[i]);
    const bool followed_not = known_[i] == TaskState::pending && i != culprit_;
    const bool is_left = found == TaskState::pending || found == TaskState::not_reached;
    if (!followed && !(followed_not && is_left)) {
      return "node " + std::to_string(i) + " is " + std::string(tenuto::to_text(found)) +
             " at a wrong condition";
    }
    known_[i] = followed ? states[i] : TaskState::pending;
  }
  return "";
}

inline std::string MachineOracle::output_of(const States& states) const {
  if (shape_.output.empty()) return "null";
  std::string text = "{";
  for (const std::uint32_t node : shape_.output) {
    const bool skipped = states[node] == TaskState::skipped;
    text += (text.size() > 1 ? ",\"" : "\"") + node_name(node) +
            "\":" + (skipped ? "null" : *facts_[node].attempts.back().result);
  }
  return text + "}";
}

inline std::string MachineOracle::compare(const Run& run, std::size_t in_flight) {
  if (!stopped()) {
    std::vector<std::uint32_t> wrong;
    const States states = closure(wrong);
    if (wrong.empty()) {
      known_ = states;
    } else if (std::string problem = stop_at_wrong_condition(run, states, wrong); !problem.empty()) {
      return problem;
    }
  }
  const bool all = std::all_of(known_.begin(), known_.end(), [](TaskState s) { return is_final(s); });
  const bool ends = stopped() ? in_flight == 0 : all;
  const RunState expected = ends ? ends_as_ : cancelling_ ? RunState::cancelling : RunState::running;
  if (run.state != expected) {
    return "the run is " + std::string(tenuto::to_text(run.state)) + ", not " +
           std::string(tenuto::to_text(expected));
  }
  for (std::uint32_t i = 0; i < known_.size(); ++i) {
    const TaskState state = ends ? at_end(known_[i]) : known_[i];
    if (run.rows[i].state != state) {
      return "node " + std::to_string(i) + " is " + std::string(tenuto::to_text(run.rows[i].state)) +
             ", not " + std::string(tenuto::to_text(state));
    }
  }
  if (!ends) return "";
  if (expected == RunState::completed && run.output().view() != output_of(known_))
    return "the output is not as it should be";
  if (expected == RunState::failed && run.trouble->culprit.value != culprit_)
    return "the culprit is another one";
  return "";
}

}  // namespace tenuto::testing
