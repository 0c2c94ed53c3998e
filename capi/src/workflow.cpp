#include <cstdio>

#include "capi/src/graph.h"
#include "capi/src/handles.h"
#include "core/plan/compile.h"
#include "core/plan/wfformat.h"

using namespace tenuto;
using namespace tenuto::capi;

namespace {

Status give_workflow(PlanRef plan, tenuto_workflow** out) {
  *out = new tenuto_workflow(std::move(plan));
  return {};
}

void write_hash(const tenuto_workflow& workflow) {
  const WorkflowHash& hash = workflow.plan->hash();
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high),
                static_cast<unsigned long long>(hash.low));
  workflow.hash_text = text;
}

}  // namespace

extern "C" {

tenuto_status tenuto_workflow_compile(const char* definition, size_t definition_size,
                                      tenuto_workflow** out_workflow) {
  return guard([&]() -> Status {
    if (out_workflow == nullptr) return invalid("out_workflow is NULL");
    *out_workflow = nullptr;
    std::string_view text;
    TN_TRY(text_argument(definition, definition_size, "definition", text));
    TN_ASSIGN(PlanRef plan, compile_workflow_text(text));
    return give_workflow(std::move(plan), out_workflow);
  });
}

tenuto_status tenuto_workflow_from_wfformat(const char* document, size_t document_size, const char* action,
                                            size_t action_size, tenuto_workflow** out_workflow) {
  return guard([&]() -> Status {
    if (out_workflow == nullptr) return invalid("out_workflow is NULL");
    *out_workflow = nullptr;
    std::string_view text;
    TN_TRY(text_argument(document, document_size, "document", text));
    std::string_view name;
    TN_TRY(text_argument(action, action_size, "action", name));
    TN_ASSIGN(const WorkflowSpec spec, parse_wfformat(text, name));
    TN_ASSIGN(PlanRef plan, compile_workflow(spec));
    return give_workflow(std::move(plan), out_workflow);
  });
}

tenuto_status tenuto_workflow_from_graph(const tenuto_graph* graph, tenuto_workflow** out_workflow) {
  return guard([&]() -> Status {
    if (out_workflow == nullptr) return invalid("out_workflow is NULL");
    *out_workflow = nullptr;
    TN_ASSIGN(PlanRef plan, compile_arrays(graph));
    return give_workflow(std::move(plan), out_workflow);
  });
}

void tenuto_workflow_destroy(tenuto_workflow** workflow) {
  destroy(workflow, Tag::workflow);
}

const char* tenuto_workflow_name(const tenuto_workflow* workflow) {
  return check_handle(workflow, Tag::workflow, "workflow").ok() ? workflow->plan->name().c_str() : "";
}

const char* tenuto_workflow_hash(const tenuto_workflow* workflow) {
  if (!check_handle(workflow, Tag::workflow, "workflow").ok()) return "";
  const tenuto_status status = guard([&]() -> Status {
    std::call_once(workflow->hash_asked, write_hash, *workflow);
    return {};
  });
  return status == TENUTO_OK ? workflow->hash_text.c_str() : "";
}

uint32_t tenuto_workflow_task_count(const tenuto_workflow* workflow) {
  if (!check_handle(workflow, Tag::workflow, "workflow").ok()) return 0;
  uint32_t count = 0;
  for (uint32_t i = 0; i < workflow->plan->node_count(); ++i) {
    if (workflow->plan->row(TaskIndex{i}).kind == NodeKind::task) ++count;
  }
  return count;
}

tenuto_status tenuto_workflow_definition(const tenuto_workflow* workflow, tenuto_buffer** out_json) {
  return guard([&]() -> Status {
    if (out_json == nullptr) return invalid("out_json is NULL");
    *out_json = nullptr;
    TN_TRY(check_handle(workflow, Tag::workflow, "workflow"));
    return give(workflow->plan->definition(), out_json);
  });
}

}  // extern "C"
