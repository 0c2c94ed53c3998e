#include "core/plan/stretches.h"

#include <algorithm>

namespace tenuto {
std::uint32_t ordered_end(std::span<const NodeRow> rows, std::span<const Edge> edges) {
  auto end = static_cast<std::uint32_t>(rows.size() - 1);
  for (std::uint32_t i = 0; i + 1 < rows.size(); ++i) {
    if (rows[i].kind != NodeKind::task) end = std::min(end, i);
    for (std::uint32_t e = rows[i].first_edge; e < rows[i + 1].first_edge; ++e) {
      if (edges[e].target().value < i) end = std::min(end, edges[e].target().value);
    }
  }
  return end;
}

std::vector<std::uint32_t> stretch_ends(std::span<const NodeRow> rows,
                                        std::span<const std::uint32_t> argument_of,
                                        std::uint32_t ordered_end) {
  const auto have_one_argument = [&](std::uint32_t a, std::uint32_t b) {
    return argument_of.empty() || argument_of[a] == argument_of[b];
  };
  std::vector<std::uint32_t> ends;
  for (std::uint32_t i = 1; i <= ordered_end; ++i) {
    const bool alike = i < ordered_end && rows[i].subject == rows[i - 1].subject &&
                       rows[i].policy == rows[i - 1].policy && have_one_argument(i, i - 1);
    if (!alike) ends.push_back(i);
  }
  ends.shrink_to_fit();
  return ends;
}

}  // namespace tenuto
