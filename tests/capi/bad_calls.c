/* What a host does wrong is a status with a text, never a crash. */
#define _XOPEN_SOURCE 700
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void check_null_handles(void) {
  tenuto_run *run = NULL;
  tenuto_buffer *buffer = NULL;
  int32_t state = 0;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_start(NULL, NULL, NULL, &run));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_find(NULL, TEXT("x"), &run));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_run_state(NULL, &state));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_run_result(NULL, 0, &buffer));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_run_cancel(NULL, NULL, 0, NULL, 0));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_runs(NULL, NULL, 0, &buffer));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_open(NULL, 5, NULL, NULL));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_backup(NULL, TEXT("b"), NULL, NULL, &buffer));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_prune(NULL, TEXT("{\"keep\":0}"), &buffer));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_store_restore(TEXT("b"), NULL, 5, NULL, NULL, &buffer));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_store_compact(TEXT("s"), NULL, NULL, NULL));
  CHECK_STATUS(TENUTO_STATUS_NOT_FOUND, tenuto_backup_check(TEXT("no-such-backup"), NULL, NULL, &buffer));
  CHECK_STATUS(TENUTO_STATUS_NOT_FOUND, tenuto_store_compact(TEXT("no-such-store"), NULL, NULL, &buffer));
  CHECK(buffer == NULL);
  CHECK(strcmp(tenuto_run_id(NULL), "") == 0);
  CHECK(strcmp(tenuto_workflow_name(NULL), "") == 0);
  CHECK(strcmp(tenuto_buffer_data(NULL, NULL), "") == 0);
  CHECK(tenuto_engine_role(NULL) == 0);
  tenuto_engine_destroy(NULL);
  tenuto_run_destroy(&run);
  tenuto_buffer_destroy(&buffer);
}

static void check_wrong_handles(tenuto_engine *engine, tenuto_workflow *workflow) {
  int32_t state = 0;
  /* A workflow is no run. */
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_run_state((tenuto_run *)workflow, &state));
  tenuto_run *run = NULL;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT,
               tenuto_engine_start((tenuto_engine *)workflow, workflow, NULL, &run));
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT,
               tenuto_engine_start(engine, (tenuto_workflow *)engine, NULL, &run));
}

static void check_bad_definitions(void) {
  tenuto_workflow *workflow = NULL;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_workflow_compile(TEXT("{"), &workflow));
  CHECK(workflow == NULL);
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT,
               tenuto_workflow_compile(
                   TEXT("{\"tenuto\":1,\"name\":\"x\",\"tasks\":{\"a\":{\"use\":\"f\",\"needs\":[\"b\"]},"
                        "\"b\":{\"use\":\"f\",\"needs\":[\"a\"]}}}"),
                   &workflow));
  CHECK(strstr(tenuto_last_error(), "a") != NULL);
  CHECK(strcmp(tenuto_status_name(9999), "UNKNOWN") == 0);
}

static void check_bad_starts(tenuto_engine *engine, tenuto_workflow *workflow) {
  tenuto_run *run = NULL;
  tenuto_start_options options = TENUTO_START_OPTIONS_INIT;
  options.id = "../x";
  options.id_size = 4;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_start(engine, workflow, &options, &run));
  options = (tenuto_start_options)TENUTO_START_OPTIONS_INIT;
  options.input = "{nonsense";
  options.input_size = 9;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_start(engine, workflow, &options, &run));
  options = (tenuto_start_options)TENUTO_START_OPTIONS_INIT;
  options.struct_size = 0;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_start(engine, workflow, &options, &run));
  CHECK_STATUS(TENUTO_STATUS_NOT_FOUND, tenuto_engine_find(engine, TEXT("no-such-run"), &run));
  tenuto_buffer *rows = NULL;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_runs(engine, TEXT("{\"colour\": 1}"), &rows));
}

static void check_fork(tenuto_engine *engine, tenuto_workflow *workflow) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    tenuto_run *run = NULL;
    CHECK_STATUS(TENUTO_STATUS_FORKED, tenuto_engine_start(engine, workflow, NULL, &run));
    tenuto_engine_destroy(&engine); /* only forgets it */
    CHECK(engine == NULL);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(tenuto_engine_role(engine) == TENUTO_ROLE_OWNER);
}

/* Another process is told who owns the store, or becomes a client. */
static int be_second_process(const char *path) {
  tenuto_engine *engine = NULL;
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = TENUTO_OPEN_OWNER;
  CHECK_STATUS(TENUTO_STATUS_OWNED, tenuto_engine_open(path, strlen(path), &options, &engine));
  char pid[32];
  snprintf(pid, sizeof pid, "%ld", (long)getppid());
  CHECK(strstr(tenuto_last_error(), pid) != NULL);
  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &engine));
  CHECK(tenuto_engine_role(engine) == TENUTO_ROLE_CLIENT);
  tenuto_buffer *info = NULL;
  CHECK_OK(tenuto_engine_info(engine, &info));
  CHECK(strstr(tenuto_buffer_data(info, NULL), pid) != NULL);
  tenuto_buffer_destroy(&info);
  tenuto_engine_destroy(&engine);
  return 0;
}

static void check_second_process(const char *path) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    execl("/proc/self/exe", "bad_calls", path, (char *)NULL);
    _exit(127);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv) {
  if (argc == 2) return be_second_process(argv[1]);
  char path[512];
  make_store_path(path, sizeof path);
  check_null_handles();
  check_bad_definitions();
  tenuto_engine *engine = NULL;
  CHECK_STATUS(TENUTO_STATUS_INVALID_ARGUMENT, tenuto_engine_open(TEXT(""), NULL, &engine));
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.create = 0;
  CHECK_STATUS(TENUTO_STATUS_NOT_FOUND, tenuto_engine_open(path, strlen(path), &options, &engine));
  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &engine));
  tenuto_workflow *workflow = NULL;
  CHECK_OK(tenuto_workflow_compile(TEXT("{\"tenuto\":1,\"name\":\"x\",\"tasks\":{\"a\":{\"use\":\"f\"}}}"),
                                   &workflow));
  check_wrong_handles(engine, workflow);
  check_bad_starts(engine, workflow);
  check_fork(engine, workflow);
  check_second_process(path);

  /* Twice in one process is the same engine; the last handle closes it. */
  tenuto_engine *twin = NULL;
  CHECK_OK(tenuto_engine_open(path, strlen(path), NULL, &twin));
  tenuto_engine_destroy(&twin);
  CHECK(tenuto_engine_role(engine) == TENUTO_ROLE_OWNER);
  tenuto_run *run = NULL;
  CHECK_OK(tenuto_engine_start(engine, workflow, NULL, &run));
  tenuto_engine_destroy(&engine);
  int32_t state = 0;
  CHECK_STATUS(TENUTO_STATUS_CLOSED, tenuto_run_state(run, &state));
  tenuto_run_destroy(&run);
  tenuto_workflow_destroy(&workflow);
  puts("ok");
  return 0;
}
