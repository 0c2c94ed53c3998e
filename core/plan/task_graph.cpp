#include "core/plan/task_graph.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "core/expr/template.h"
#include "core/payload/json.h"
#include "core/plan/graph.h"
#include "core/plan/graph_check.h"
#include "core/plan/name_table.h"
#include "core/plan/policy_table.h"
#include "core/plan/stretches.h"

namespace tenuto {
namespace {

// The successor lists of a graph of tasks, counted and filled in the plan's own arrays: two passes over the needs and one
// over the rows. Until rows are done, `first_edge` counts successors and `subject` marks the task that was counted last.
class SuccessorLists {
 public:
  SuccessorLists(std::span<const std::uint32_t> needs_begin, std::span<const std::uint32_t> needs)
      : begin_(needs_begin), needs_(needs), rows(needs_begin.size()) {}

  // False if a number is wrong or a task needs one twice.
  [[nodiscard]] bool count() {
    const auto size = static_cast<std::uint32_t>(rows.size() - 1);
    if (begin_.front() != 0 || begin_.back() != needs_.size()) return false;
    std::uint32_t k = 0;
    for (std::uint32_t task = 0; task < size; ++task) {
      const std::uint32_t end = begin_[task + 1];
      if (end < k || end > needs_.size()) return false;
      rows[task].in_degree = end - k;
      for (; k < end; ++k) {
        const std::uint32_t need = needs_[k];
        if (need >= size || need == task) return false;
        NodeRow& row = rows[need];
        if (row.subject == task + 1) return false;
        row.subject = task + 1;
        ++row.first_edge;
        is_topological = is_topological && need < task;
      }
    }
    return true;
  }
  // Once each `first_edge` is the end of the row's list: fills the lists from behind, so that it becomes the beginning.
  void fill() {
    edges.resize(needs_.size());
    for (auto task = static_cast<std::uint32_t>(rows.size() - 1); task-- > 0;) {
      for (std::uint32_t k = begin_[task]; k < begin_[task + 1]; ++k) {
        edges[--rows[needs_[k]].first_edge] = Edge(TaskIndex{task}, EdgeKind::order, 0);
      }
    }
  }

 private:
  std::span<const std::uint32_t> begin_;
  std::span<const std::uint32_t> needs_;

 public:
  std::vector<NodeRow> rows;
  std::vector<Edge> edges;
  bool is_topological = true;  // each task stands behind all that it needs
};

// Needs without those that a task has twice; all numbers must be right.
struct SingleNeeds {
  std::vector<std::uint32_t> begin{0};
  std::vector<std::uint32_t> needs;
};

SingleNeeds without_repetitions(const TaskGraph& graph) {
  SingleNeeds single;
  std::vector<std::uint32_t> seen_by(graph.size(), kNoNode);
  for (std::uint32_t task = 0; task < graph.size(); ++task) {
    for (std::uint32_t k = graph.needs_begin[task]; k < graph.needs_begin[task + 1]; ++k) {
      const std::uint32_t need = graph.needs[k];
      if (std::exchange(seen_by[need], task) != task) single.needs.push_back(need);
    }
    single.begin.push_back(static_cast<std::uint32_t>(single.needs.size()));
  }
  return single;
}

// The plan's numbers of the caller's actions and policies: in the order in which tasks use them, equal ones once.
class Labels {
 public:
  Labels(const TaskGraph& graph, Plan::Parts& parts)
      : graph_(graph),
        parts_(parts),
        action_(graph.actions.size(), kNoNode),
        policy_(std::max<std::size_t>(graph.policies.size(), 1), kNoNode) {}

  [[nodiscard]] bool are_one() const { return graph_.action_of.empty() && graph_.policy_of.empty(); }
  // False if there is no such action or policy, or if there are too many different policies.
  [[nodiscard]] bool put(std::uint32_t task, NodeRow& row) {
    const std::uint32_t action = graph_.action_of.empty() ? 0 : graph_.action_of[task];
    const std::uint32_t policy = graph_.policy_of.empty() ? 0 : graph_.policy_of[task];
    if (action >= action_.size() || policy >= policy_.size()) return false;
    if (action_[action] == kNoNode) add_action(action);
    if (policy_[policy] == kNoNode) add_policy(policy);
    row.subject = action_[action];
    row.policy = static_cast<std::uint16_t>(policy_[policy]);
    return policy_[policy] < PolicyTable::kPoliciesMax;
  }
  void finish() {
    parts_.policies = std::move(table_.policies());
    parts_.pools = std::move(table_.pools());
  }

 private:
  void add_action(std::uint32_t action) {
    const auto next = static_cast<std::uint32_t>(parts_.actions.size());
    action_[action] = known_.put(graph_.actions[action], next);
    if (action_[action] == next) parts_.actions.emplace_back(graph_.actions[action]);
  }
  void add_policy(std::uint32_t policy) {
    policy_[policy] = table_.add(graph_.policies.empty() ? PolicySpec() : graph_.policies[policy], {});
  }

  const TaskGraph& graph_;
  Plan::Parts& parts_;
  std::vector<std::uint32_t> action_;  // caller's -> plan's
  std::vector<std::uint32_t> policy_;
  NameTable known_;
  PolicyTable table_;
};

NodeNames names_of(const TaskGraph& graph) {
  NodeNames names;
  if (graph.names.empty()) return names;
  std::size_t bytes = 0;
  for (const ByteView name : graph.names) bytes += name.size();
  names.text.reserve(bytes);
  names.offsets.reserve(graph.size() + 1);
  names.offsets.push_back(0);
  for (const ByteView name : graph.names) {
    names.text += name;
    names.offsets.push_back(static_cast<std::uint32_t>(names.text.size()));
  }
  return names;
}

// What every task has: no argument.
BoundTemplate empty_template() {
  json::Parser parser;
  const Result<const json::Value*> empty = parser.parse("{}");
  TN_CHECK(empty.ok());
  Result<expr::Template> pattern = expr::compile_template(**empty);
  TN_CHECK(pattern.ok());
  return {*std::move(pattern), {}};
}

// Where tasks may stand before what they need there may be cycles.
Status check_cycles(const TaskGraph& graph, const Plan::Parts& parts) {
  Graph copy;
  copy.edges = parts.edges;
  for (const NodeRow& row : parts.rows) {
    copy.first_edge.push_back(row.first_edge);
    copy.in_degree.push_back(row.in_degree);
  }
  copy.in_degree.pop_back();
  ProblemSink problems;
  for (const std::vector<std::uint32_t>& cycle : find_cycles(copy)) {
    const auto name = [&](std::uint32_t task) { return task_name(graph, task); };
    problems.add({}, describe_task(graph, cycle.front()) + cycle_text(cycle, name));
  }
  return problems.empty() ? Status() : problems.take_status();
}

Status number_problems(const TaskGraph& graph) {
  ProblemSink problems;
  check_numbers(graph, problems);
  if (problems.empty()) {
    problems.add({}, "the workflow has more than " + std::to_string(PolicyTable::kPoliciesMax) +
                         " different policies; let tasks share theirs");
  }
  return problems.take_status();
}

Result<PlanRef> build(const TaskGraph& graph, SuccessorLists lists) {
  Plan::Parts parts;
  parts.is_plain = true;
  parts.name = graph.name;
  Labels labels(graph, parts);
  std::uint32_t edges = 0;
  for (std::uint32_t task = 0; task < graph.size(); ++task) {
    NodeRow& row = lists.rows[task];
    edges += row.first_edge;
    row.first_edge = edges;
    if (!labels.put(task, row)) return number_problems(graph);
  }
  lists.rows.back() = NodeRow();
  lists.rows.back().first_edge = edges;
  labels.finish();
  lists.fill();
  parts.rows = std::move(lists.rows);
  parts.edges = std::move(lists.edges);
  auto end = static_cast<std::uint32_t>(graph.size());
  if (!lists.is_topological) {
    TN_TRY(check_cycles(graph, parts));
    end = ordered_end(parts.rows, parts.edges);
  }
  if (!labels.are_one()) {
    parts.stretch_ends = stretch_ends(parts.rows, {}, end);
  } else if (end > 0) {
    parts.stretch_ends = {end};
  }
  parts.names = names_of(graph);
  parts.templates.push_back(empty_template());
  return std::make_shared<const Plan>(std::move(parts));
}

}  // namespace

std::string graph_size_problem(std::size_t tasks, std::size_t needs) {
  if (tasks > limits::kPlanTasksMax) {
    return "the workflow has " + std::to_string(tasks) + " tasks, more than " +
           std::to_string(limits::kPlanTasksMax) + "; split it";
  }
  if (needs > kPlanEdgesMax) {
    return "the workflow has " + std::to_string(needs) + " needs, more than " +
           std::to_string(kPlanEdgesMax) + "; let several tasks need one that joins";
  }
  return {};
}

Result<PlanRef> compile_checked_graph(const TaskGraph& graph) {
  if (const std::string wrong = graph_size_problem(graph.size(), graph.needs.size()); !wrong.empty()) {
    return Status(Code::invalid_argument, wrong);
  }
  SuccessorLists lists(graph.needs_begin, graph.needs);
  if (lists.count()) return build(graph, std::move(lists));
  ProblemSink problems;
  check_numbers(graph, problems);
  if (!problems.empty()) return problems.take_status();
  const SingleNeeds single = without_repetitions(graph);
  SuccessorLists again(single.begin, single.needs);
  TN_CHECK(again.count());
  return build(graph, std::move(again));
}

Result<PlanRef> compile_graph(const TaskGraph& graph) {
  ProblemSink problems;
  check_labels(graph, problems);
  if (!problems.empty()) return problems.take_status();
  return compile_checked_graph(graph);
}

}  // namespace tenuto
