// How far a plan can be run in the order of its nodes, and which of them are alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/plan/plan.h"

namespace tenuto {

// The ends of the stretches of a plan, ascending: see Plan::stretch_ends(). `rows` has one more row than nodes, which ends
// the last edge list. O(nodes and edges).
[[nodiscard]] std::vector<std::uint32_t> stretch_ends(std::span<const NodeRow> rows,
                                                      std::span<const Edge> edges,
                                                      std::span<const std::uint32_t> argument_of);

}  // namespace tenuto
