// The GIL released for a scope, and taken again in spite of an interpreter that ends meanwhile.
#pragma once

#include <pybind11/pybind11.h>

namespace tenuto::python {

// Takes the GIL again for a thread that released it. Once the interpreter ends, CPython before 3.14 makes every other thread
// that asks for the GIL leave by pthread_exit(), which unwinds the stack as an exception does: through frames that may not
// be left so (destructors, noexcept), which ends the process with std::terminate, and past owners of Python objects that
// must not be touched any more. Such a thread stays in here instead, as later versions of CPython have it; the process
// ends without it.
void take_gil(PyThreadState* thread) noexcept;

// Calls into the library that take a lock, wait, read or write happen inside one of these. Needs the GIL at both ends; what
// is destroyed after it (declared before it) is destroyed with the GIL.
class Unlocked {
 public:
  Unlocked() : thread_(PyEval_SaveThread()) {}
  ~Unlocked() { take_gil(thread_); }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  PyThreadState* thread_;
};

}  // namespace tenuto::python
