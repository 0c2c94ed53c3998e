#include "core/plan/graph_check.h"

#include <string>

#include "core/base/limits.h"
#include "core/plan/name_table.h"
#include "core/plan/names.h"
#include "core/plan/policy.h"

namespace tenuto {
namespace {

std::string there_are(std::size_t count) {
  return count == 1 ? "there is only 1" : "there are only " + std::to_string(count);
}

// An array per task: none at all, or one entry each.
void check_length(std::size_t length, std::size_t tasks, const char* what, ProblemSink& problems) {
  if (length == 0 || length == tasks) return;
  problems.add({}, std::string(what) + " has " + std::to_string(length) + " entries for " +
                       std::to_string(tasks) + " tasks; give one each, or none");
}

void check_name(const TaskGraph& graph, std::uint32_t task, NameTable& known, ProblemSink& problems) {
  const ByteView name = graph.names[task];
  const auto numbered = [&] { return "task number " + std::to_string(task); };
  if (const std::string wrong = name_problem(name); !wrong.empty()) {
    problems.add({}, numbered() + ": the name " + backquoted(name) + " can't be used: " + wrong);
  } else if (is_reserved_name(name)) {
    problems.add(
        {}, numbered() + " can't be named " + backquoted(name) + ": expressions use the word; rename it");
  }
  if (const std::uint32_t first = known.put(name, task); first != task) {
    problems.add({}, "the name " + backquoted(name) + " is given twice: to the tasks number " +
                         std::to_string(first) + " and " + std::to_string(task) + "; rename one");
  }
}

// The needs of one task; its offsets must be right.
void check_needs(const TaskGraph& graph, std::uint32_t task, ProblemSink& problems) {
  for (std::uint32_t k = graph.needs_begin[task]; k < graph.needs_begin[task + 1]; ++k) {
    const std::uint32_t need = graph.needs[k];
    if (need >= graph.size()) {
      problems.add({}, describe_task(graph, task) + " needs the task number " + std::to_string(need) +
                           ", but " + there_are(graph.size()) + ", counted from 0; correct its needs");
    } else if (need == task) {
      problems.add({}, describe_task(graph, task) + " needs itself; remove it from its needs");
    }
  }
}

// An index per task into a table of `size`.
void check_index(const TaskGraph& graph, std::span<const std::uint32_t> index_of, std::size_t size,
                 const char* what, ProblemSink& problems) {
  for (std::uint32_t task = 0; task < index_of.size(); ++task) {
    if (index_of[task] < size) continue;
    problems.add({}, describe_task(graph, task) + " has the " + what + " number " +
                         std::to_string(index_of[task]) + ", but " + there_are(size) +
                         ", counted from 0; correct `" + what + "_of`");
  }
}

}  // namespace

std::string task_name(const TaskGraph& graph, std::uint32_t task) {
  if (!graph.names.empty()) return std::string(graph.names[task]);
  std::string name;
  append_generated_name(TaskIndex{task}, name);
  return name;
}

std::string describe_task(const TaskGraph& graph, std::uint32_t task) {
  return "task " + backquoted(task_name(graph, task));
}

void check_labels(const TaskGraph& graph, ProblemSink& problems) {
  if (const std::string wrong = name_problem(graph.name); !wrong.empty()) {
    problems.add({}, "the workflow name " + backquoted(graph.name) + " can't be used: " + wrong);
  }
  check_length(graph.names.size(), graph.size(), "`names`", problems);
  check_length(graph.action_of.size(), graph.size(), "`action_of`", problems);
  check_length(graph.policy_of.size(), graph.size(), "`policy_of`", problems);
  if (graph.actions.empty() && graph.size() > 0) problems.add({}, "there is no action; give one at least");
  for (const ByteView action : graph.actions) {
    const std::string wrong = label_problem(action);
    if (!wrong.empty()) problems.add({}, "the action " + backquoted(action) + " can't be used: " + wrong);
  }
  for (std::size_t i = 0; i < graph.policies.size(); ++i) {
    const std::string wrong = policy_problem(graph.policies[i]);
    if (!wrong.empty()) problems.add({}, "policy number " + std::to_string(i) + ": " + wrong);
  }
  NameTable known;
  known.reserve(graph.names.size());
  for (std::uint32_t task = 0; task < graph.names.size(); ++task) check_name(graph, task, known, problems);
}

void check_numbers(const TaskGraph& graph, ProblemSink& problems) {
  if (graph.needs_begin.front() != 0) {
    problems.add({}, "`needs_begin` begins with " + std::to_string(graph.needs_begin.front()) +
                         "; the needs of the first task begin at 0");
  }
  if (graph.needs_begin.back() != graph.needs.size()) {
    problems.add({}, "`needs_begin` ends with " + std::to_string(graph.needs_begin.back()) +
                         ", but there are " + std::to_string(graph.needs.size()) +
                         " needs; its last entry is their number");
  }
  for (std::uint32_t task = 0; task < graph.size(); ++task) {
    const std::uint32_t begin = graph.needs_begin[task], end = graph.needs_begin[task + 1];
    if (begin > end) {
      problems.add({}, describe_task(graph, task) + ": its needs begin at " + std::to_string(begin) +
                           " and end at " + std::to_string(end) + "; `needs_begin` must not go down");
    } else if (end <= graph.needs.size()) {
      check_needs(graph, task, problems);
    } else if (begin <= graph.needs.size()) {
      problems.add({}, describe_task(graph, task) + ": its needs end at " + std::to_string(end) +
                           ", but there are " + std::to_string(graph.needs.size()) +
                           " needs; correct `needs_begin`");
    }
  }
  check_index(graph, graph.action_of, graph.actions.size(), "action", problems);
  check_index(graph, graph.policy_of, graph.policies.size(), "policy", problems);
}

}  // namespace tenuto
