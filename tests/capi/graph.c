/* Workflows from arrays: the same as from text, durable, and refused with the task's name when they are wrong. */
#define _XOPEN_SOURCE 700
#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int ran;

static void body(void *user_data, const tenuto_task *task, tenuto_completion *completion) {
  (void)user_data;
  (void)task;
  (void)completion;
  ++ran;
}

/* fetch, then two that need it, then one that needs both. */
static const uint32_t needs_begin[] = {0, 0, 1, 2, 4};
static const uint32_t needs[] = {0, 0, 1, 2};
static const tenuto_text actions[] = {{"fetch", 5}, {"work", 4}};
static const uint32_t action_of[] = {0, 1, 1, 1};
static const tenuto_text pure[] = {{"{\"pure\": true}", 14}};
static const tenuto_text names[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};

static tenuto_graph diamond(void) {
  tenuto_graph graph = TENUTO_GRAPH_INIT;
  graph.name = "diamond";
  graph.name_size = 7;
  graph.task_count = 4;
  graph.needs_begin = needs_begin;
  graph.needs = needs;
  graph.needs_count = COUNT(needs);
  graph.actions = actions;
  graph.action_count = COUNT(actions);
  graph.action_of = action_of;
  return graph;
}

static void check_refused(const tenuto_graph *graph, const char *text) {
  tenuto_workflow *workflow = (tenuto_workflow *)&ran;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_workflow_from_graph(graph, &workflow));
  CHECK(workflow == NULL);
  if (strstr(tenuto_last_error(), text) == NULL) fprintf(stderr, "%s\n", tenuto_last_error());
  CHECK(strstr(tenuto_last_error(), text) != NULL);
}

static void check_same_as_text(void) {
  static const uint32_t policy_of[] = {1, 0, 0, 0};
  static const tenuto_text policies[] = {{NULL, 0}, {TEXT("{\"pure\": true, \"timeout\": \"90s\"}")}};
  tenuto_graph graph = diamond();
  graph.names = names;
  graph.policies = policies;
  graph.policy_count = COUNT(policies);
  graph.policy_of = policy_of;
  tenuto_workflow *from_arrays = NULL, *from_text = NULL;
  CHECK_OK(tenuto_workflow_from_graph(&graph, &from_arrays));
  CHECK_OK(tenuto_workflow_compile(TEXT("{\"tenuto\": 1, \"name\": \"diamond\", \"tasks\": {"
                                        "\"a\": {\"use\": \"fetch\", \"pure\": true, \"timeout\": "
                                        "\"1m30s\"}, \"b\": {\"use\": \"work\", \"needs\": [\"a\"]},"
                                        "\"c\": {\"use\": \"work\", \"needs\": [\"a\"]}, \"d\": {\"use\": "
                                        "\"work\", \"needs\": [\"c\", \"b\"]}}}"),
                                   &from_text));
  CHECK(tenuto_workflow_task_count(from_arrays) == 4);
  CHECK(strcmp(tenuto_workflow_name(from_arrays), "diamond") == 0);
  CHECK(strlen(tenuto_workflow_hash(from_arrays)) == 32);
  CHECK(strcmp(tenuto_workflow_hash(from_arrays), tenuto_workflow_hash(from_text)) == 0);
  tenuto_buffer *one = NULL, *other = NULL;
  CHECK_OK(tenuto_workflow_definition(from_arrays, &one));
  CHECK_OK(tenuto_workflow_definition(from_text, &other));
  CHECK(strcmp(tenuto_buffer_data(one, NULL), tenuto_buffer_data(other, NULL)) == 0);
  tenuto_buffer_destroy(&one);
  tenuto_buffer_destroy(&other);
  tenuto_workflow_destroy(&from_arrays);
  tenuto_workflow_destroy(&from_text);
}

/* Runs in a store, and is there when the store is opened again. */
static void check_durable(void) {
  char path[256];
  make_store_path(path, sizeof path);
  tenuto_graph graph = diamond();
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_from_graph(&graph, &workflow));
  tenuto_engine *engine = NULL;
  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &engine));
  CHECK_OK(
      tenuto_engine_register_native(engine, TEXT("fetch"), body, TENUTO_NATIVE_INLINE, NULL, NULL, NULL));
  CHECK_OK(tenuto_engine_register_native(engine, TEXT("work"), body, TENUTO_NATIVE_INLINE, NULL, NULL, NULL));
  tenuto_run *run = NULL;
  CHECK_OK(tenuto_engine_start(engine, workflow, NULL, &run));
  CHECK_OK(tenuto_run_result(run, -1, NULL));
  CHECK(ran == 4);
  tenuto_run_destroy(&run);
  tenuto_engine_destroy(&engine);

  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &engine));
  CHECK_OK(tenuto_engine_find(engine, TEXT("@last:diamond"), &run));
  tenuto_buffer *json = NULL;
  CHECK_OK(tenuto_run_describe(run, &json));
  CHECK(strstr(tenuto_buffer_data(json, NULL), "\"t3\"") != NULL);
  CHECK(strstr(tenuto_buffer_data(json, NULL), tenuto_workflow_hash(workflow)) != NULL);
  tenuto_buffer_destroy(&json);
  tenuto_run_destroy(&run);
  tenuto_engine_destroy(&engine);
  CHECK_OK(tenuto_store_verify(path, strlen(path), &json));
  tenuto_buffer_destroy(&json);
  tenuto_workflow_destroy(&workflow);
}

/* One policy for all, as docs/c-api.md has it. */
static void check_one_policy(void) {
  tenuto_graph graph = diamond();
  graph.policies = pure;
  graph.policy_count = COUNT(pure);
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_from_graph(&graph, &workflow));
  tenuto_buffer *json = NULL;
  CHECK_OK(tenuto_workflow_definition(workflow, &json));
  CHECK(strstr(tenuto_buffer_data(json, NULL), "\"pure\":true") != NULL);
  tenuto_buffer_destroy(&json);
  tenuto_workflow_destroy(&workflow);
}

/* A host that was compiled with a later header may use what this library has; what it has not is refused. */
static void check_later_header(void) {
  struct {
    tenuto_graph graph;
    uint64_t later;
  } given = {diamond(), 0};
  given.graph.struct_size = (uint32_t)sizeof given;
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_from_graph(&given.graph, &workflow));
  tenuto_workflow_destroy(&workflow);
  given.later = 1;
  CHECK_STATUS(TENUTO_STATUS_VERSION_MISMATCH, tenuto_workflow_from_graph(&given.graph, &workflow));
  CHECK(workflow == NULL);
}

static void check_no_needs(void) {
  tenuto_graph graph = diamond();
  graph.needs_begin = NULL;
  graph.needs = NULL;
  graph.needs_count = 0;
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_from_graph(&graph, &workflow));
  tenuto_buffer *json = NULL;
  CHECK_OK(tenuto_workflow_definition(workflow, &json));
  CHECK(strstr(tenuto_buffer_data(json, NULL), "needs") == NULL);
  tenuto_buffer_destroy(&json);
  tenuto_workflow_destroy(&workflow);
}

static void check_missing(void) {
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_workflow_from_graph(NULL, NULL));
  check_refused(NULL, "graph is NULL");
  tenuto_graph graph = diamond();
  graph.struct_size = 0;
  check_refused(&graph, "struct_size");
  graph = diamond();
  graph.needs_begin = NULL;
  check_refused(&graph, "graph.needs_begin is NULL");
  graph = diamond();
  graph.needs = NULL;
  check_refused(&graph, "graph.needs is NULL");
  graph = diamond();
  graph.actions = NULL;
  check_refused(&graph, "graph.actions is NULL");
  graph = diamond();
  graph.name = NULL;
  check_refused(&graph, "name");
  graph = diamond();
  graph.policy_of = action_of;
  check_refused(&graph, "graph.policy_count is 0");
  graph = diamond();
  graph.policy_count = 1;
  check_refused(&graph, "graph.policies is NULL");
}

static void check_wrong(void) {
  tenuto_graph graph = diamond();
  graph.task_count = SIZE_MAX;
  check_refused(&graph, "more than 1000000");
  graph = diamond();
  graph.needs_count = ((size_t)1 << 32) + 4;
  check_refused(&graph, "more than 16777216");
  graph = diamond();
  static const uint32_t cycle[] = {3, 0, 1, 2};
  static const uint32_t cycle_begin[] = {0, 1, 2, 3, 4};
  graph.needs = cycle;
  graph.needs_begin = cycle_begin;
  check_refused(&graph,
                "task `t0` waits for itself: t0 -> t1 -> t2 -> t3 -> t0; remove one of these references");
  graph = diamond();
  static const uint32_t outside[] = {0, 0, 1, UINT32_MAX};
  graph.needs = outside;
  graph.names = names;
  check_refused(
      &graph,
      "task `d` needs the task number 4294967295, but there are only 4, counted from 0; correct its needs");
  graph = diamond();
  static const uint32_t itself[] = {0, 2, 1, 2};
  graph.needs = itself;
  check_refused(&graph, "task `t2` needs itself; remove it from its needs");
  graph = diamond();
  static const uint32_t no_action[] = {0, 1, 2, 1};
  graph.action_of = no_action;
  check_refused(
      &graph, "task `t2` has the action number 2, but there are only 2, counted from 0; correct `action_of`");
  graph = diamond();
  graph.policies = pure;
  graph.policy_count = COUNT(pure);
  graph.policy_of = action_of;
  check_refused(
      &graph, "task `t1` has the policy number 1, but there is only 1, counted from 0; correct `policy_of`");
  graph = diamond();
  graph.action_count = 0;
  check_refused(&graph, "action");
  graph = diamond();
  static const tenuto_text twice[] = {{"a", 1}, {"b", 1}, {"a", 1}, {NULL, 2}};
  graph.names = twice;
  check_refused(&graph, "graph.names[3].data is NULL");
  static const tenuto_text unnamed[] = {{"a", 1}, {"b", 1}, {"a", 1}, {NULL, 0}};
  graph.names = unnamed;
  check_refused(&graph, "the name `a` is given twice");
  check_refused(&graph, "task number 3: the name `` can't be used");
  graph = diamond();
  static const tenuto_text policy = {TEXT("{\"pur\": true}")};
  graph.policies = &policy;
  graph.policy_count = 1;
  check_refused(&graph, "did you mean `pure`?");
}

int main(void) {
  check_same_as_text();
  check_durable();
  check_one_policy();
  check_later_header();
  check_no_needs();
  check_missing();
  check_wrong();
  puts("ok");
  return 0;
}
