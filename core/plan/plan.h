// The compiled, immutable form of a drawn workflow.
//
// Dense indices and flat arrays: a run over a plan touches one hot row and its successor list per node. Everything a
// person reads (names, actions, templates) lies apart.
//
// Thread safety: immutable after construction but for what is made when somebody asks for it, under a lock; shared by
// reference count.
// Invariants:
//  1. Edges point from a node to nodes that wait for it; the graph has no cycle.
//  2. There is at most one edge between two nodes; the stronger kind wins (guard > data > order).
//  3. in_degree of a node equals the number of edges that point to it.
//  4. Below ordered_end() stand tasks alone, each behind all that it waits for.
//  5. A node inside a switch arm has a guard edge from that switch; nested arms have it from the innermost one only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/limits.h"
#include "core/base/sync.h"
#include "core/expr/compile.h"
#include "core/expr/template.h"
#include "core/plan/spec.h"

namespace tenuto {

enum class NodeKind : std::uint8_t { task = 0, switch_node = 1 };

enum class EdgeKind : std::uint8_t {
  // Waits for its end; a skipped source is as good as a done one. So do switches whose conditions use a result: a
  // skipped value makes a condition false and does not skip the switch.
  order = 0,
  data = 1,   // a task uses its result; a skipped source skips the target
  guard = 2,  // stands in an arm of this switch; another arm taken skips the target
};

// One entry of a successor list, in 4 bytes.
class Edge {
 public:
  Edge() = default;
  Edge(TaskIndex target, EdgeKind kind, std::uint32_t arm)
      : word_(target.value | static_cast<std::uint32_t>(kind) << 20 | arm << 22) {}
  [[nodiscard]] TaskIndex target() const { return TaskIndex{word_ & 0xF'FFFFu}; }
  [[nodiscard]] EdgeKind kind() const { return static_cast<EdgeKind>(word_ >> 20 & 3u); }
  [[nodiscard]] std::uint32_t arm() const { return word_ >> 22; }

 private:
  std::uint32_t word_ = 0;
};
inline constexpr std::uint32_t kSwitchArmsMax = 1u << 10;
inline constexpr std::uint32_t kPlanEdgesMax = 1u << 24;  // 64 MiB of a plan
static_assert(limits::kPlanTasksMax < (1u << 20), "a target fits 20 bits");

// How a task is tried. Tasks with equal policies share one.
struct Policy {
  RetrySpec retry;
  Nanos timeout_ns = 0;  // of one attempt; 0 = none
  std::uint32_t pool = 0;
  bool pure = false;
  friend bool operator==(const Policy&, const Policy&) = default;
};

// Where an operand of an expression comes from: the run's input or a node's result.
struct OperandRef {
  std::uint32_t node = kInput;
  static constexpr std::uint32_t kInput = 0xFFFF'FFFFu;
  [[nodiscard]] bool is_input() const { return node == kInput; }
};

struct BoundTemplate {
  expr::Template pattern;
  std::vector<OperandRef> operands;  // one per pattern.names()
};

struct BoundCondition {
  expr::Program program;
  std::vector<OperandRef> operands;  // one per program.names()
};

struct SwitchArm {
  std::optional<BoundCondition> condition;  // none: taken otherwise
};

// What the state machine reads of a node.
struct NodeRow {
  std::uint32_t in_degree = 0;
  std::uint16_t policy = 0;  // index into policies; tasks only
  NodeKind kind = NodeKind::task;
  std::uint8_t reserved = 0;
  std::uint32_t first_edge = 0;  // its edges end where the next node's begin
  // Tasks: index into actions. Switches: index into switches.
  std::uint32_t subject = 0;
};

// Names of nodes, one behind the other.
struct NodeNames {
  std::vector<std::uint32_t> offsets;  // per node, and one more; or none at all
  std::string text;
  [[nodiscard]] bool empty() const { return offsets.empty(); }
  [[nodiscard]] std::string_view operator[](TaskIndex i) const {
    const std::uint32_t begin = offsets[i.value];
    return std::string_view(text).substr(begin, offsets[i.value + 1] - begin);
  }
};

// Of nodes that nobody named: "t0", "t1", …
void append_generated_name(TaskIndex i, std::string& out);

class Plan;
using PlanRef = std::shared_ptr<const Plan>;

class Plan {
 public:
  // Filled by compile(); see core/plan/compile.h and core/plan/task_graph.h.
  struct Parts {
    // Of a plain plan they follow from the other parts, and are made when somebody asks.
    WorkflowHash hash;
    std::string definition;  // canonical JSON
    // Names, needs, actions and policies of tasks are all that the definition says.
    bool is_plain = false;
    std::string name;
    std::vector<NodeRow> rows;  // one per node, and one more that ends the last edge list
    std::vector<Edge> edges;
    // Where stretches end: tasks in a row, below ordered_end(), with equal action, policy and argument pattern.
    std::vector<std::uint32_t> stretch_ends;
    std::vector<Policy> policies;
    std::vector<std::string> pools;  // pools[0] is "default"
    std::vector<std::string> actions;
    std::vector<std::vector<SwitchArm>> switches;
    std::vector<BoundTemplate> templates;    // distinct argument patterns; [0] is {}
    std::vector<std::uint32_t> argument_of;  // per node: index into templates; empty: 0 for all
    NodeNames names;                         // empty: the node at i is named by append_generated_name(i)
    std::optional<BoundTemplate> output;
  };
  explicit Plan(Parts parts) : p_(std::move(parts)), hash_(p_.hash), is_hashed_(!p_.is_plain) {}
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  [[nodiscard]] const WorkflowHash& hash() const {
    // Acquire pairs with the release in set_hash(): who sees the mark sees the hash.
    if (!is_hashed()) set_hash(plain_hash());
    return hash_;
  }
  [[nodiscard]] const std::string& name() const { return p_.name; }
  // Whether hash() is known already.
  [[nodiscard]] bool is_hashed() const { return is_hashed_.load(std::memory_order_acquire); }
  // Canonical JSON. Of a plain plan it is written anew for each caller: O(nodes and edges). Who wants both asks for it
  // before the hash, which then costs little more.
  [[nodiscard]] std::string definition() const;
  [[nodiscard]] std::uint32_t node_count() const { return static_cast<std::uint32_t>(p_.rows.size() - 1); }
  [[nodiscard]] const NodeRow& row(TaskIndex i) const { return p_.rows[i.value]; }
  [[nodiscard]] std::span<const Edge> edges_of(TaskIndex i) const {
    const std::uint32_t begin = p_.rows[i.value].first_edge;
    return {p_.edges.data() + begin, p_.rows[i.value + 1].first_edge - begin};
  }
  [[nodiscard]] std::uint32_t edge_count() const { return static_cast<std::uint32_t>(p_.edges.size()); }
  // So many nodes from the first can be run in their order.
  [[nodiscard]] std::uint32_t ordered_end() const {
    return p_.stretch_ends.empty() ? 0 : p_.stretch_ends.back();
  }
  // The ends of the stretches, ascending.
  [[nodiscard]] std::span<const std::uint32_t> stretch_ends() const { return p_.stretch_ends; }
  [[nodiscard]] std::span<const Policy> policies() const { return p_.policies; }
  [[nodiscard]] const Policy& policy_of(TaskIndex i) const { return p_.policies[row(i).policy]; }
  [[nodiscard]] const std::string& pool_of(TaskIndex i) const { return p_.pools[policy_of(i).pool]; }
  [[nodiscard]] const std::vector<std::string>& actions() const { return p_.actions; }
  [[nodiscard]] const std::vector<std::string>& pools() const { return p_.pools; }
  [[nodiscard]] const std::string& action_of(TaskIndex i) const { return p_.actions[row(i).subject]; }
  [[nodiscard]] std::span<const SwitchArm> arms_of(TaskIndex i) const { return p_.switches[row(i).subject]; }
  [[nodiscard]] const BoundTemplate& argument_of(TaskIndex i) const {
    return p_.templates[p_.argument_of.empty() ? 0 : p_.argument_of[i.value]];
  }
  // Lives as long as the plan.
  [[nodiscard]] std::string_view name_of(TaskIndex i) const {
    return p_.names.empty() ? made_names()[i] : p_.names[i];
  }
  // What names hold, one behind the other; empty if they are generated.
  [[nodiscard]] std::string_view names_text() const { return p_.names.text; }
  [[nodiscard]] const std::optional<BoundTemplate>& output() const { return p_.output; }

 private:
  [[nodiscard]] WorkflowHash plain_hash() const;
  void set_hash(const WorkflowHash& hash) const TN_EXCLUDES(mutex_);
  [[nodiscard]] const NodeNames& made_names() const TN_EXCLUDES(mutex_);

  Parts p_;
  mutable Mutex mutex_;
  mutable WorkflowHash hash_;  // written once, before is_hashed_
  mutable std::atomic<bool> is_hashed_;
  mutable NodeNames made_names_;  // written once, before has_made_names_
  mutable std::atomic<bool> has_made_names_{false};
};

}  // namespace tenuto
