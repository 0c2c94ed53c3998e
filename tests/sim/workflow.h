// Workflows of a simulation: a plain shape, from which the definition text is written and against which the oracle judges.
//
// The oracle never looks into a plan: all it takes from it is the names of its nodes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/plan/plan.h"
#include "core/plan/spec.h"

namespace tenuto::testing {

// A number in [low, high].
[[nodiscard]] inline std::uint32_t draw(Random& random, std::uint32_t low, std::uint32_t high) {
  return low + static_cast<std::uint32_t>(random.below(high - low + 1));
}

// An input or a result: {"n":…,"ok":…,"v":…} with padding, or a bare number, which has no members to refer to.
struct SimValue {
  std::string text = "null";
  bool has_members = false;
  bool ok = false;
  std::int64_t v = 0;

  static SimValue object(std::uint64_t nonce, bool ok, std::int64_t v, std::size_t padding);
  static SimValue number(std::uint64_t nonce);
};

inline constexpr int kSimInput = -1;

// `X.ok`, or `X.v < 5`.
struct SimTerm {
  int node = kSimInput;
  bool compares = false;
};
struct SimCondition {
  enum class Op : std::uint8_t { otherwise, any, all };
  Op op = Op::otherwise;
  std::vector<SimTerm> terms;
};

// `${X}`, or `${X.v}`, in an argument.
struct SimUse {
  int node = 0;
  bool only_v = false;
};

struct SimNode {
  std::string name;
  bool is_switch = false;
  bool is_made = false;  // the switch that the `if` of a task stands for
  int guard = -1;        // the switch it stands in, and the arm
  int arm = 0;
  std::vector<int> needs;               // all that it waits for, arms of switches included
  std::vector<std::string> need_names;  // as written
  std::vector<SimCondition> arms;       // of a switch
  // Of a task.
  std::string action;
  std::vector<SimUse> uses;
  bool uses_input = false;
  bool pure = false;
  RetrySpec retry;
  Nanos timeout = 0;
  std::string pool = "default";
};

struct SimWorkflow {
  std::vector<SimNode> nodes;  // a switch before the nodes in its arms
  std::vector<int> output;     // an object of these results; empty: no output
  std::string definition;
  PlanRef plan;
  std::vector<int> node_of;  // by TaskIndex
};

[[nodiscard]] SimWorkflow make_workflow(Random& random, const std::string& name);

// Actions by who serves them, told by their names.
inline const std::vector<std::string> kHostedActions = {"host0", "host1", "late_host", "last_host"};
inline const std::vector<std::string> kInlineActions = {"inline0", "inline1", "late_inline"};
inline const std::vector<std::string> kThreadActions = {"thread0"};
[[nodiscard]] inline bool is_late_action(const std::string& action) {
  return action[0] == 'l';
}
inline const std::vector<std::string> kSimPools = {"default", "docker"};

}  // namespace tenuto::testing
