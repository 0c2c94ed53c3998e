/* The system calls of this program on the watched folder go to the recorder (recorder.cpp). */
#include "tests/support/interpose.h"

intptr_t tn_record_call(struct interposed_call* call, int descriptor_flags);

static intptr_t interposed(struct interposed_call* call) {
  return tn_record_call(call, call->fd >= 0 && call->fd < INTERPOSE_FDS_MAX ? interpose_flags[call->fd] : 0);
}

void tn_record_watch(const char* folder) {
  interpose_watch(folder);
}
