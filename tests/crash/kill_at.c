/* To be preloaded into a process that is to be killed: ends it by SIGKILL before or after the n-th time that it comes to a point,
 * and plants bugs that the kill test must find.
 *
 * TENUTO_INTERPOSE_ROOT=FOLDER                the store's, or one around it
 * TENUTO_KILL_AT=[PHASE/]POINT:before|after:N of those in the phase; the points are those of point_of(), or "any"
 * TENUTO_KILL_NOTE=FILE                       gets the time of the kill, CLOCK_MONOTONIC in ns, and the point
 * TENUTO_ACCEPTED=FOLDER                      keeps a link to each command that was accepted
 * TENUTO_PLANT=early_unlink                   a command's file goes as soon as it is opened
 *
 * The process says in which phase it is by tenuto_kill_phase(), which it looks up. */
#include "tests/support/interpose.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static char phase[32];
static char point[32];
static char side[8];
static long count;
static atomic_long calls;
static atomic_int is_in_phase;
static int is_planted;
static _Thread_local int has_read_journal; /* since this thread last ended a transaction of the tables */

__attribute__((constructor)) static void read_orders(void) {
  const char* at = getenv("TENUTO_KILL_AT");
  const char* slash = at == NULL ? NULL : strchr(at, '/');
  if (slash != NULL) snprintf(phase, sizeof phase, "%.*s", (int)(slash - at), at);
  if (slash != NULL) at = slash + 1;
  if (at == NULL || sscanf(at, "%31[^:]:%7[^:]:%ld", point, side, &count) != 3) count = 0;
  is_in_phase = phase[0] == '\0';
  const char* plant = getenv("TENUTO_PLANT");
  is_planted = plant != NULL && strcmp(plant, "early_unlink") == 0;
}

__attribute__((visibility("default"))) void tenuto_kill_phase(const char* name) {
  if (phase[0] != '\0') is_in_phase = strcmp(name, phase) == 0;
}

static void die(const char* name) {
  const char* note = getenv("TENUTO_KILL_NOTE");
  if (note != NULL) {
    struct timespec now;
    char text[64];
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long long ns = (long long)now.tv_sec * 1000000000 + now.tv_nsec;
    const int size = snprintf(text, sizeof text, "%lld %s", ns, name);
    const int fd = open(note, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, (size_t)size) != size) _exit(3);
  }
  raise(SIGKILL);
}

/* ---- Points ------------------------------------------------------------------------------------------------------- */

/* The byte of the written bytes at `at`, or 0. */
static unsigned char byte_at(const struct interposed_call* call, size_t at) {
  for (int i = 0; i < call->pieces_count; ++i) {
    if (at < call->pieces[i].iov_len) return ((const unsigned char*)call->pieces[i].iov_base)[at];
    at -= call->pieces[i].iov_len;
  }
  return 0;
}

static size_t varint_at(const struct interposed_call* call, size_t* at) {
  size_t value = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    const unsigned char byte = byte_at(call, (*at)++);
    value |= (size_t)(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

/* Whether a frame that is written reserves run numbers (docs/file-format.md: header of the segment, frame, batches, records). */
static int reserves_numbers(const struct interposed_call* call) {
  enum { SEGMENT_HEADER = 64, FRAME_HEADER = 40, NUMBERS_RESERVED = 6 };
  size_t at = FRAME_HEADER + (call->offset == 0 ? SEGMENT_HEADER : 0);
  while (at + 8 < call->size) {
    size_t records = 0;
    for (int i = 3; i >= 0; --i) records = records << 8 | byte_at(call, at + (size_t)i);
    at += 8;
    const size_t next = at + (records + 7) / 8 * 8;
    for (const size_t end = at + records; at < end;) {
      if (byte_at(call, at) == NUMBERS_RESERVED) return 1;
      at += 2;
      const size_t rest = varint_at(call, &at);
      at += rest;
    }
    at = next;
  }
  return 0;
}

static const char* point_of_write(const struct interposed_call* call) {
  if (interpose_ends(call->path, ".seg")) return reserves_numbers(call) ? "reservation" : "journal_write";
  if (interpose_ends(call->path, "/segment.new")) return "segment_fill";
  if (!interpose_ends(call->path, "/data.mdb")) return NULL;
  if ((interpose_flags[call->fd] & O_DSYNC) == 0) return "table_write";
  /* A transaction that takes events over has read them; one that forgets old runs has read none. */
  return has_read_journal ? "checkpoint" : "retention";
}

static const char* point_of_sync(const struct interposed_call* call) {
  if ((interpose_flags[call->fd] & O_DIRECTORY) != 0) {
    return interpose_ends(call->path, "/inbox") ? "inbox_sync" : "folder_sync";
  }
  if (interpose_ends(call->path, ".seg")) return "journal_sync";
  return interpose_ends(call->path, "/data.mdb") ? "table_sync" : NULL;
}

static int is_command(const char* path) {
  return strstr(path, "/inbox/") != NULL && interpose_ends(path, ".json");
}

static const char* point_of_rename(const struct interposed_call* call) {
  if (is_command(call->to)) return "accept";
  if (interpose_ends(call->to, "/data.mdb")) return "tables_made";
  if (!interpose_ends(call->to, ".seg")) return "rename";
  return interpose_ends(call->path, ".seg") ? "segment_recycled" : "segment_made";
}

/* NULL: none. */
static const char* point_of(const struct interposed_call* call) {
  switch (call->function) {
    case CALL_PWRITE:
    case CALL_WRITE:
      return point_of_write(call);
    case CALL_FDATASYNC:
    case CALL_FSYNC:
      return point_of_sync(call);
    case CALL_RENAME:
      return point_of_rename(call);
    case CALL_UNLINK:
      return is_command(call->path) ? "command_gone" : NULL;
    default:
      return NULL;
  }
}

/* True when this is the time at which the process is to end. */
static int is_due(const char* name) {
  if (count == 0 || name == NULL || !is_in_phase) return 0;
  if (strcmp(point, "any") != 0 && strcmp(name, point) != 0) return 0;
  return atomic_fetch_add(&calls, 1) + 1 == count;
}

/* ---- Calls -------------------------------------------------------------------------------------------------------- */

/* The link is there as a command as soon as the rename has happened, though the owner may have removed the file by then. */
static intptr_t accept_command(struct interposed_call* call) {
  const char* folder = getenv("TENUTO_ACCEPTED");
  if (folder == NULL) return proceed(call);
  char waiting[INTERPOSE_PATH_MAX];
  char accepted[INTERPOSE_PATH_MAX];
  snprintf(waiting, sizeof waiting, "%s%s.new", folder, strrchr(call->to, '/'));
  snprintf(accepted, sizeof accepted, "%s%s", folder, strrchr(call->to, '/'));
  struct interposed_call keep = {.path = call->path, .to = waiting, .real = through_link};
  if (proceed(&keep) != 0) _exit(3);
  const intptr_t result = proceed(call);
  struct interposed_call name = {.path = waiting, .to = accepted, .real = through_rename};
  if (result == 0 && proceed(&name) != 0) _exit(3);
  return result;
}

static void note_call(const struct interposed_call* call) {
  const int of_journal = call->function == CALL_PREAD && interpose_ends(call->path, ".seg");
  const int ends_transaction = call->function == CALL_PWRITE && interpose_ends(call->path, "/data.mdb") &&
                               (interpose_flags[call->fd] & O_DSYNC) != 0;
  if (of_journal) has_read_journal = 1;
  if (ends_transaction) has_read_journal = 0;
}

static intptr_t interposed(struct interposed_call* call) {
  const char* name = point_of(call);
  const int due = is_due(name);
  if (due && strcmp(side, "before") == 0) die(name);
  const int accepts = call->function == CALL_RENAME && is_command(call->to);
  const intptr_t result = accepts ? accept_command(call) : proceed(call);
  if (due) die(name);
  note_call(call);
  const int reads_command =
      call->function == CALL_OPEN && (call->flags & O_ACCMODE) == O_RDONLY && is_command(call->path);
  if (is_planted && result >= 0 && reads_command) {
    struct interposed_call gone = {.path = call->path, .real = through_unlink};
    proceed(&gone);
  }
  return result;
}
