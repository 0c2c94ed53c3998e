#include "core/plan/graph.h"

#include <algorithm>

#include "core/plan/name_table.h"

namespace tenuto {
namespace {

// Items grouped by a key below `groups`, keeping their order within a group: of group g, items[first[g] … first[g + 1]).
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

// How many of its predecessors each node still waits for once all that can end have ended.
std::vector<std::uint32_t> run_to_the_end(const Graph& graph) {
  std::vector<std::uint32_t> waits_for = graph.in_degree;
  const auto node_count = static_cast<std::uint32_t>(waits_for.size());
  std::vector<std::uint32_t> ready;
  for (std::uint32_t i = 0; i < node_count; ++i) {
    if (waits_for[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const std::uint32_t node = ready.back();
    ready.pop_back();
    for (std::uint32_t e = graph.first_edge[node]; e < graph.first_edge[node + 1]; ++e) {
      const std::uint32_t target = graph.edges[e].target().value;
      if (--waits_for[target] == 0) ready.push_back(target);
    }
  }
  return waits_for;
}

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
  const std::vector<std::uint32_t> waits_for = run_to_the_end(graph);
  const auto node_count = static_cast<std::uint32_t>(waits_for.size());
  // Every stuck node has a stuck predecessor; choosing one for each, a walk backwards must come to a cycle.
  std::vector<std::uint32_t> stuck_on(node_count, kNoNode);
  for (std::uint32_t node = 0; node < node_count; ++node) {
    if (waits_for[node] == 0) continue;
    for (std::uint32_t e = graph.first_edge[node]; e < graph.first_edge[node + 1]; ++e) {
      std::uint32_t& chosen = stuck_on[graph.edges[e].target().value];
      if (chosen == kNoNode) chosen = node;
    }
  }
  std::vector<std::vector<std::uint32_t>> cycles;
  std::vector<std::uint32_t> walk_of(node_count, kNoNode);  // the walk that came by first
  for (std::uint32_t start = 0; start < node_count; ++start) {
    if (waits_for[start] == 0) continue;
    std::uint32_t node = start;
    for (; walk_of[node] == kNoNode; node = stuck_on[node]) walk_of[node] = start;
    if (walk_of[node] != start) continue;
    std::vector<std::uint32_t> cycle{node};
    for (std::uint32_t n = stuck_on[node]; n != node; n = stuck_on[n]) cycle.push_back(n);
    std::reverse(cycle.begin(), cycle.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    cycles.push_back(std::move(cycle));
  }
  return cycles;
}

}  // namespace tenuto
