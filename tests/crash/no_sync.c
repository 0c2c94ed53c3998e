/* To be preloaded: syncs of the watched folder say that all is well and do nothing. Planted, for the test to notice. */
#include "tests/support/interpose.h"

static intptr_t interposed(struct interposed_call* call) {
  if (call->function == CALL_FDATASYNC || call->function == CALL_FSYNC) return 0;
  if (call->function == CALL_OPEN) call->flags &= ~O_SYNC; /* O_DSYNC is a part of it */
  return proceed(call);
}
