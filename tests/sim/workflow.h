// Workflows of a simulation: a plain shape, from which the definition text is written and against which the oracle judges.
//
// The oracle never looks into a plan: all it takes from it is the names of its nodes. A shape is drawn first and written down
// afterwards, so that nodes can be left out between and a failure be shown with a small workflow.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
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

// `X.ok`, `!X.ok`, `X.v < 5` or `X.v >= 5`.
struct SimTerm {
  int node = kSimInput;
  bool compares = false;
  bool negated = false;
};
struct SimCondition {
  enum class Op : std::uint8_t { otherwise, any, all };
  Op op = Op::otherwise;
  std::vector<SimTerm> terms;
};

// In an argument or an output: `${X}`, `${X.v}`, `${X.v + 1}`, `v=${X.v};`.
struct SimUse {
  enum class Form : std::uint8_t { whole, member, sum, text };
  int node = 0;
  Form form = Form::whole;
};

struct SimNode {
  std::string name;
  bool is_switch = false;
  bool is_made = false;  // the switch that the `if` of the task behind it stands for
  int guard = -1;        // the switch it stands in, and the arm
  int arm = 0;
  std::vector<int> wanted;         // as written: a switch stands for all that is in it
  std::vector<int> needs;          // all that it waits for, arms of switches included
  std::vector<SimCondition> arms;  // of a switch
  // Of a task.
  std::string action;
  std::vector<SimUse> uses;
  bool has_constants = false;  // its argument has a member that is the same for every run
  PolicySpec own;              // as written
  // In effect.
  bool pure = false;
  RetrySpec retry;
  Nanos timeout = 0;
  std::string pool = "default";
};

struct SimOutput {
  enum class Form : std::uint8_t { none, object, single };
  Form form = Form::none;
  std::vector<SimUse> uses;
};

struct SimWorkflow {
  std::string name;
  std::vector<SimNode> nodes;  // a switch before the nodes in its arms
  PolicySpec defaults;
  bool has_remarks = false;  // input, labels and descriptions, which change nothing
  SimOutput output;
  std::string definition;
  PlanRef plan;
  std::vector<int> node_of;  // by TaskIndex
};

// Names of nodes that are left out, as "w1.t3".
using SimDrop = std::set<std::string>;

[[nodiscard]] SimWorkflow draw_workflow(Random& random, const std::string& name);
// Writes down and compiles what is drawn, without what is dropped and whatever needs it.
[[nodiscard]] SimWorkflow make_workflow(SimWorkflow drawn, const SimDrop& drop);
// The members of an argument or of an output have these keys: "u0", "u1" …, and "k" for the constants.
[[nodiscard]] std::string use_key(std::size_t index);
inline constexpr const char* kSimConstants = R"([1,{"d":null},"${x}"])";

// Actions by who serves them, told by their names.
inline const std::vector<std::string> kHostedActions = {"host0", "host1", "late_host", "last_host"};
inline const std::vector<std::string> kInlineActions = {"inline0", "inline1", "late_inline"};
inline const std::vector<std::string> kThreadActions = {"thread0"};
[[nodiscard]] inline bool is_late_action(const std::string& action) {
  return action[0] == 'l';
}
inline const std::vector<std::string> kSimPools = {"default", "docker"};

}  // namespace tenuto::testing
