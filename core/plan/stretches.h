// How far a plan can be run in the order of its nodes, and which of them are alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/plan/plan.h"

namespace tenuto {

// So many nodes from the first can be run in their order: they stand before the first switch and before the first node
// that waits for a later one. `rows` has one more row than nodes, which ends the last edge list. O(nodes and edges).
[[nodiscard]] std::uint32_t ordered_end(std::span<const NodeRow> rows, std::span<const Edge> edges);

// The ends of the stretches below `ordered_end`, ascending: see Plan::stretch_ends(). `argument_of` may be empty, as in
// Plan::Parts. O(ordered_end).
[[nodiscard]] std::vector<std::uint32_t> stretch_ends(std::span<const NodeRow> rows,
                                                      std::span<const std::uint32_t> argument_of,
                                                      std::uint32_t ordered_end);

}  // namespace tenuto
