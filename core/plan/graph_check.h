// What is wrong with a graph of tasks that came as arrays.
#pragma once

#include <cstdint>
#include <string>

#include "core/plan/problem_sink.h"
#include "core/plan/task_graph.h"

namespace tenuto {

// The names, actions and policies, and how many there are of everything.
void check_labels(const TaskGraph& graph, ProblemSink& problems);

// The numbers: offsets, needs, indices of actions and policies. Lengths must be right.
void check_numbers(const TaskGraph& graph, ProblemSink& problems);

// The given name or the generated one; and "task `build`".
[[nodiscard]] std::string task_name(const TaskGraph& graph, std::uint32_t task);
[[nodiscard]] std::string describe_task(const TaskGraph& graph, std::uint32_t task);

}  // namespace tenuto
