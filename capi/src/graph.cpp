#include "capi/src/graph.h"

#include <span>
#include <vector>

#include "capi/src/handles.h"
#include "core/plan/parse.h"
#include "core/plan/task_graph.h"

namespace tenuto::capi {
namespace {

// An array of the host: none where it may be left out.
template <class Item>
Status array(const Item* items, std::size_t count, bool may_be_null, const char* name,
             std::span<const Item>& out) {
  out = {};
  if (items != nullptr) {
    out = {items, count};
  } else if (!may_be_null && count > 0) {
    return invalid(std::string("graph.") + name + " is NULL");
  }
  return {};
}

// An array of texts; `name` with the number of an entry names it.
Status texts(const tenuto_text* items, std::size_t count, bool may_be_null, const char* name,
             std::vector<ByteView>& out) {
  std::span<const tenuto_text> given;
  TN_TRY(array(items, count, may_be_null, name, given));
  out.reserve(given.size());
  for (const tenuto_text& text : given) {
    if (text.data == nullptr && text.size > 0) {
      return invalid("graph." + std::string(name) + "[" + std::to_string(out.size()) + "].data is NULL");
    }
    out.emplace_back(text.data, text.size);
  }
  return {};
}

Status policies(const tenuto_graph& graph, std::vector<PolicySpec>& out) {
  std::vector<ByteView> given;
  TN_TRY(texts(graph.policies, graph.policy_count, false, "policies", given));
  for (const ByteView text : given) {
    Result<PolicySpec> policy = parse_policy(text);
    if (!policy.ok()) {
      return invalid("policy number " + std::to_string(out.size()) + ": " + policy.status().message());
    }
    out.push_back(*std::move(policy));
  }
  return {};
}

}  // namespace

Result<PlanRef> compile_arrays(const tenuto_graph* graph) {
  if (graph == nullptr) return invalid("graph is NULL");
  constexpr tenuto_graph kDefaults = TENUTO_GRAPH_INIT;
  tenuto_graph given;
  TN_TRY(read_options(graph, kDefaults, "graph", given));
  if (const std::string wrong = graph_size_problem(given.task_count, given.needs_count); !wrong.empty()) {
    return invalid(wrong);
  }
  TaskGraph tasks;
  TN_TRY(text_argument(given.name, given.name_size, "graph.name", tasks.name));
  const bool has_needs = given.needs_begin != nullptr || given.needs_count > 0;
  std::vector<std::uint32_t> no_needs(has_needs ? 0 : given.task_count + 1);
  tasks.needs_begin = no_needs;
  if (has_needs) {
    TN_TRY(array(given.needs_begin, given.task_count + 1, false, "needs_begin", tasks.needs_begin));
    TN_TRY(array(given.needs, given.needs_count, false, "needs", tasks.needs));
  }
  TN_TRY(array(given.action_of, given.task_count, true, "action_of", tasks.action_of));
  TN_TRY(array(given.policy_of, given.task_count, true, "policy_of", tasks.policy_of));
  if (given.policy_count == 0 && !tasks.policy_of.empty()) {
    return invalid("graph.policy_of numbers policies, but graph.policy_count is 0");
  }
  std::vector<ByteView> names, actions;
  TN_TRY(texts(given.names, given.task_count, true, "names", names));
  TN_TRY(texts(given.actions, given.action_count, false, "actions", actions));
  std::vector<PolicySpec> specs;
  TN_TRY(policies(given, specs));
  tasks.names = names;
  tasks.actions = actions;
  tasks.policies = specs;
  return compile_graph(tasks);
}

}  // namespace tenuto::capi
