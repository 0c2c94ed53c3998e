/* Checks for the C programs: a failed one prints where and ends the program. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenuto/tenuto.h"

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

#define CHECK_OK(call)                                                                                    \
  do {                                                                                                    \
    tenuto_status check_status = (call);                                                                  \
    if (check_status != TENUTO_OK) {                                                                      \
      fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, tenuto_status_name(check_status), \
              tenuto_last_error());                                                                       \
      exit(1);                                                                                            \
    }                                                                                                     \
  } while (0)

#define CHECK_STATUS(expected, call)                                                                \
  do {                                                                                              \
    tenuto_status check_status = (call);                                                            \
    if (check_status != (expected)) {                                                               \
      fprintf(stderr, "%s:%d: %s gave %s (%s), expected %s\n", __FILE__, __LINE__, #call,           \
              tenuto_status_name(check_status), tenuto_last_error(), tenuto_status_name(expected)); \
      exit(1);                                                                                      \
    }                                                                                               \
    if (check_status != TENUTO_OK) CHECK(tenuto_last_error()[0] != '\0');                           \
  } while (0)

/* Pointer and length of a literal. */
#define TEXT(literal) (literal), sizeof(literal) - 1

/* A new directory of this program, removed by the test driver with its parent. */
static inline void make_store_path(char *path, size_t size) {
  const char *base = getenv("TENUTO_TEST_DIR");
  snprintf(path, size, "%s/tenuto-capi-XXXXXX", base != NULL ? base : "/tmp");
  char *made = mkdtemp(path);
  CHECK(made != NULL);
}
