// Threads of the library.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <thread>
#include <utility>

#include "core/base/fork_guard.h"
#include "core/base/status.h"

namespace tenuto {

// Starts a thread with all signals blocked, so that handlers of the host never run on it. `name` has at most 15
// characters. no_memory when the machine refuses. A forked child that comes back from a body ends here.
template <class Body>
Status start_thread(std::thread& thread, const char* name, Body&& body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  Status status;
  try {
    thread = std::thread([body = std::forward<Body>(body)]() mutable {
      try {
        body();
      } catch (const fork_guard::CameBack&) {
      }
    });
    pthread_setname_np(thread.native_handle(), name);
  } catch (const std::system_error& error) {
    status = Status(Code::no_memory, std::string("can't start a thread: ") + error.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return status;
}

}  // namespace tenuto
