/* To be preloaded into a process that is to be killed: ends it by SIGKILL before or after the n-th call of a function, and
 * plants bugs that the kill test must find.
 *
 * TENUTO_KILL_AT=FUNCTION:before|after:N   pwritev, fdatasync (the journal, the tables), fsync (the inbox's folder), rename
 *                                          (a command is accepted), unlink (a command's file goes)
 * TENUTO_KILL_NOTE=FILE                    gets the time of the kill, CLOCK_MONOTONIC in ns
 * TENUTO_ACCEPTED=FOLDER                   keeps a link to each command that was accepted
 * TENUTO_PLANT=early_unlink                a command's file goes as soon as it is opened */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static char function[32];
static char side[8];
static long count;
static atomic_long calls;
static int is_planted;

__attribute__((constructor)) static void read_orders(void) {
  const char* at = getenv("TENUTO_KILL_AT");
  if (at == NULL || sscanf(at, "%31[^:]:%7[^:]:%ld", function, side, &count) != 3) count = 0;
  const char* plant = getenv("TENUTO_PLANT");
  is_planted = plant != NULL && strcmp(plant, "early_unlink") == 0;
}

static void die(void) {
  const char* note = getenv("TENUTO_KILL_NOTE");
  if (note != NULL) {
    struct timespec now;
    char text[32];
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int size = snprintf(text, sizeof text, "%lld", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    const int fd = open(note, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, (size_t)size) != size) _exit(3);
  }
  raise(SIGKILL);
}

/* True when this is the call at which the process is to end. */
static int is_due(const char* name) {
  return count > 0 && strcmp(name, function) == 0 && atomic_fetch_add(&calls, 1) + 1 == count;
}

static int is_command(const char* path) {
  const size_t size = strlen(path);
  return strstr(path, "/inbox/") != NULL && size > 5 && strcmp(path + size - 5, ".json") == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define AROUND(name, type, call)                 \
  const int due = is_due(name);                  \
  if (due && strcmp(side, "before") == 0) die(); \
  const type result = call;                      \
  if (due) die();                                \
  return result

ssize_t pwritev(int fd, const struct iovec* pieces, int pieces_count, off_t offset) {
  AROUND("pwritev", ssize_t, REAL(pwritev)(fd, pieces, pieces_count, offset));
}

int fdatasync(int fd) {
  AROUND("fdatasync", int, REAL(fdatasync)(fd));
}

int fsync(int fd) {
  AROUND("fsync", int, REAL(fsync)(fd));
}

/* The link is there as a command as soon as the rename has happened, though the owner may have removed the file by then. */
static int accept_command(const char* from, const char* to) {
  const char* folder = getenv("TENUTO_ACCEPTED");
  char waiting[512];
  char accepted[512];
  if (folder != NULL) {
    snprintf(waiting, sizeof waiting, "%s%s.new", folder, strrchr(to, '/'));
    snprintf(accepted, sizeof accepted, "%s%s", folder, strrchr(to, '/'));
    if (link(from, waiting) != 0) _exit(3);
  }
  const int result = REAL(rename)(from, to);
  if (folder != NULL && result == 0 && REAL(rename)(waiting, accepted) != 0) _exit(3);
  return result;
}

int rename(const char* from, const char* to) {
  if (!is_command(to)) return REAL(rename)(from, to);
  AROUND("rename", int, accept_command(from, to));
}

int unlink(const char* path) {
  if (!is_command(path)) return REAL(unlink)(path);
  AROUND("unlink", int, REAL(unlink)(path));
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int fd = REAL(open)(path, flags, va_arg(rest, int));
  va_end(rest);
  if (is_planted && fd >= 0 && (flags & O_ACCMODE) == O_RDONLY && is_command(path)) REAL(unlink)(path);
  return fd;
}
