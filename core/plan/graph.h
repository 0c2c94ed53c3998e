// Edges: from the links of the analysis to successor lists that keep the invariants of core/plan/plan.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/plan/plan.h"

namespace tenuto {

// `target` waits for `source`. The same two nodes may be linked several times.
struct Link {
  std::uint32_t source;
  std::uint32_t target;
  EdgeKind kind;
  std::uint16_t arm;  // guards only
};

struct Graph {
  std::vector<std::uint32_t> first_edge;  // per node, and one more
  std::vector<Edge> edges;                // of one source in the order of their targets
  std::vector<std::uint32_t> in_degree;   // per node
};

// Merges links between the same two nodes into one edge of the strongest kind. Linear in nodes and links.
[[nodiscard]] Graph build_graph(std::uint32_t node_count, const std::vector<Link>& links);

// Cycles of the graph: none exactly if every node can come to its turn. No node is in two of them; each begins with its
// first node in the order of definition and follows the edges. Where cycles wait for cycles, only the first 20 of such a
// chain are found.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> find_cycles(const Graph& graph);

// The sequel of "task `a`" for a cycle that begins with it: " waits for itself: a -> b -> a; remove one of these
// references".
[[nodiscard]] std::string cycle_text(const std::vector<std::uint32_t>& cycle,
                                     const std::function<std::string(std::uint32_t)>& name_of);

}  // namespace tenuto
