/* Builds a workflow, registers native bodies, runs it durably, reads the history, and finds it all again after reopening. */
#define _XOPEN_SOURCE 700
#include "check.h"

static const char kOrder[] =
    "{\"tenuto\": 1, \"name\": \"order\", \"tasks\": {"
    "  \"price\": {\"use\": \"price\", \"with\": {\"items\": \"${input.items}\"}},"
    "  \"discount\": {\"switch\": ["
    "     {\"if\": \"price > 100\", \"tasks\": {\"big\": {\"use\": \"note\", \"with\": {\"text\": \"big "
    "order of ${price}\"}}}},"
    "     {\"tasks\": {\"small\": {\"use\": \"note\", \"with\": {\"text\": \"small order\"}}}}]},"
    "  \"charge\": {\"use\": \"charge\", \"with\": {\"amount\": \"${price}\"}, \"retry\": {\"attempts\": 2, "
    "\"backoff\": \"10ms\"}}},"
    " \"output\": {\"charged\": \"${charge}\"}}";

static int price_calls, charge_calls, notes, frees;
static char first_key[64];

static void price(void *user_data, const tenuto_task *task, tenuto_completion *completion) {
  (void)user_data;
  ++price_calls;
  CHECK(task->attempt == 1);
  CHECK(strstr(task->argument, "[1,2,3]") != NULL);
  CHECK(strcmp(tenuto_task_path(task), "price") == 0);
  completion->result = tenuto_completion_copy(TEXT("120"));
  completion->result_size = 3;
}

static void note(void *user_data, const tenuto_task *task, tenuto_completion *completion) {
  (void)completion;
  CHECK(strcmp((const char *)user_data, "notes") == 0);
  ++notes;
  CHECK(strcmp(task->argument, "{\"text\":\"big order of 120\"}") == 0);
}

static void charge(void *user_data, const tenuto_task *task, tenuto_completion *completion) {
  (void)user_data;
  ++charge_calls;
  CHECK(task->attempt == (uint32_t)charge_calls);
  const char *key = tenuto_task_idempotency_key(task);
  CHECK(strlen(key) == 32);
  if (charge_calls == 1) {
    snprintf(first_key, sizeof first_key, "%s", key);
    completion->outcome = TENUTO_OUTCOME_FAILED;
    completion->error_type = "Timeout";
    completion->error_type_size = 7;
    completion->error_message = "try again";
    completion->error_message_size = 9;
    return;
  }
  CHECK(strcmp(key, first_key) == 0); /* one key per task, not per attempt */
  completion->result = "\"paid\"";
  completion->result_size = 6;
}

static void count_free(void *user_data) {
  (void)user_data;
  ++frees;
}

static void check_run(tenuto_run *run) {
  tenuto_buffer *buffer = NULL;
  CHECK_OK(tenuto_run_result(run, 10000000000LL, &buffer));
  CHECK(strcmp(tenuto_buffer_data(buffer, NULL), "{\"charged\":\"paid\"}") == 0);
  tenuto_buffer_destroy(&buffer);
  CHECK(buffer == NULL);

  int32_t state = 0;
  CHECK_OK(tenuto_run_state(run, &state));
  CHECK(state == TENUTO_RUN_COMPLETED);

  CHECK_OK(tenuto_run_events(run, &buffer));
  const char *events = tenuto_buffer_data(buffer, NULL);
  CHECK(strstr(events, "run_started") != NULL);
  CHECK(strstr(events, "attempt_failed") != NULL);
  CHECK(strstr(events, "try again") != NULL);
  CHECK(strstr(events, "switch_chosen") != NULL);
  CHECK(strstr(events, "task_skipped") != NULL);
  CHECK(strstr(events, "run_ended") != NULL);
  tenuto_buffer_destroy(&buffer);

  CHECK_OK(tenuto_run_describe(run, &buffer));
  CHECK(strstr(tenuto_buffer_data(buffer, NULL), "\"state\":\"completed\"") != NULL);
  tenuto_buffer_destroy(&buffer);
}

int main(void) {
  char path[512];
  make_store_path(path, sizeof path);
  CHECK(strcmp(tenuto_version(), TENUTO_VERSION) == 0);
  CHECK(tenuto_abi_version() == TENUTO_ABI_VERSION);

  tenuto_engine *engine = NULL;
  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &engine));
  CHECK(tenuto_engine_role(engine) == TENUTO_ROLE_OWNER);
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_compile(TEXT(kOrder), &workflow));
  CHECK(strcmp(tenuto_workflow_name(workflow), "order") == 0);
  CHECK(tenuto_workflow_task_count(workflow) == 4);
  CHECK(strlen(tenuto_workflow_hash(workflow)) == 32);

  static char notes_data[] = "notes";
  CHECK_OK(
      tenuto_engine_register_native(engine, TEXT("price"), price, TENUTO_NATIVE_INLINE, NULL, NULL, NULL));
  CHECK_OK(tenuto_engine_register_native(engine, TEXT("note"), note, 0, notes_data, count_free, NULL));
  CHECK_OK(tenuto_engine_register_native(engine, TEXT("charge"), charge, 0, NULL, NULL, NULL));
  CHECK_STATUS(TENUTO_STATUS_CONFLICT,
               tenuto_engine_register_native(engine, TEXT("note"), note, 0, notes_data, count_free, NULL));
  CHECK(frees == 1); /* of the refused one, at once */

  tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
  options.id = "order-1";
  options.id_size = 7;
  options.input = "{\"items\":[1,2,3]}";
  options.input_size = strlen(options.input);
  tenuto_run *run = NULL;
  CHECK_OK(tenuto_engine_start(engine, workflow, &options, &run));
  CHECK(strcmp(tenuto_run_id(run), "order-1") == 0);
  check_run(run);
  CHECK(price_calls == 1 && charge_calls == 2 && notes == 1);

  /* The same id is the same run; with another input it is a conflict. */
  tenuto_run *again = NULL;
  CHECK_OK(tenuto_engine_start(engine, workflow, &options, &again));
  CHECK(tenuto_run_number(again) == tenuto_run_number(run));
  tenuto_run_destroy(&again);
  options.input = "{\"items\":[]}";
  options.input_size = strlen(options.input);
  CHECK_STATUS(TENUTO_STATUS_CONFLICT, tenuto_engine_start(engine, workflow, &options, &again));
  CHECK(again == NULL);

  CHECK_OK(tenuto_engine_drain(engine, 5000000000LL));
  CHECK_OK(tenuto_engine_close(engine, TENUTO_CLOSE_DRAIN, 5000000000LL));
  CHECK_STATUS(TENUTO_STATUS_CLOSED, tenuto_engine_drain(engine, 0));
  CHECK(frees == 1);
  int32_t state = 7;
  CHECK_STATUS(TENUTO_STATUS_CLOSED, tenuto_run_state(run, &state));
  CHECK(state == 0);
  tenuto_run_destroy(&run);
  tenuto_engine_destroy(&engine);
  CHECK(engine == NULL);
  CHECK(frees == 2); /* exactly once each */

  /* Everything is there after reopening, without any body. */
  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &engine));
  CHECK_OK(tenuto_engine_find(engine, TEXT("@last"), &run));
  CHECK(strcmp(tenuto_run_id(run), "order-1") == 0);
  check_run(run);
  CHECK(price_calls == 1 && charge_calls == 2 && notes == 1);
  tenuto_buffer *rows = NULL;
  CHECK_OK(tenuto_engine_runs(engine, NULL, 0, &rows));
  CHECK(strstr(tenuto_buffer_data(rows, NULL), "\"order-1\"") != NULL);
  tenuto_buffer_destroy(&rows);
  CHECK_OK(tenuto_engine_stats(engine, NULL, 0, &rows));
  tenuto_buffer_destroy(&rows);
  CHECK_OK(tenuto_engine_info(engine, &rows));
  tenuto_buffer_destroy(&rows);
  tenuto_run_destroy(&run);
  tenuto_engine_destroy(&engine);

  CHECK_OK(tenuto_store_verify(path, strlen(path), &rows));
  tenuto_buffer_destroy(&rows);
  tenuto_workflow_destroy(&workflow);
  puts("ok");
  return 0;
}
