// A workflow of nothing but tasks, in arrays -> plan, without a text or a spec between them.
//
// The plan is the one that compile_workflow() makes of a spec that says the same: the same indices, edges and stretches, the
// same definition and hash.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/plan/plan.h"
#include "core/plan/spec.h"

namespace tenuto {

// Views of what the caller has. Numbers are not trusted.
struct TaskGraph {
  ByteView name;
  // Per task, and one more: task i needs the tasks needs[needs_begin[i]] … needs[needs_begin[i + 1] - 1], in any order;
  // the same one twice is the same as once.
  std::span<const std::uint32_t> needs_begin;
  std::span<const std::uint32_t> needs;
  std::span<const ByteView> names;  // per task; empty: generated, see append_generated_name()
  std::span<const ByteView> actions;
  std::span<const std::uint32_t> action_of;  // per task: index into actions; empty: 0 for all
  std::span<const PolicySpec> policies;      // empty: one, as the format has it
  std::span<const std::uint32_t> policy_of;  // per task: index into policies; empty: 0 for all

  [[nodiscard]] std::size_t size() const { return needs_begin.size() - 1; }
};

// Time and memory are linear in tasks and needs; nothing is allocated per task. On failure the status is
// invalid_argument, and its message lists the problems, which name their tasks.
[[nodiscard]] Result<PlanRef> compile_graph(const TaskGraph& graph);

// The same for a caller that has checked the names, actions and policies, and that there are as many as there must be.
[[nodiscard]] Result<PlanRef> compile_checked_graph(const TaskGraph& graph);

// "the workflow has more than 1000000 nodes…", "…references…"; "" if it has not.
[[nodiscard]] std::string graph_size_problem(std::size_t tasks, std::size_t needs);

}  // namespace tenuto
