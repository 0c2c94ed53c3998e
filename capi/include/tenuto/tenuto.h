/*
 * Tenuto: an embedded, durable workflow engine. This header is its whole public interface.
 *
 *   1. Conventions and status        5. Runs
 *   2. Values                        6. Task bodies in the library's threads (native)
 *   3. Engine                        7. Task bodies in the host's threads (workers)
 *   4. Workflows                     8. Reading: queries and verification
 *                                    9. Care of the store: backup, restore, compact, prune
 *
 * Conventions
 * -----------
 * Status.     Every call that can fail returns a tenuto_status; TENUTO_OK is 0. tenuto_last_error() explains the last
 *             failure of the calling thread; every call here sets or clears it.
 * Outputs.    Named out_x and last. Set to NULL or 0 on failure.
 * Ownership.  Objects returned through tenuto_x ** are the caller's: end them with tenuto_x_destroy(&x), which
 *             accepts NULL and sets the pointer to NULL. Text and bytes returned as const pointers are borrowed
 *             from the object named in the comment. Input bytes are copied before a call returns.
 * Bytes.      Pointer and length, never NUL-terminated unless the comment says so. A NULL pointer with length 0 is
 *             an empty string. Text is UTF-8.
 * Threads.    `const tenuto_x *` may be used by many threads at once. `tenuto_x *` by one at a time, unless the
 *             comment says "Thread-safe.".
 * Time.       Durations are nanoseconds in int64_t; -1 means "no limit" where a time-out is asked for.
 * Structs.    Those that begin with struct_size may grow at the end: initialise them with their _INIT macro.
 * Fork.       After fork() the child must not use the parent's engine: calls return TENUTO_STATUS_FORKED, and
 *             destroying a handle there only forgets it.
 * Exceptions. None ever leaves the library. It prints nothing, reads no environment variable, installs no signal
 *             handler and never exits the process.
 */
#ifndef TENUTO_TENUTO_H
#define TENUTO_TENUTO_H

#include <stddef.h>
#include <stdint.h>

#include "tenuto/version.h"

#if defined(__GNUC__)
#define TENUTO_API __attribute__((visibility("default")))
#else
#define TENUTO_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 1. Status ------------------------------------------------------------------------------------------------ */

typedef int32_t tenuto_status;

#define TENUTO_OK 0
#define TENUTO_STATUS_INVALID_ARGUMENT 1
#define TENUTO_STATUS_NOT_FOUND 2
#define TENUTO_STATUS_CONFLICT 3
#define TENUTO_STATUS_WRONG_STATE 4
#define TENUTO_STATUS_TOO_LARGE 5
#define TENUTO_STATUS_OWNED 6
#define TENUTO_STATUS_CLOSED 7
#define TENUTO_STATUS_FORKED 8
#define TENUTO_STATUS_TIMED_OUT 9
#define TENUTO_STATUS_FULL 10
#define TENUTO_STATUS_STORAGE_ERROR 11
#define TENUTO_STATUS_DAMAGED 12
#define TENUTO_STATUS_NEWER_FORMAT 13
#define TENUTO_STATUS_POISONED 14
#define TENUTO_STATUS_VERSION_MISMATCH 15
#define TENUTO_STATUS_NO_MEMORY 16
#define TENUTO_STATUS_INTERNAL_ERROR 17
#define TENUTO_STATUS_TASK_FAILED 18   /* the run ended as failed */
#define TENUTO_STATUS_REJECTED 19      /* the run ended as rejected */
#define TENUTO_STATUS_CANCELLED 20     /* the run ended as cancelled */
#define TENUTO_STATUS_RUN_TIMED_OUT 21 /* the run ended as timed out */

/* Version of the library, "0.1.0"; static text, NUL-terminated. Thread-safe. Since: 0.1. */
TENUTO_API const char *tenuto_version(void);
/* ABI number of the library: compare with TENUTO_ABI_VERSION of the header at load. Thread-safe. Since: 0.1. */
TENUTO_API int32_t tenuto_abi_version(void);
/* "NOT_FOUND" for a status; "UNKNOWN" for a number outside the table. Static, NUL-terminated. Since: 0.1. */
TENUTO_API const char *tenuto_status_name(tenuto_status status);
/* Short text for people. Static, NUL-terminated. Since: 0.1. */
TENUTO_API const char *tenuto_status_text(tenuto_status status);
/* What went wrong in the last failed call of this thread: names the object and the next step. NUL-terminated, "" if
 * the last call succeeded; valid until the next call of this thread. Since: 0.1. */
TENUTO_API const char *tenuto_last_error(void);

/* ---- 2. Values ------------------------------------------------------------------------------------------------ */

#define TENUTO_CONTENT_JSON 1  /* UTF-8 JSON text */
#define TENUTO_CONTENT_BYTES 2 /* any bytes */

/* Borrowed bytes with their content type. */
typedef struct tenuto_value {
  const char *data;
  size_t size;
  int32_t content_type;
} tenuto_value;

/* An owned text or value returned by a call. */
typedef struct tenuto_buffer tenuto_buffer;
/* Borrowed until the buffer is destroyed; *out_size may be NULL. Never NULL; NUL-terminated beyond its size. */
TENUTO_API const char *tenuto_buffer_data(const tenuto_buffer *buffer, size_t *out_size);
TENUTO_API int32_t tenuto_buffer_content_type(const tenuto_buffer *buffer);
TENUTO_API void tenuto_buffer_destroy(tenuto_buffer **buffer);

/* ---- 3. Engine ------------------------------------------------------------------------------------------------ */

typedef struct tenuto_engine tenuto_engine;

#define TENUTO_OPEN_AUTO 0   /* own the store; be a client when another process owns it */
#define TENUTO_OPEN_OWNER 1  /* own the store, or fail with OWNED naming the owner's pid */
#define TENUTO_OPEN_CLIENT 2 /* never own: read snapshots, send commands through the inbox */

#define TENUTO_DURABILITY_FULL 0    /* nothing outside sees what is not on disk */
#define TENUTO_DURABILITY_RELAXED 1 /* effects don't wait; a crash loses at most the last 50 ms */
#define TENUTO_DURABILITY_MEMORY 2  /* no store at all; `path` is ignored */

typedef struct tenuto_engine_options {
  uint32_t struct_size;
  int32_t mode;                 /* TENUTO_OPEN_* */
  int32_t durability;           /* TENUTO_DURABILITY_* */
  uint32_t threads;             /* workers; 0 = one per core */
  int32_t create;               /* 1 (default): make the store when there is none; 0: NOT_FOUND */
  int32_t reserved;             /* 0 */
  int64_t retention_age_ns;     /* remove ended runs older than this; 0 = keep all */
  uint64_t retention_count_max; /* keep at most this many ended runs; 0 = keep all */
} tenuto_engine_options;
#define TENUTO_ENGINE_OPTIONS_INIT \
  { (uint32_t)sizeof(tenuto_engine_options), TENUTO_OPEN_AUTO, TENUTO_DURABILITY_FULL, 0, 1, 0, 0, 0 }

/* Opens the store in the directory `path`. Opening a store that this process has open already returns another handle
 * of the same engine. `options` may be NULL. Errors: OWNED, NOT_FOUND, DAMAGED, NEWER_FORMAT, STORAGE_ERROR,
 * INVALID_ARGUMENT (not a store, not a directory). Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_open(const char *path, size_t path_size,
                                            const tenuto_engine_options *options, tenuto_engine **out_engine);

#define TENUTO_CLOSE_DETACH 0 /* stop now: what runs continues at the next open */
#define TENUTO_CLOSE_DRAIN 1  /* first wait until no run can go on by itself, at most timeout_ns */

/* Closes the engine for every handle of it in this process when this is the last open handle. Later calls on its
 * objects return CLOSED. TIMED_OUT: it did not drain in time and was closed all the same. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_close(tenuto_engine *engine, int32_t how, int64_t timeout_ns);
/* Waits, without closing, until no run can go on by itself: what is left waits for an action that nobody serves. A run
 * that waits for a time goes on by itself. Runs may be started meanwhile, and are waited for. Negative: no limit. A client
 * has nothing to wait for. In slices with a signal check between them it makes a drain that can be interrupted:
 *   while ((status = tenuto_engine_drain(engine, 100000000)) == TENUTO_STATUS_TIMED_OUT && !interrupted) {}
 * Errors: TIMED_OUT: some still go on; CLOSED: the engine was closed before, or meanwhile; FORKED. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_drain(tenuto_engine *engine, int64_t timeout_ns);
/* Detaches if still open, and forgets the handle. */
TENUTO_API void tenuto_engine_destroy(tenuto_engine **engine);

#define TENUTO_ROLE_OWNER 1
#define TENUTO_ROLE_CLIENT 2
/* TENUTO_ROLE_*; 0 after close. Thread-safe. Since: 0.1. */
TENUTO_API int32_t tenuto_engine_role(const tenuto_engine *engine);

/* ---- 4. Workflows --------------------------------------------------------------------------------------------- */

/* A compiled, immutable definition; not bound to an engine. */
typedef struct tenuto_workflow tenuto_workflow;

/* Compiles a definition (JSON form, docs/workflow-format.md). On INVALID_ARGUMENT tenuto_last_error() lists every
 * problem, one a line, with line and column. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_workflow_compile(const char *definition, size_t definition_size,
                                                 tenuto_workflow **out_workflow);
/* Compiles a WfFormat document (the WfCommons JSON format): each of its tasks becomes a task that uses `action`.
 * Since: 0.1. */
TENUTO_API tenuto_status tenuto_workflow_from_wfformat(const char *document, size_t document_size,
                                                       const char *action, size_t action_size,
                                                       tenuto_workflow **out_workflow);
/* A text that the caller lends for the length of a call. */
typedef struct tenuto_text {
  const char *data;
  size_t size;
} tenuto_text;

/* A workflow of nothing but tasks, in arrays. All of it is copied. Tasks are counted from 0; an array per task has
 * task_count entries. Task i needs the tasks needs[needs_begin[i]] to needs[needs_begin[i + 1] - 1]. A policy is a JSON
 * object with any of the keys of `defaults` (docs/workflow-format.md): retry, timeout, pool, pure; an empty text is {}. */
typedef struct tenuto_graph {
  uint32_t struct_size;
  uint32_t action_count; /* at least 1, unless there is no task */
  const char *name;      /* of the workflow */
  size_t name_size;
  size_t task_count;
  const uint32_t
      *needs_begin;      /* task_count + 1 entries, the last is needs_count; NULL: no task needs another */
  const uint32_t *needs; /* numbers of tasks, in any order, also of later ones; one twice is as once */
  size_t needs_count;
  const tenuto_text *names;    /* per task; NULL: "t0", "t1", … */
  const tenuto_text *actions;  /* action_count of them */
  const uint32_t *action_of;   /* per task: a number below action_count; NULL: 0 for all */
  const tenuto_text *policies; /* policy_count of them */
  const uint32_t *policy_of;   /* per task: a number below policy_count; NULL: 0 for all */
  uint32_t policy_count;       /* 0: all tasks are as they are by default */
  int32_t reserved;            /* 0 */
} tenuto_graph;
#define TENUTO_GRAPH_INIT \
  { (uint32_t)sizeof(tenuto_graph), 0, NULL, 0, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0, 0 }

/* Compiles a workflow from arrays: the same as compiling a definition that says the same, with the same hash, but
 * without its text: that is written when the text or the hash is asked for, and at the latest by the first start in an
 * engine. On INVALID_ARGUMENT (a cycle, a number out of range, a name twice or not allowed, more than 1,000,000 tasks or
 * 16,777,216 needs) tenuto_last_error() lists the problems, one a line; those of a task name it. VERSION_MISMATCH: the
 * graph uses a field that this library does not know. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_workflow_from_graph(const tenuto_graph *graph,
                                                    tenuto_workflow **out_workflow);
TENUTO_API void tenuto_workflow_destroy(tenuto_workflow **workflow);
/* Borrowed from the workflow; NUL-terminated. */
TENUTO_API const char *tenuto_workflow_name(const tenuto_workflow *workflow);
/* 32 hexadecimal digits; borrowed from the workflow; NUL-terminated. "" without memory. Thread-safe. */
TENUTO_API const char *tenuto_workflow_hash(const tenuto_workflow *workflow);
TENUTO_API uint32_t tenuto_workflow_task_count(const tenuto_workflow *workflow);
/* The canonical JSON form. Since: 0.1. */
TENUTO_API tenuto_status tenuto_workflow_definition(const tenuto_workflow *workflow,
                                                    tenuto_buffer **out_json);

/* ---- 5. Runs -------------------------------------------------------------------------------------------------- */

/* A handle of one run, live or ended. */
typedef struct tenuto_run tenuto_run;

typedef struct tenuto_start_options {
  uint32_t struct_size;
  int32_t test;   /* 1: marked as a test run, left out of the metrics */
  const char *id; /* chosen by the caller ([A-Za-z0-9][A-Za-z0-9._:-]{0,199}); NULL: generated */
  size_t id_size;
  const char *input; /* JSON; NULL: null */
  size_t input_size;
  const char *labels; /* a JSON object of text values; NULL: none */
  size_t labels_size;
  const char *by; /* who starts it, for the audit; NULL: unknown */
  size_t by_size;
} tenuto_start_options;
#define TENUTO_START_OPTIONS_INIT \
  { (uint32_t)sizeof(tenuto_start_options), 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0 }

/* Starts a run; returns when the start is durable. The same id with the same workflow and input gives the existing
 * run; with another workflow or input it is a CONFLICT. In a client the command goes to the owner; without an owner it
 * is accepted and waits. `options` may be NULL. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_start(tenuto_engine *engine, const tenuto_workflow *workflow,
                                             const tenuto_start_options *options, tenuto_run **out_run);
/* Starts `count` runs of one workflow with one commit; inputs[i] may have data NULL for null. Ids are generated; the
 * first run number goes to *out_first_number, the others follow it without a gap. Owner only. Thread-safe.
 * Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_start_many(tenuto_engine *engine, const tenuto_workflow *workflow,
                                                  const tenuto_value *inputs, size_t count,
                                                  uint64_t *out_first_number);
/* Finds a run by its id, or by a prefix of it that fits one run only. NOT_FOUND, CONFLICT (several fit).
 * "@last" is the newest run, "@last:NAME" the newest of a workflow, "@failed" the newest failed one. Thread-safe.
 * Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_find(tenuto_engine *engine, const char *id, size_t id_size,
                                            tenuto_run **out_run);
TENUTO_API void tenuto_run_destroy(tenuto_run **run);
/* Borrowed from the run handle; NUL-terminated. */
TENUTO_API const char *tenuto_run_id(const tenuto_run *run);
TENUTO_API uint64_t tenuto_run_number(const tenuto_run *run);

#define TENUTO_RUN_QUEUED 1
#define TENUTO_RUN_RUNNING 2
#define TENUTO_RUN_WAITING 3
#define TENUTO_RUN_PAUSED 4
#define TENUTO_RUN_CANCELLING 5
#define TENUTO_RUN_COMPLETED 6
#define TENUTO_RUN_FAILED 7
#define TENUTO_RUN_TIMED_OUT 8
#define TENUTO_RUN_REJECTED 9
#define TENUTO_RUN_CANCELLED 10

/* The state, durable at the time of return. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_run_state(tenuto_run *run, int32_t *out_state);
/* Waits until the run has ended. OK: completed, *out_output is its output. TASK_FAILED, REJECTED, CANCELLED,
 * RUN_TIMED_OUT: it ended so, and *out_output (which then is not NULL) holds the error as JSON {type, message, task,
 * attempt, traceback}. TIMED_OUT: still running; wait again. out_output may be NULL. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_run_result(tenuto_run *run, int64_t timeout_ns, tenuto_buffer **out_output);
/* Asks the run to end as cancelled: nothing new starts, bodies that run now may finish. OK also when it is being
 * cancelled already; WRONG_STATE when it has ended otherwise. Returns when the request is durable. In a client the
 * command goes to the owner; without an owner OK means that it is accepted: it is durable, and the next owner carries
 * it out or, if the run has ended by then, records that it was refused. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_run_cancel(tenuto_run *run, const char *reason, size_t reason_size,
                                           const char *by, size_t by_size);
/* Everything about the run as JSON: id, number, workflow, hash, state, input, output, error, started, ended, labels,
 * tasks (a count per state), and nodes (one object per node: name, kind, state, attempts, started, ended, result,
 * error, waits_for). Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_run_describe(tenuto_run *run, tenuto_buffer **out_json);
/* The recorded events as JSON lines, one object a line, oldest first. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_run_events(tenuto_run *run, tenuto_buffer **out_jsonl);

/* ---- 6. Native task bodies ------------------------------------------------------------------------------------ */

/* One attempt of one task, as its body sees it; valid during the body (or until completed, for workers). */
typedef struct tenuto_task {
  uint32_t struct_size;
  uint32_t action; /* the number that the registration returned */
  uint64_t token;  /* names this hand-out; pass it to complete */
  uint64_t run_number;
  uint32_t attempt;     /* 1, 2, … */
  int32_t content_type; /* of the argument */
  const char *argument; /* the `with` object, evaluated: JSON; NUL-terminated beyond its size */
  size_t argument_size;
  const void *source; /* the library's own */
} tenuto_task;
#define TENUTO_TASK_INIT \
  { (uint32_t)sizeof(tenuto_task), 0, 0, 0, 0, 0, NULL, 0, NULL }

/* The node's path in its run; "" when the task is no longer valid. NUL-terminated; valid until the next tenuto_task_*
 * call of this thread. Since: 0.1. */
TENUTO_API const char *tenuto_task_path(const tenuto_task *task);
/* The id of its run; lifetime as above. Since: 0.1. */
TENUTO_API const char *tenuto_task_run_id(const tenuto_task *task);
/* 32 hexadecimal digits, the same for every attempt of this task, also after recovery, and different in another
 * store: pass it to outside services so that a repeated attempt is recognised. Lifetime as above. Since: 0.1. */
TENUTO_API const char *tenuto_task_idempotency_key(const tenuto_task *task);
/* How long this attempt may take, counted from its start; -1: as long as it likes, or the task is no longer valid.
 * Hosts that can stop a body do so then, and complete it as TENUTO_OUTCOME_TIMED_OUT. Since: 0.1. */
TENUTO_API int64_t tenuto_task_timeout_ns(const tenuto_task *task);

/* What a body reports. Zero-initialised means: done, with the result null. */
typedef struct tenuto_completion {
  uint32_t struct_size;
  int32_t outcome;    /* TENUTO_OUTCOME_* */
  uint64_t token;     /* of the task; ignored for native bodies */
  const char *result; /* done: the value */
  size_t result_size;
  int32_t content_type; /* of the result; 0 = JSON */
  int32_t reserved;
  const char *error_type; /* failed: for people and retry rules, "ValueError" */
  size_t error_type_size;
  const char *error_message;
  size_t error_message_size;
  const char *error_trace; /* failed: text, may be NULL */
  size_t error_trace_size;
} tenuto_completion;
#define TENUTO_COMPLETION_INIT \
  { (uint32_t)sizeof(tenuto_completion), TENUTO_OUTCOME_DONE, 0, NULL, 0, 0, 0, NULL, 0, NULL, 0, NULL, 0 }

#define TENUTO_OUTCOME_DONE 0
#define TENUTO_OUTCOME_FAILED 1    /* retried as the policy says */
#define TENUTO_OUTCOME_STOP 2      /* failed, and no retry */
#define TENUTO_OUTCOME_TIMED_OUT 3 /* the host stopped it at its time-out; retried as the policy says */

/* A native body. Fills *completion; what it points to must stay valid until the body returns to the library, which
 * copies it (use thread-local or static storage, or tenuto_completion_copy). Runs on a library thread, or, if it is
 * inline, also on a thread of the host that is in tenuto_run_result or tenuto_engine_start; must not throw, and must
 * not call back into the engine. */
typedef void (*tenuto_task_fn)(void *user_data, const tenuto_task *task, tenuto_completion *completion);

#define TENUTO_NATIVE_INLINE 1u /* short and never blocks: runs on the scheduler's own threads */
/* In an owner, a thread that waits in tenuto_run_result for ever, or for 10 ms and more, may run inline bodies of the run
 * that it waits for, and tenuto_engine_start pure ones of the run that it starts (some 20 microseconds of them), before
 * it returns. So an inline body must not need a lock that a caller of these holds, and small stacks are the host's to
 * look after. */
/* Inline bodies that take less than some microseconds and need not wait for the disk (pure tasks; any in memory) are called one after
 * the other, in the order of the definition as far as each task stands behind all that it needs: some nanoseconds a task. Those
 * that return no result share one record in the history and its two times. The `task` they get is good until they return; its
 * token takes no completion. */

/* Registers the native body of an action. Runs that wait for it go on. CONFLICT when the action is registered
 * already. free_user_data (may be NULL) is called exactly once, when the engine is closed, or at once on failure.
 * Owner only. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_register_native(tenuto_engine *engine, const char *action,
                                                       size_t action_size, tenuto_task_fn body,
                                                       uint32_t flags, void *user_data,
                                                       void (*free_user_data)(void *), uint32_t *out_action);
/* Copies bytes into storage that lives until the body that is running on this thread has returned and been recorded;
 * for results made on the spot. NULL outside a native body or without memory. Since: 0.1. */
TENUTO_API const char *tenuto_completion_copy(const char *data, size_t size);

/* ---- 7. Workers ----------------------------------------------------------------------------------------------- */

/* Serves the ready tasks of one pool from the host's threads. */
typedef struct tenuto_worker tenuto_worker;
/* A set of tasks handed out together. Shared by the host's threads: each takes the next one. */
typedef struct tenuto_batch tenuto_batch;

/* Declares that this process has the body of an action, to be polled from the pool its task names. Returns the number
 * that polled tasks carry. Registering it again returns the same number; CONFLICT when it is native. In a client it
 * only notes the action. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_register_hosted(tenuto_engine *engine, const char *action,
                                                       size_t action_size, uint32_t *out_action);

typedef struct tenuto_worker_options {
  uint32_t struct_size;
  uint32_t slots; /* how many bodies the host runs at a time; for utilisation and batch sizes. 0 = 1 */
} tenuto_worker_options;
#define TENUTO_WORKER_OPTIONS_INIT \
  { (uint32_t)sizeof(tenuto_worker_options), 1 }

/* Opens a worker of a pool (created at first use). `options` may be NULL. Owner only. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_worker_open(tenuto_engine *engine, const char *pool, size_t pool_size,
                                            const tenuto_worker_options *options, tenuto_worker **out_worker);
/* Ends the worker: polls return CLOSED; tasks handed out may still be completed. */
TENUTO_API tenuto_status tenuto_worker_close(tenuto_worker *worker);
TENUTO_API void tenuto_worker_destroy(tenuto_worker **worker);
/* Waits at most timeout_ns for ready tasks and takes up to `max` of them. TIMED_OUT: none came. CLOSED: no more will
 * come. Blocks: release your language's lock. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_worker_poll(tenuto_worker *worker, uint32_t max, int64_t timeout_ns,
                                            tenuto_batch **out_batch);
/* A descriptor that is readable while tasks may be ready, for poll(2) and event loops; the worker's own, don't close
 * it. Level-triggered: poll with time-out 0 after it. Since: 0.1. */
TENUTO_API tenuto_status tenuto_worker_event_fd(tenuto_worker *worker, int32_t *out_fd);
/* Takes the next task of the batch and marks its start: time-outs count from here. *out_task is initialised with
 * TENUTO_TASK_INIT before the first call. NOT_FOUND: the batch is used up.
 * A task that has been cancelled meanwhile is passed over. *out_task is valid until completed. Thread-safe.
 * Since: 0.1. */
TENUTO_API tenuto_status tenuto_batch_next(tenuto_batch *batch, tenuto_task *out_task);
/* Gives what was not taken back to the pool, and frees the batch. */
TENUTO_API void tenuto_batch_destroy(tenuto_batch **batch);
/* Reports ended bodies, in any order and from any thread. A token whose attempt has timed out or was cancelled is
 * counted in *out_late (may be NULL) and has no effect; so has one that was never handed out. A result that is not
 * valid JSON or is too large fails its task with a clear error. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_worker_complete(tenuto_worker *worker, const tenuto_completion *completions,
                                                size_t count, size_t *out_late);

/* ---- 8. Reading ----------------------------------------------------------------------------------------------- */

/* Runs as JSON lines, newest first. `query` is JSON or NULL for all: {"workflow": "etl", "state": ["failed"],
 * "id_prefix": "…", "since": RFC 3339, "until": RFC 3339, "label": {"k": "v"}, "where": CEL over the row, "limit": 100}.
 * A row has id, number, workflow, state, started, ended, labels, error. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_runs(tenuto_engine *engine, const char *query, size_t query_size,
                                            tenuto_buffer **out_jsonl);
/* The metrics of docs/operations.md as one JSON object. `query` is JSON or NULL: {"workflow": "etl", "since": RFC 3339,
 * "until": RFC 3339}. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_stats(tenuto_engine *engine, const char *query, size_t query_size,
                                             tenuto_buffer **out_json);
/* Facts of the store as one JSON object: path, format, generation, owner pid, positions, sizes, counts.
 * Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_info(tenuto_engine *engine, tenuto_buffer **out_json);
/* Reads everything in the store at `path` and checks it, without opening an engine: JSON {ok, checked: {…},
 * problems: [{where, what}]}. DAMAGED when there is a problem (the JSON is there too). Since: 0.1. */
TENUTO_API tenuto_status tenuto_store_verify(const char *path, size_t path_size, tenuto_buffer **out_json);

/* ---- 9. Care of the store ------------------------------------------------------------------------------------- */

/* Told how many bytes are done, of about so many, now and then. Called on the thread of the call that got it, before that returns;
 * short, and it must not call into the library. */
typedef void (*tenuto_progress)(void *user_data, uint64_t done, uint64_t total);

/* Makes a backup of the engine's store in the new directory `target`, while the owner goes on: everything that was
 * acknowledged before the call is in it (in an owner with RELAXED durability too; for a client of one, what was acknowledged
 * up to 50 ms before). Owner or client. JSON {path, bytes, position, watermark, frames, live_runs_in_tables,
 * ended_runs_in_tables, commands, store}. `progress` may be NULL. Nothing is left of a backup that fails.
 * CONFLICT: `target` exists. INVALID_ARGUMENT: it lies in the store, or where there is no directory. FULL, STORAGE_ERROR.
 * DAMAGED: the store is, with the place. WRONG_STATE: an engine in memory. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_backup(tenuto_engine *engine, const char *target, size_t target_size,
                                              tenuto_progress progress, void *user_data,
                                              tenuto_buffer **out_json);
/* Makes a new store in `path`, a new or empty directory, from a backup. All of the backup is checked, and the store is
 * verified, before the directory gets its name. The store is another one than that of the backup: runs that came with
 * it keep their ids and idempotency keys, new runs have keys of their own. JSON {backup, path, store, origin, made, format,
 * position, bytes, live_runs_in_tables, ended_runs_in_tables, commands}. `progress` may be NULL.
 * NOT_FOUND: `backup` is none. DAMAGED, with the place. CONFLICT: something is in the way. OWNED: a store that a
 * process owns is. NEWER_FORMAT, FULL, STORAGE_ERROR. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_store_restore(const char *backup, size_t backup_size, const char *path,
                                              size_t path_size, tenuto_progress progress, void *user_data,
                                              tenuto_buffer **out_json);
/* Checks a backup, every byte of it, and changes nothing: the JSON and the errors of tenuto_store_restore without those of
 * the new store. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_backup_check(const char *backup, size_t backup_size, tenuto_progress progress,
                                             void *user_data, tenuto_buffer **out_json);
/* Shrinks the tables of a store that nobody has open to what they hold. JSON {path, bytes_before, bytes_after, entries,
 * workflows_left_out}. Definitions that no run needs any more go. Needs room for the copy. After a crash or an error the store is as before, or compacted. `progress` may be NULL.
 * OWNED: a process owns or reads it, which is named. NOT_FOUND, DAMAGED, FULL, STORAGE_ERROR. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_store_compact(const char *path, size_t path_size, tenuto_progress progress,
                                              void *user_data, tenuto_buffer **out_json);
/* Forgets ended runs for which all of `query` holds, JSON {"ended_before": RFC 3339, "keep": 1000, "state": ["failed"],
 * "workflow": "etl", "dry_run": false}, of which at least one of the first four must be there. `keep` spares so many of the
 * youngest of the states and the workflow. Never a live run. With dry_run nothing goes. JSON {dry_run, matching, runs, states,
 * workflows, ended_min, ended_max}: runs is how many go; a client's answer has the last four only with dry_run.
 * In a client the owner does it; WRONG_STATE: there is none. INVALID_ARGUMENT. Thread-safe. Since: 0.1. */
TENUTO_API tenuto_status tenuto_engine_prune(tenuto_engine *engine, const char *query, size_t query_size,
                                             tenuto_buffer **out_json);

#ifdef __cplusplus
}
#endif
#endif /* TENUTO_TENUTO_H */
