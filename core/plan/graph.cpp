#include "core/plan/graph.h"

#include <algorithm>

#include "core/plan/name_table.h"

namespace tenuto {
namespace {

// Items grouped by a key below `groups`, in their order within a group: of group g, items[first[g] … first[g + 1]).
template <class Item>
struct Groups {
  std::vector<std::uint32_t> first;
  std::vector<Item> items;
};

template <class Item, class Key>
Groups<Item> group_by(std::uint32_t groups, const std::vector<Item>& items, Key key) {
  Groups<Item> result;
  result.first.assign(groups + 1, 0);
  result.items.resize(items.size());
  for (const Item& item : items) ++result.first[key(item) + 1];
  for (std::uint32_t g = 0; g < groups; ++g) result.first[g + 1] += result.first[g];
  std::vector<std::uint32_t> next(result.first.begin(), result.first.end() - 1);
  for (const Item& item : items) result.items[next[key(item)]++] = item;
  return result;
}

// Drops all but the strongest of the links between two nodes; keeps the order of targets.
std::vector<Link> merge(std::uint32_t node_count, const std::vector<Link>& links) {
  const Groups<Link> into = group_by(node_count, links, [](const Link& link) { return link.target; });
  std::vector<Link> merged;
  merged.reserve(links.size());
  std::vector<std::uint32_t> seen_at(node_count, kNoNode);  // source -> its link in `merged`
  for (std::uint32_t target = 0; target < node_count; ++target) {
    const auto begin = static_cast<std::uint32_t>(merged.size());
    for (std::uint32_t i = into.first[target]; i < into.first[target + 1]; ++i) {
      const Link& link = into.items[i];
      std::uint32_t& at = seen_at[link.source];
      if (at == kNoNode || at < begin) {
        at = static_cast<std::uint32_t>(merged.size());
        merged.push_back(link);
      } else if (link.kind > merged[at].kind) {
        merged[at] = link;
      }
    }
  }
  return merged;
}

using Cycle = std::vector<std::uint32_t>;

// Lets all nodes end that can, then looks among the stuck ones.
class CycleFinder {
 public:
  explicit CycleFinder(const Graph& graph)
      : graph_(graph),
        node_count_(static_cast<std::uint32_t>(graph.in_degree.size())),
        waits_for_(graph.in_degree) {
    for (std::uint32_t i = 0; i < node_count_; ++i) {
      if (waits_for_[i] == 0) ready_.push_back(i);
    }
  }

  // Ends the nodes that are ready and those that become it.
  void run() {
    while (!ready_.empty()) {
      const std::uint32_t node = ready_.back();
      ready_.pop_back();
      for (std::uint32_t e = graph_.first_edge[node]; e < graph_.first_edge[node + 1]; ++e) {
        std::uint32_t& waits_for = waits_for_[graph_.edges[e].target().value];
        if (waits_for != 0 && --waits_for == 0) ready_.push_back(graph_.edges[e].target().value);
      }
    }
  }

  // Every stuck node has a stuck predecessor; choosing one for each, a walk backwards comes to a cycle.
  std::vector<Cycle> look() {
    const std::vector<std::uint32_t> stuck_on = choose_predecessors();
    std::vector<Cycle> cycles;
    std::vector<std::uint32_t> walk_of(node_count_, kNoNode);  // the walk that came by first
    for (std::uint32_t start = 0; start < node_count_; ++start) {
      if (waits_for_[start] == 0) continue;
      std::uint32_t node = start;
      for (; walk_of[node] == kNoNode; node = stuck_on[node]) walk_of[node] = start;
      if (walk_of[node] == start) cycles.push_back(cycle_through(node, stuck_on));
    }
    return cycles;
  }

  // As if the cycle were solved: what waits for it can be looked at.
  void release(const Cycle& cycle) {
    for (const std::uint32_t node : cycle) {
      waits_for_[node] = 0;
      ready_.push_back(node);
    }
  }

 private:
  std::vector<std::uint32_t> choose_predecessors() const {
    std::vector<std::uint32_t> stuck_on(node_count_, kNoNode);
    for (std::uint32_t node = 0; node < node_count_; ++node) {
      if (waits_for_[node] == 0) continue;
      for (std::uint32_t e = graph_.first_edge[node]; e < graph_.first_edge[node + 1]; ++e) {
        std::uint32_t& chosen = stuck_on[graph_.edges[e].target().value];
        if (chosen == kNoNode) chosen = node;
      }
    }
    return stuck_on;
  }

  static Cycle cycle_through(std::uint32_t node, const std::vector<std::uint32_t>& stuck_on) {
    Cycle cycle{node};
    for (std::uint32_t n = stuck_on[node]; n != node; n = stuck_on[n]) cycle.push_back(n);
    std::reverse(cycle.begin(), cycle.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    return cycle;
  }

  const Graph& graph_;
  std::uint32_t node_count_;
  std::vector<std::uint32_t> waits_for_;  // 0: ready or ended
  std::vector<std::uint32_t> ready_;
};

}  // namespace

Graph build_graph(std::uint32_t node_count, const std::vector<Link>& links) {
  const Groups<Link> by_source =
      group_by(node_count, merge(node_count, links), [](const Link& link) { return link.source; });
  Graph graph;
  graph.first_edge = by_source.first;
  graph.in_degree.assign(node_count, 0);
  graph.edges.reserve(by_source.items.size());
  for (const Link& link : by_source.items) {
    graph.edges.emplace_back(TaskIndex{link.target}, link.kind, link.arm);
    ++graph.in_degree[link.target];
  }
  return graph;
}

std::vector<std::vector<std::uint32_t>> find_cycles(const Graph& graph) {
  constexpr int kRoundsMax = 20;  // keeps the work linear; not critical
  std::vector<Cycle> cycles;
  CycleFinder finder(graph);
  for (int round = 0; round < kRoundsMax; ++round) {
    finder.run();
    const std::vector<Cycle> found = finder.look();
    if (found.empty()) break;
    for (const Cycle& cycle : found) finder.release(cycle);
    cycles.insert(cycles.end(), found.begin(), found.end());
  }
  return cycles;
}

std::string cycle_text(const std::vector<std::uint32_t>& cycle,
                       const std::function<std::string(std::uint32_t)>& name_of) {
  constexpr std::size_t kShownMax = 10;
  std::string text = " waits for itself: ";
  for (std::size_t i = 0; i < std::min(cycle.size(), kShownMax); ++i) text += name_of(cycle[i]) + " -> ";
  if (cycle.size() > kShownMax) text += "… (" + std::to_string(cycle.size() - kShownMax) + " more) -> ";
  return text + name_of(cycle.front()) + "; remove one of these references";
}

}  // namespace tenuto
