// What the rules say about one run, followed event by event through its durable history.
//
// Written from the rules (docs/workflow-format.md and what is promised of failures), not from the machine: nothing is
// counted, everything is looked at anew. A node may start when all that it waits for ended well; the nodes of arms that
// are not taken and the users of skipped values are skipped; the first arm whose condition holds is taken; the first bad
// end or cancel, whichever came first, decides how the run ends, and nothing starts after it.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "core/machine/state.h"
#include "tests/sim/body_log.h"

namespace tenuto::testing {

class RunModel {
 public:
  RunModel(const SimWorkflow& workflow, SimValue input)
      : workflow_(&workflow), input_(std::move(input)), nodes_(workflow.nodes.size()) {}

  // When an event was recorded.
  struct Circumstances {
    std::uint32_t life;
    WallTime latest;  // the latest time that the wall clock showed before it
  };
  // Follows one event; what is wrong with it, or "".
  [[nodiscard]] std::string apply(const Event& event, BodyLog& bodies, const Circumstances& then);

  // The body of this attempt may begin now.
  [[nodiscard]] bool is_ready(int node, std::uint32_t attempt) const;
  // Nothing recorded speaks against a body of this attempt that runs ahead of the disk.
  [[nodiscard]] bool may_run_ahead(int node, std::uint32_t attempt) const;
  // As its body must see it; none when it can't be evaluated.
  [[nodiscard]] std::optional<std::string> argument_of(int node) const;

  [[nodiscard]] bool ended() const { return is_final(state_); }
  [[nodiscard]] RunState state() const { return state_; }
  [[nodiscard]] const RunEnded& end() const { return end_; }
  [[nodiscard]] bool cancel_was_recorded() const { return cancelled_; }
  // Why the run is not at rest although nothing more happens, or "". `is_served` tells of actions.
  [[nodiscard]] std::string restless(const std::function<bool(const std::string&)>& is_served) const;
  // How the state of the engine differs, or "".
  [[nodiscard]] std::string compare(const Run& run) const;
  // Reasons of the cancels that were asked for.
  std::set<std::string> asked_cancels;

 private:
  enum class Stage : std::uint8_t { pending, waiting, done, skipped, failed, timed_out, cancelled };
  struct Node {
    Stage stage = Stage::pending;
    std::uint32_t attempt = 1;
    WallTime retry_at;
    SimValue result;
    int arm = -1;  // of a switch that is done; -1: none
    Failure failure;
  };
  enum class Verdict : std::uint8_t { no, yes, skipped, wrong };

  [[nodiscard]] const SimNode& shape(int node) const {
    return workflow_->nodes[static_cast<std::size_t>(node)];
  }
  [[nodiscard]] Node& at(int node) { return nodes_[static_cast<std::size_t>(node)]; }
  [[nodiscard]] const Node& at(int node) const { return nodes_[static_cast<std::size_t>(node)]; }
  [[nodiscard]] bool stopped() const { return failing_ || cancelled_ || ended(); }
  [[nodiscard]] bool ended_well(int node) const;
  [[nodiscard]] bool must_skip(int node) const;
  [[nodiscard]] bool all_before_ended(int node) const;
  [[nodiscard]] Verdict judge(const SimTerm& term) const;
  [[nodiscard]] Verdict judge(const SimCondition& condition) const;
  // The arm to take, -1 for none, or nothing when a condition is wrong.
  [[nodiscard]] std::optional<int> choose(int node) const;
  [[nodiscard]] bool is_skipped(int node) const {
    return node != kSimInput && at(node).stage == Stage::skipped;
  }
  [[nodiscard]] const SimValue& value_of(int node) const {
    return node == kSimInput ? input_ : at(node).result;
  }
  // None when it can't be evaluated.
  [[nodiscard]] std::optional<std::string> text_of(const SimUse& use) const;
  // An object of them, behind `text`.
  [[nodiscard]] std::optional<std::string> members_of(const std::vector<SimUse>& uses,
                                                      std::string text) const;
  [[nodiscard]] std::optional<std::string> output() const;
  [[nodiscard]] TaskState state_of(int node) const;

  [[nodiscard]] bool is_begin(int node, const BodyEntry& entry, WallTime started) const;
  std::string on_tasks_done(const Event& event, const TasksDone& done, BodyLog& bodies);
  // `may_be`: whether a body can be the one, by the time when it began.
  std::string on_done(int node, const Event& event, const Payload& result,
                      const std::function<bool(const BodyEntry&)>& may_be, BodyLog& bodies);
  std::string on_failed(int node, const Event& event, const AttemptFailed& failed, BodyLog& bodies,
                        std::uint32_t life);
  std::string check_attempt(int node, const Event& event, const AttemptFailed& failed, BodyLog& bodies,
                            std::uint32_t life);
  std::string check_retry(int node, const Event& event, const AttemptFailed& failed) const;
  std::string on_ended(const RunEnded& ended, BodyLog& bodies, std::uint32_t life);

  const SimWorkflow* workflow_;
  SimValue input_;
  std::vector<Node> nodes_;
  RunState state_ = RunState::running;
  bool failing_ = false;
  bool cancelled_ = false;
  bool cancelled_first_ = false;
  int culprit_ = -1;
  RunEnded end_;
};

}  // namespace tenuto::testing
