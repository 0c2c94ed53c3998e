// The nodes of a plan that wait for nothing.
#pragma once

#include <vector>

#include "core/plan/plan.h"

namespace tenuto::testing {

[[nodiscard]] inline std::vector<TaskIndex> roots_of(const Plan& plan) {
  std::vector<TaskIndex> roots;
  for (std::uint32_t i = 0; i < plan.node_count(); ++i) {
    if (plan.row(TaskIndex{i}).in_degree == 0) roots.emplace_back(i);
  }
  return roots;
}

}  // namespace tenuto::testing
