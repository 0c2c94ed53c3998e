/* Serves a pool from the host's own thread: poll a batch, run, complete; and what a late or an invented token does. */
#define _XOPEN_SOURCE 700
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "check.h"

static const char kDefinition[] =
    "{\"tenuto\": 1, \"name\": \"fan\", \"tasks\": {"
    "  \"a\": {\"use\": \"host:a\", \"pool\": \"docker\"},"
    "  \"b\": {\"use\": \"host:b\", \"pool\": \"docker\", \"with\": {\"from\": \"${a}\"}},"
    "  \"c\": {\"use\": \"host:b\", \"pool\": \"docker\", \"with\": {\"from\": \"${a}\"}}}, \"output\": "
    "[\"${b}\", \"${c}\"]}";

static void *close_soon(void *worker) {
  struct timespec nap = {0, 50 * 1000 * 1000};
  nanosleep(&nap, NULL);
  CHECK_OK(tenuto_worker_close(worker));
  return NULL;
}

/* A poll that waits for ever ends when its worker is closed. */
static void check_close_wakes(tenuto_engine *engine) {
  tenuto_worker *worker = NULL;
  CHECK_OK(tenuto_worker_open(engine, TEXT("quiet"), NULL, &worker));
  pthread_t closer;
  CHECK(pthread_create(&closer, NULL, close_soon, worker) == 0);
  tenuto_batch *batch = NULL;
  CHECK_STATUS(TENUTO_STATUS_CLOSED, tenuto_worker_poll(worker, 1, -1, &batch));
  CHECK(pthread_join(closer, NULL) == 0);
  tenuto_worker_destroy(&worker);
}

/* Starts a run of the workflow. */
static tenuto_run *start(tenuto_engine *engine, const char *definition) {
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_compile(definition, strlen(definition), &workflow));
  tenuto_run *run = NULL;
  CHECK_OK(tenuto_engine_start(engine, workflow, NULL, &run));
  tenuto_workflow_destroy(&workflow);
  return run;
}

/* Takes the one task that is ready in the pool "docker". */
static tenuto_batch *take(tenuto_worker *worker, tenuto_task *task) {
  tenuto_batch *batch = NULL;
  CHECK_OK(tenuto_worker_poll(worker, 1, 10000000000LL, &batch));
  tenuto_task unset = TENUTO_TASK_INIT;
  unset.struct_size = 0;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_batch_next(batch, &unset));
  CHECK(strstr(tenuto_last_error(), "TENUTO_TASK_INIT") != NULL);
  /* The task of a program that was built with a newer header, which has more members. */
  struct {
    tenuto_task known;
    uint64_t unknown[2];
  } newer = {TENUTO_TASK_INIT, {7, 7}};
  newer.known.struct_size = sizeof newer;
  CHECK_OK(tenuto_batch_next(batch, &newer.known));
  CHECK(newer.known.struct_size == sizeof newer && newer.unknown[0] == 0 && newer.unknown[1] == 0);
  *task = newer.known;
  task->struct_size = sizeof *task;
  return batch;
}

/* A host that can stop a body says so; the attempt counts as timed out whoever noticed first. */
static void check_time_out(tenuto_engine *engine, tenuto_worker *worker) {
  tenuto_run *run = start(engine,
                          "{\"tenuto\": 1, \"name\": \"slow\", \"tasks\": {"
                          "\"s\": {\"use\": \"host:a\", \"pool\": \"docker\", \"timeout\": \"1h\"}}}");
  tenuto_task task = TENUTO_TASK_INIT;
  tenuto_batch *batch = take(worker, &task);
  CHECK(tenuto_task_timeout_ns(&task) == 3600LL * 1000000000LL);
  CHECK(tenuto_task_timeout_ns(NULL) == -1);
  tenuto_completion completion = TENUTO_COMPLETION_INIT;
  completion.token = task.token;
  completion.outcome = TENUTO_OUTCOME_TIMED_OUT;
  CHECK_OK(tenuto_worker_complete(worker, &completion, 1, NULL));
  CHECK(tenuto_task_timeout_ns(&task) == -1);
  tenuto_batch_destroy(&batch);
  tenuto_buffer *text = NULL;
  CHECK_STATUS(TENUTO_STATUS_TASK_FAILED, tenuto_run_result(run, 10000000000LL, &text));
  CHECK(strstr(tenuto_buffer_data(text, NULL), "\"TimedOut\"") != NULL);
  tenuto_buffer_destroy(&text);
  CHECK_OK(tenuto_run_describe(run, &text));
  CHECK(strstr(tenuto_buffer_data(text, NULL), "\"state\":\"timed_out\"") != NULL);
  tenuto_buffer_destroy(&text);
  tenuto_run_destroy(&run);
}

/* Arguments are JSON, so a result of bytes can't become one: the run says so, and which task it is. */
static void check_bytes(tenuto_engine *engine, tenuto_worker *worker) {
  tenuto_run *run =
      start(engine,
            "{\"tenuto\": 1, \"name\": \"bytes\", \"tasks\": {"
            "\"photo\": {\"use\": \"host:a\", \"pool\": \"docker\"},"
            "\"print\": {\"use\": \"host:b\", \"pool\": \"docker\", \"with\": {\"of\": \"${photo}\"}}}}");
  tenuto_task task = TENUTO_TASK_INIT;
  tenuto_batch *batch = take(worker, &task);
  CHECK(tenuto_task_timeout_ns(&task) == -1);
  tenuto_completion completion = TENUTO_COMPLETION_INIT;
  completion.token = task.token;
  completion.result = "12";
  completion.result_size = 2;
  completion.content_type = TENUTO_CONTENT_BYTES;
  CHECK_OK(tenuto_worker_complete(worker, &completion, 1, NULL));
  tenuto_batch_destroy(&batch);
  tenuto_buffer *text = NULL;
  CHECK_STATUS(TENUTO_STATUS_TASK_FAILED, tenuto_run_result(run, 10000000000LL, &text));
  const char *error = tenuto_buffer_data(text, NULL);
  CHECK(strstr(error, "`print`") != NULL && strstr(error, "`photo`") != NULL &&
        strstr(error, "base64") != NULL);
  tenuto_buffer_destroy(&text);
  tenuto_run_destroy(&run);
}

int main(void) {
  char path[512];
  make_store_path(path, sizeof path);
  tenuto_engine *engine = NULL;
  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &engine));
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_compile(TEXT(kDefinition), &workflow));
  tenuto_run *run = NULL;
  CHECK_OK(tenuto_engine_start(engine, workflow, NULL, &run));
  CHECK(strlen(tenuto_run_id(run)) == 26);

  /* Nobody has its body yet: the run says what it waits for. */
  tenuto_buffer *text = NULL;
  CHECK_OK(tenuto_run_describe(run, &text));
  CHECK(strstr(tenuto_buffer_data(text, NULL), "host:a") != NULL);
  tenuto_buffer_destroy(&text);

  uint32_t a = 0, b = 0, again = 0;
  CHECK_OK(tenuto_engine_register_hosted(engine, TEXT("host:a"), &a));
  CHECK_OK(tenuto_engine_register_hosted(engine, TEXT("host:b"), &b));
  CHECK_OK(tenuto_engine_register_hosted(engine, TEXT("host:a"), &again));
  CHECK(a == again && a != b);

  tenuto_worker_options slots = TENUTO_WORKER_OPTIONS_INIT;
  slots.slots = 2;
  tenuto_worker *worker = NULL;
  CHECK_OK(tenuto_worker_open(engine, TEXT("docker"), &slots, &worker));
  int32_t fd = -1;
  CHECK_OK(tenuto_worker_event_fd(worker, &fd));
  int done = 0;
  while (done < 3) {
    struct pollfd ready = {fd, POLLIN, 0};
    CHECK(poll(&ready, 1, 10000) == 1);
    tenuto_batch *batch = NULL;
    if (tenuto_worker_poll(worker, 16, 0, &batch) == TENUTO_STATUS_TIMED_OUT) continue;
    tenuto_task task = TENUTO_TASK_INIT;
    while (tenuto_batch_next(batch, &task) == TENUTO_OK) {
      CHECK(strcmp(tenuto_task_run_id(&task), tenuto_run_id(run)) == 0);
      tenuto_completion completion = TENUTO_COMPLETION_INIT;
      completion.token = task.token;
      completion.result = task.action == a ? "{\"n\": 1}" : "[2]";
      completion.result_size = strlen(completion.result);
      size_t late = 99;
      CHECK_OK(tenuto_worker_complete(worker, &completion, 1, &late));
      CHECK(late == 0);
      /* Once more: it counts as late and changes nothing. */
      CHECK_OK(tenuto_worker_complete(worker, &completion, 1, &late));
      CHECK(late == 1);
      ++done;
    }
    tenuto_batch_destroy(&batch);
  }
  CHECK_OK(tenuto_run_result(run, 10000000000LL, &text));
  CHECK(strcmp(tenuto_buffer_data(text, NULL), "[[2],[2]]") == 0);
  tenuto_buffer_destroy(&text);

  tenuto_completion invented = TENUTO_COMPLETION_INIT;
  invented.token = 0xFFFFFFFFFFFFFFFFULL;
  size_t late = 0;
  CHECK_OK(tenuto_worker_complete(worker, &invented, 1, &late));
  CHECK(late == 1);
  check_time_out(engine, worker);
  check_bytes(engine, worker);
  CHECK_OK(tenuto_worker_close(worker));
  tenuto_batch *batch = NULL;
  CHECK_STATUS(TENUTO_STATUS_CLOSED, tenuto_worker_poll(worker, 1, 0, &batch));
  CHECK(batch == NULL);
  tenuto_worker_destroy(&worker);
  check_close_wakes(engine);
  tenuto_run_destroy(&run);
  tenuto_workflow_destroy(&workflow);
  tenuto_engine_destroy(&engine);
  puts("ok");
  return 0;
}
