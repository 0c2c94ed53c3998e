/* The calls by which a store reaches the file system, taken over one by one: by a library that is preloaded into a process, or by
 * a test program for itself. liblmdb's calls come through here as well. C++ gets the types only; the functions are defined in C.
 *
 * Who includes this, once in a library or program, defines interposed(): it gets each call on a file below the watched folder,
 * in the thread that makes it, and lets it happen by proceed(call), before or after something else, or gives a result of its
 * own. Results are as the function's, errors are -1 and errno; that of mmap is the address. All other calls pass by.
 *
 *   static intptr_t interposed(struct interposed_call *call) {
 *     if (call->function == CALL_FDATASYNC && ++syncs == 3) { errno = EIO; return -1; }
 *     return proceed(call);
 *   }
 *
 * TENUTO_INTERPOSE_ROOT, or interpose_watch(), names the watched folder, as the process spells it. Nothing is watched without.
 *
 * Thread safety: interposed() is called by many threads at once. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* pwrite and write are told as pwritev and writev of one piece, pread and read as well. */
enum interposed_function {
  CALL_OPEN,
  CALL_CLOSE,
  CALL_PREAD,     /* pread, preadv */
  CALL_READ,      /* read, readv */
  CALL_PWRITE,    /* pwrite, pwritev */
  CALL_WRITE,     /* write, writev */
  CALL_FDATASYNC, /* of a file or a folder, as the next */
  CALL_FSYNC,
  CALL_FTRUNCATE,
  CALL_FALLOCATE, /* fallocate, posix_fallocate (which returns its error) */
  CALL_MMAP,
  CALL_MSYNC,
  CALL_RENAME,
  CALL_LINK,
  CALL_UNLINK,
  CALL_MKDIR,
  CALL_RMDIR,
  CALL_FUNCTIONS
};

enum { INTERPOSE_FDS_MAX = 1024, INTERPOSE_PATH_MAX = 512 };

struct interposed_call {
  enum interposed_function function;
  int fd;                     /* -1 where the file is named */
  const char* path;           /* of the file, as it was named or opened; never NULL */
  const char* to;             /* rename, link: the new name; or NULL */
  const struct iovec* pieces; /* reads and writes */
  int pieces_count;
  off_t offset;   /* reads, writes, fallocate, mmap; -1: where the descriptor stands */
  size_t size;    /* of all pieces; ftruncate: the new size; fallocate, mmap, msync: of the range */
  int flags;      /* open, mmap, fallocate (its mode) */
  int protection; /* mmap */
  mode_t mode;    /* open, mkdir */
  void* address;  /* mmap, msync */
  intptr_t (*real)(struct interposed_call*);
};

#ifndef __cplusplus

static const char* const interposed_names[CALL_FUNCTIONS] = {
    "open",      "close", "pread", "read",   "pwrite", "write",  "fdatasync", "fsync", "ftruncate",
    "fallocate", "mmap",  "msync", "rename", "link",   "unlink", "mkdir",     "rmdir"};

static intptr_t interposed(struct interposed_call* call);

static inline intptr_t proceed(struct interposed_call* call) {
  return call->real(call);
}

/* ---- Which files -------------------------------------------------------------------------------------------------- */

static char interpose_root[INTERPOSE_PATH_MAX];
static char interpose_paths[INTERPOSE_FDS_MAX][INTERPOSE_PATH_MAX]; /* "": not watched */
static int interpose_flags[INTERPOSE_FDS_MAX];                      /* as opened */

static inline void interpose_watch(const char* root) {
  snprintf(interpose_root, sizeof interpose_root, "%s", root);
}

__attribute__((constructor)) static void interpose_read_root(void) {
  const char* root = getenv("TENUTO_INTERPOSE_ROOT");
  if (root != NULL) interpose_watch(root);
}

static inline int interpose_is_watched(const char* path) {
  const size_t size = strlen(interpose_root);
  return size > 0 && path != NULL && strncmp(path, interpose_root, size) == 0 &&
         (path[size] == '/' || path[size] == '\0');
}

/* NULL for a descriptor of a file that is not watched. */
static inline const char* interpose_path(int fd) {
  if (fd < 0 || fd >= INTERPOSE_FDS_MAX || interpose_paths[fd][0] == '\0') return NULL;
  return interpose_paths[fd];
}

/* Whether the path, within the watched folder, ends so: interpose_ends(call->path, ".seg"). */
static inline int interpose_ends(const char* path, const char* end) {
  const size_t path_size = strlen(path);
  const size_t size = strlen(end);
  return path_size >= size && strcmp(path + path_size - size, end) == 0;
}

/* ---- The functions ------------------------------------------------------------------------------------------------ */

/* RTLD_NEXT: what would have been called without us. */
#define INTERPOSE_REAL(name, ...)                                       \
  static __typeof__(&name) real = NULL; /* the same, whoever sets it */ \
  if (real == NULL) *(void**)(&real) = dlsym(RTLD_NEXT, #name);         \
  return (intptr_t)real(__VA_ARGS__)

#define INTERPOSE_THROUGH(name, call, ...)                       \
  static intptr_t through_##name(struct interposed_call* call) { \
    INTERPOSE_REAL(name, __VA_ARGS__);                           \
  }

INTERPOSE_THROUGH(open, c, c->path, c->flags, c->mode)
INTERPOSE_THROUGH(close, c, c->fd)
INTERPOSE_THROUGH(preadv, c, c->fd, c->pieces, c->pieces_count, c->offset)
INTERPOSE_THROUGH(readv, c, c->fd, c->pieces, c->pieces_count)
INTERPOSE_THROUGH(pwritev, c, c->fd, c->pieces, c->pieces_count, c->offset)
INTERPOSE_THROUGH(writev, c, c->fd, c->pieces, c->pieces_count)
INTERPOSE_THROUGH(fdatasync, c, c->fd)
INTERPOSE_THROUGH(fsync, c, c->fd)
INTERPOSE_THROUGH(ftruncate, c, c->fd, (off_t)c->size)
INTERPOSE_THROUGH(fallocate, c, c->fd, c->flags, c->offset, (off_t)c->size)
INTERPOSE_THROUGH(posix_fallocate, c, c->fd, c->offset, (off_t)c->size)
INTERPOSE_THROUGH(mmap, c, c->address, c->size, c->protection, c->flags, c->fd, c->offset)
INTERPOSE_THROUGH(msync, c, c->address, c->size, c->flags)
INTERPOSE_THROUGH(rename, c, c->path, c->to)
INTERPOSE_THROUGH(link, c, c->path, c->to)
INTERPOSE_THROUGH(unlink, c, c->path)
INTERPOSE_THROUGH(mkdir, c, c->path, c->mode)
INTERPOSE_THROUGH(rmdir, c, c->path)

/* What interposed() gives, or the real call's result where nothing is watched. */
static inline intptr_t interpose_call(struct interposed_call* call) {
  if (call->path == NULL) return proceed(call);
  return interposed(call);
}

static inline intptr_t interpose_open(const char* path, int flags, mode_t mode) {
  struct interposed_call call = {.function = CALL_OPEN, .fd = -1, .real = through_open};
  call.path = path;
  call.flags = flags;
  call.mode = mode;
  if (!interpose_is_watched(path)) return proceed(&call);
  const int fd = (int)interposed(&call);
  if (fd >= 0 && fd < INTERPOSE_FDS_MAX) {
    interpose_flags[fd] = flags;
    snprintf(interpose_paths[fd], INTERPOSE_PATH_MAX, "%s", path);
  }
  return fd;
}

#define INTERPOSE_OPEN(name)                            \
  int name(const char* path, int flags, ...) {          \
    va_list rest;                                       \
    va_start(rest, flags);                              \
    const mode_t mode = (mode_t)va_arg(rest, unsigned); \
    va_end(rest);                                       \
    return (int)interpose_open(path, flags, mode);      \
  }
INTERPOSE_OPEN(open)

int close(int fd) {
  struct interposed_call call = {.function = CALL_CLOSE, .fd = fd, .real = through_close};
  char path[INTERPOSE_PATH_MAX];
  if (interpose_path(fd) != NULL) {
    /* Before the number is given again. */
    memcpy(path, interpose_paths[fd], sizeof path);
    interpose_paths[fd][0] = '\0';
    call.path = path;
  }
  return (int)interpose_call(&call);
}

static inline ssize_t interpose_move(enum interposed_function function,
                                     intptr_t (*real)(struct interposed_call*), int fd,
                                     const struct iovec* pieces, int count, off_t offset) {
  struct interposed_call call = {.function = function, .fd = fd, .real = real};
  call.path = interpose_path(fd);
  call.pieces = pieces;
  call.pieces_count = count;
  call.offset = offset;
  for (int i = 0; i < count; ++i) call.size += pieces[i].iov_len;
  return (ssize_t)interpose_call(&call);
}

static inline ssize_t interpose_move_one(enum interposed_function function,
                                         intptr_t (*real)(struct interposed_call*), int fd, void* data,
                                         size_t size, off_t offset) {
  const struct iovec piece = {data, size};
  return interpose_move(function, real, fd, &piece, 1, offset);
}

ssize_t pread(int fd, void* data, size_t size, off_t offset) {
  return interpose_move_one(CALL_PREAD, through_preadv, fd, data, size, offset);
}
ssize_t preadv(int fd, const struct iovec* pieces, int count, off_t offset) {
  return interpose_move(CALL_PREAD, through_preadv, fd, pieces, count, offset);
}
ssize_t read(int fd, void* data, size_t size) {
  return interpose_move_one(CALL_READ, through_readv, fd, data, size, -1);
}
ssize_t readv(int fd, const struct iovec* pieces, int count) {
  return interpose_move(CALL_READ, through_readv, fd, pieces, count, -1);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return interpose_move_one(CALL_PWRITE, through_pwritev, fd, (void*)data, size, offset);
}
ssize_t pwritev(int fd, const struct iovec* pieces, int count, off_t offset) {
  return interpose_move(CALL_PWRITE, through_pwritev, fd, pieces, count, offset);
}
ssize_t write(int fd, const void* data, size_t size) {
  return interpose_move_one(CALL_WRITE, through_writev, fd, (void*)data, size, -1);
}
ssize_t writev(int fd, const struct iovec* pieces, int count) {
  return interpose_move(CALL_WRITE, through_writev, fd, pieces, count, -1);
}

static inline int interpose_range(enum interposed_function function,
                                  intptr_t (*real)(struct interposed_call*), int fd, int flags, off_t offset,
                                  size_t size) {
  struct interposed_call call = {
      .function = function, .fd = fd, .offset = offset, .size = size, .real = real};
  call.path = interpose_path(fd);
  call.flags = flags;
  return (int)interpose_call(&call);
}

int fdatasync(int fd) {
  return interpose_range(CALL_FDATASYNC, through_fdatasync, fd, 0, 0, 0);
}
int fsync(int fd) {
  return interpose_range(CALL_FSYNC, through_fsync, fd, 0, 0, 0);
}
int ftruncate(int fd, off_t size) {
  return interpose_range(CALL_FTRUNCATE, through_ftruncate, fd, 0, 0, (size_t)size);
}
int fallocate(int fd, int mode, off_t offset, off_t size) {
  return interpose_range(CALL_FALLOCATE, through_fallocate, fd, mode, offset, (size_t)size);
}
int posix_fallocate(int fd, off_t offset, off_t size) {
  return interpose_range(CALL_FALLOCATE, through_posix_fallocate, fd, 0, offset, (size_t)size);
}

void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) {
  struct interposed_call call = {.function = CALL_MMAP, .fd = fd, .offset = offset, .size = size};
  call.path = interpose_path(fd);
  call.address = address;
  call.protection = protection;
  call.flags = flags;
  call.real = through_mmap;
  return (void*)interpose_call(&call); /* MAP_FAILED is -1 */
}
/* Of any map: which file it is of is not known. */
int msync(void* address, size_t size, int flags) {
  struct interposed_call call = {.function = CALL_MSYNC, .fd = -1, .path = "", .size = size};
  call.address = address;
  call.flags = flags;
  call.real = through_msync;
  return (int)(interpose_root[0] == '\0' ? proceed(&call) : interposed(&call));
}

static inline int interpose_name(enum interposed_function function, intptr_t (*real)(struct interposed_call*),
                                 const char* path, const char* to, mode_t mode) {
  struct interposed_call call = {
      .function = function, .fd = -1, .path = path, .to = to, .mode = mode, .real = real};
  return (int)(interpose_is_watched(path) ? interposed(&call) : proceed(&call));
}

int rename(const char* from, const char* to) {
  return interpose_name(CALL_RENAME, through_rename, from, to, 0);
}
int link(const char* from, const char* to) {
  return interpose_name(CALL_LINK, through_link, from, to, 0);
}
int unlink(const char* path) {
  return interpose_name(CALL_UNLINK, through_unlink, path, NULL, 0);
}
int mkdir(const char* path, mode_t mode) {
  return interpose_name(CALL_MKDIR, through_mkdir, path, NULL, mode);
}
int rmdir(const char* path) {
  return interpose_name(CALL_RMDIR, through_rmdir, path, NULL, 0);
}

/* The names that programs built for large files on 32-bit systems use; the same functions here. */
#define INTERPOSE_ALIAS(type, name, of, parameters) type name parameters __attribute__((alias(#of)))
INTERPOSE_OPEN(open64)
INTERPOSE_ALIAS(ssize_t, pread64, pread, (int, void*, size_t, off64_t));
INTERPOSE_ALIAS(ssize_t, preadv64, preadv, (int, const struct iovec*, int, off64_t));
INTERPOSE_ALIAS(ssize_t, pwrite64, pwrite, (int, const void*, size_t, off64_t));
INTERPOSE_ALIAS(ssize_t, pwritev64, pwritev, (int, const struct iovec*, int, off64_t));
INTERPOSE_ALIAS(int, ftruncate64, ftruncate, (int, off64_t));
INTERPOSE_ALIAS(int, fallocate64, fallocate, (int, int, off64_t, off64_t));
INTERPOSE_ALIAS(int, posix_fallocate64, posix_fallocate, (int, off64_t, off64_t));
INTERPOSE_ALIAS(void*, mmap64, mmap, (void*, size_t, int, int, int, off64_t));

#endif /* !__cplusplus */
