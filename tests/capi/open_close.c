/* Opens, works and closes a thousand times, and asks the process what is left: no memory, no descriptor, no mapping, no
 * thread. Under AddressSanitizer the leak check at the end sees every block; here the sums are held against each other,
 * which also finds what is still reachable and grows. */
#define _GNU_SOURCE
#include <dirent.h>
#include <malloc.h>

#include "check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1 /* its runtime keeps freed memory and maps as it likes; the leak check finds blocks */
#define ROUNDS 200
#else
#define IS_SANITIZED 0
#define ROUNDS 1000
#endif
#define WARM_UP (3 * ROUNDS / 10) /* rounds: caches, pools of the C library, pages of the tables */

static const char kPair[] =
    "{\"tenuto\": 1, \"name\": \"pair\", \"tasks\": {"
    "  \"here\": {\"use\": \"here\", \"with\": {\"n\": \"${input.n}\"}},"
    "  \"there\": {\"use\": \"there\", \"with\": {\"n\": \"${here}\"}, \"retry\": {\"attempts\": 2, "
    "\"backoff\": \"1h\"}}},"
    " \"output\": \"${there}\"}";

struct usage {
  long heap, descriptors, mappings, threads;
};

static long count_entries(const char *directory) {
  long count = 0;
  DIR *entries = opendir(directory);
  CHECK(entries != NULL);
  while (readdir(entries) != NULL) ++count;
  closedir(entries);
  return count;
}

static long count_lines(const char *path) {
  long count = 0;
  int each;
  FILE *file = fopen(path, "r");
  CHECK(file != NULL);
  while ((each = fgetc(file)) != EOF) count += each == '\n';
  fclose(file);
  return count;
}

static struct usage usage_now(void) {
  struct usage now;
  malloc_trim(0);
  now.heap = (long)mallinfo2().uordblks;
  now.descriptors = count_entries("/proc/self/fd");
  now.mappings = count_lines("/proc/self/maps");
  now.threads = count_entries("/proc/self/task");
  return now;
}

static void here(void *user_data, const tenuto_task *task, tenuto_completion *completion) {
  (void)user_data;
  (void)task;
  completion->result = tenuto_completion_copy(TEXT("41"));
  completion->result_size = 2;
}

/* Serves one task of the hosted action; every third one is left as it is, so that it is lost with the engine. */
static void serve(tenuto_engine *engine, int round) {
  tenuto_worker *worker = NULL;
  CHECK_OK(tenuto_worker_open(engine, TEXT("default"), NULL, &worker));
  tenuto_batch *batch = NULL;
  CHECK_OK(tenuto_worker_poll(worker, 1, 60000000000LL, &batch));
  tenuto_task task = TENUTO_TASK_INIT;
  CHECK_OK(tenuto_batch_next(batch, &task));
  if (round % 3 != 0) {
    tenuto_completion completion = TENUTO_COMPLETION_INIT;
    completion.token = task.token;
    completion.outcome = round % 3 == 1 ? TENUTO_OUTCOME_DONE : TENUTO_OUTCOME_FAILED;
    completion.result = "42";
    completion.result_size = 2;
    CHECK_OK(tenuto_worker_complete(worker, &completion, 1, NULL));
  }
  tenuto_batch_destroy(&batch);
  CHECK_OK(tenuto_worker_close(worker));
  tenuto_worker_destroy(&worker);
}

static void ask(tenuto_engine *engine, tenuto_run *run) {
  tenuto_buffer *answer = NULL;
  CHECK_OK(tenuto_run_describe(run, &answer));
  tenuto_buffer_destroy(&answer);
  CHECK_OK(tenuto_run_events(run, &answer));
  tenuto_buffer_destroy(&answer);
  CHECK_OK(tenuto_engine_runs(engine, TEXT("{\"limit\": 3}"), &answer));
  tenuto_buffer_destroy(&answer);
  CHECK_OK(tenuto_engine_stats(engine, NULL, 0, &answer));
  tenuto_buffer_destroy(&answer);
  CHECK_OK(tenuto_engine_info(engine, &answer));
  tenuto_buffer_destroy(&answer);
}

/* Runs left from the rounds before go on at the open, so the store's history is bounded by the retention. */
static void one_round(const char *store, int round) {
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.threads = 1;
  options.retention_count_max = 20;
  if (round % 2 == 0) options.durability = TENUTO_DURABILITY_MEMORY;
  tenuto_engine *engine = NULL, *again = NULL;
  CHECK_OK(tenuto_engine_open(store, strlen(store), &options, &engine));
  if (round % 5 == 1) CHECK_OK(tenuto_engine_open(store, strlen(store), &options, &again));
  CHECK_OK(tenuto_engine_register_native(engine, TEXT("here"), here,
                                         round % 3 == 0 ? TENUTO_NATIVE_INLINE : 0, NULL, NULL, NULL));
  uint32_t action = 0;
  CHECK_OK(tenuto_engine_register_hosted(engine, TEXT("there"), &action));
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_compile(TEXT(kPair), &workflow));
  tenuto_start_options start = TENUTO_START_OPTIONS_INIT;
  start.input = "{\"n\": 1}";
  start.input_size = strlen(start.input);
  tenuto_run *run = NULL;
  CHECK_OK(tenuto_engine_start(engine, workflow, &start, &run));
  serve(engine, round);
  if (round % 3 != 1) CHECK_STATUS(TENUTO_STATUS_TIMED_OUT, tenuto_engine_drain(engine, 0));
  ask(engine, run);
  tenuto_engine *missing = NULL;
  CHECK(tenuto_engine_open("/dev/null", 9, &options, &missing) != TENUTO_OK ||
        options.durability == TENUTO_DURABILITY_MEMORY);
  tenuto_engine_destroy(&missing);
  tenuto_workflow_destroy(&workflow);
  CHECK(tenuto_workflow_compile("{", 1, &workflow) != TENUTO_OK);
  if (round % 4 < 2) tenuto_run_destroy(&run);
  tenuto_engine_destroy(&again);
  CHECK_OK(tenuto_engine_close(engine, TENUTO_CLOSE_DETACH, 0));
  tenuto_engine_destroy(&engine);
  tenuto_run_destroy(&run); /* also after its engine */
}

int main(void) {
  char store[512];
  make_store_path(store, sizeof store);
  struct usage before = {0, 0, 0, 0};
  for (int round = 0; round < ROUNDS; ++round) {
    if (round == WARM_UP) before = usage_now();
    one_round(store, round);
  }
  const struct usage after = usage_now();
  printf(
      "open_close: %d rounds; heap %ld to %ld bytes, descriptors %ld to %ld, mappings %ld to %ld, threads "
      "%ld to %ld\n",
      ROUNDS, before.heap, after.heap, before.descriptors, after.descriptors, before.mappings, after.mappings,
      before.threads, after.threads);
  CHECK(after.descriptors == before.descriptors);
  CHECK(after.threads == before.threads);
  /* Some of both move with the arenas of the C library; the smallest block a round would be 700 of them. */
  CHECK(IS_SANITIZED || after.mappings <= before.mappings + 20);
  CHECK(IS_SANITIZED || after.heap <= before.heap + (ROUNDS - WARM_UP) * 32);
  return 0;
}
