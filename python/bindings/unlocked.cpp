#include "python/bindings/unlocked.h"

#include <cxxabi.h>
#include <unistd.h>

namespace tenuto::python {

void take_gil(PyThreadState* thread) noexcept {
  try {
    PyEval_RestoreThread(thread);
  } catch (const abi::__forced_unwind&) {
    for (;;) pause();
  }
}

}  // namespace tenuto::python
