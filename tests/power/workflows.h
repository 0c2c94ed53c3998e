// The workflows of the power-cut test, and their bodies.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "core/engine/engine.h"
#include "core/plan/plan.h"

namespace tenuto::testing {

// A workflow with, for each task, those that it needs.
struct Shape {
  PlanRef plan;
  std::vector<std::vector<std::uint32_t>> needs;
  std::vector<bool> pure;
};

// Compiled once.
[[nodiscard]] const std::vector<Shape>& shapes();
[[nodiscard]] const Shape* shape_of(const WorkflowHash& hash);

// Called by each body when it begins.
using OnBegin = std::function<void(RunNumber run, TaskIndex task, Attempt attempt)>;
// The bodies of all actions. `most_us` is how long one takes that may block, at most.
[[nodiscard]] Status register_bodies(Engine& engine, const OnBegin& on_begin, std::uint32_t most_us);

}  // namespace tenuto::testing
