// Random definitions compile to plans that keep the invariants of core/plan/plan.h.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

#include "core/plan/compile.h"
#include "core/plan/validate.h"
#include "tests/property/plan/definition_writer.h"
#include "tests/property/plan/random_workflow.h"
#include "tests/support/roots.h"

namespace tenuto {
namespace {

using testing::DefinitionWriter;
using testing::RandomWorkflow;

constexpr std::uint64_t kSeeds = 1000;

std::map<std::string, std::uint32_t> index_by_name(const Plan& plan) {
  std::map<std::string, std::uint32_t> indices;
  for (std::uint32_t i = 0; i < plan.node_count(); ++i) indices[std::string(plan.name_of(TaskIndex{i}))] = i;
  return indices;
}

// Invariants 1 to 3.
void expect_sound_edges(const Plan& plan) {
  std::vector<std::uint32_t> waits_for(plan.node_count(), 0);
  for (std::uint32_t i = 0; i < plan.node_count(); ++i) {
    std::set<std::uint32_t> targets;
    for (const Edge edge : plan.edges_of(TaskIndex{i})) {
      ASSERT_LT(edge.target().value, plan.node_count());
      EXPECT_TRUE(targets.insert(edge.target().value).second)
          << "two edges from " << i << " to " << edge.target().value;
      ++waits_for[edge.target().value];
    }
  }
  std::vector<TaskIndex> ready;
  for (std::uint32_t i = 0; i < plan.node_count(); ++i) {
    EXPECT_EQ(plan.row(TaskIndex{i}).in_degree, waits_for[i]);
    if (waits_for[i] == 0) ready.push_back(TaskIndex{i});
  }
  EXPECT_EQ(ready, testing::roots_of(plan));
  std::uint32_t ended = 0;
  for (; ended < ready.size(); ++ended) {
    for (const Edge edge : plan.edges_of(ready[ended])) {
      if (--waits_for[edge.target().value] == 0) ready.push_back(edge.target());
    }
  }
  EXPECT_EQ(ended, plan.node_count()) << "a cycle";
}

// What the spec says about the predecessors of each node, worked out without the compiler's machinery.
class ExpectedEdges {
 public:
  explicit ExpectedEdges(const WorkflowSpec& spec) { level(spec.nodes, "", 0); }

  // (source, target) -> kind; guards with their arm.
  std::map<std::pair<std::string, std::string>, std::pair<EdgeKind, std::uint32_t>> edges;
  std::vector<std::string> order;

 private:
  void level(const std::vector<NodeSpec>& nodes, const std::string& guard, std::uint32_t arm) {
    for (const NodeSpec& node : nodes) this->node(node, guard, arm);
  }

  void node(const NodeSpec& node, const std::string& guard, std::uint32_t arm) {
    const std::string outer = node.condition ? "if:" + node.name : node.name;
    if (!guard.empty()) add(guard, outer, EdgeKind::guard, arm);
    order.push_back(outer);
    if (node.condition) {
      add(outer, node.name, EdgeKind::guard, 0);
      order.push_back(node.name);
      used(node.condition->text, outer, EdgeKind::order);
    }
    const std::size_t begin = order.size() - 1;
    for (std::uint32_t i = 0; i < node.arms.size(); ++i) {
      if (node.arms[i].condition) used(node.arms[i].condition->text, node.name, EdgeKind::order);
      level(node.arms[i].nodes, node.name, i);
    }
    inside_[node.name].assign(order.begin() + static_cast<std::ptrdiff_t>(begin), order.end());
    used(node.with.text, node.name, EdgeKind::data);
    for (const NameRef& need : node.needs) later_.push_back({need.name, outer});
    if (guard.empty()) resolve();
  }

  // Generated texts use a value as "nX." only.
  void used(const std::string& text, const std::string& target, EdgeKind kind) {
    for (std::size_t at = text.find('n'); at != std::string::npos; at = text.find('n', at + 1)) {
      std::size_t end = at + 1;
      while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
      if (end > at + 1 && end < text.size() && text[end] == '.')
        add(text.substr(at, end - at), target, kind, 0);
    }
  }

  void resolve() {
    std::vector<std::pair<std::string, std::string>> unresolved;
    for (const auto& [need, target] : later_) {
      const auto known = inside_.find(need);
      if (known == inside_.end()) {
        unresolved.push_back({need, target});
        continue;
      }
      for (const std::string& source : known->second) add(source, target, EdgeKind::order, 0);
    }
    later_ = unresolved;
  }

  void add(const std::string& source, const std::string& target, EdgeKind kind, std::uint32_t arm) {
    auto [known, is_new] = edges.try_emplace({source, target}, kind, arm);
    if (!is_new && kind > known->second.first) known->second = {kind, arm};
  }

  std::map<std::string, std::vector<std::string>> inside_;  // a node and what stands in its arms
  std::vector<std::pair<std::string, std::string>> later_;
};

TEST(PlanProperty, PlansKeepTheirInvariants) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    const WorkflowSpec spec = RandomWorkflow(seed).draw();
    const Result<PlanRef> plan = compile_workflow(spec);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    expect_sound_edges(**plan);
    const ExpectedEdges expected(spec);
    const std::map<std::string, std::uint32_t> index = index_by_name(**plan);
    ASSERT_EQ((*plan)->node_count(), expected.order.size());
    std::size_t edges = 0;
    for (std::uint32_t i = 0; i < (*plan)->node_count(); ++i) {
      EXPECT_EQ((*plan)->name_of(TaskIndex{i}), expected.order[i]);
      edges += (*plan)->edges_of(TaskIndex{i}).size();
    }
    EXPECT_EQ(edges, expected.edges.size());
    for (const auto& [ends, kind] : expected.edges) {
      bool found = false;
      for (const Edge edge : (*plan)->edges_of(TaskIndex{index.at(ends.first)})) {
        if (edge.target().value != index.at(ends.second)) continue;
        found = true;
        EXPECT_EQ(edge.kind(), kind.first) << ends.first << " -> " << ends.second;
        EXPECT_EQ(edge.arm(), kind.second) << ends.first << " -> " << ends.second;
      }
      EXPECT_TRUE(found) << ends.first << " -> " << ends.second;
    }
  }
}

TEST(PlanProperty, ValidMeansThatItCompiles) {
  Random random(1);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    WorkflowSpec spec = RandomWorkflow(seed).draw();
    // A need that may close a cycle, be unknown, or do nothing.
    NodeSpec& changed = spec.nodes[random.below(spec.nodes.size())];
    changed.needs.push_back({"n" + std::to_string(random.below(16)), {}});
    EXPECT_EQ(validate(spec).empty(), compile_workflow(spec).ok());
  }
}

}  // namespace
}  // namespace tenuto
