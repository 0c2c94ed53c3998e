// tenuto_run for Python.
#pragma once

#include "python/bindings/handles.h"

namespace tenuto::python {

// Thread safety: all methods, from many threads. Each releases the GIL while it is in the library.
class Run {
 public:
  explicit Run(RunHandle handle) : handle_(std::move(handle)) {}

  [[nodiscard]] const char* id() const { return tenuto_run_id(handle_.get()); }
  [[nodiscard]] std::uint64_t number() const { return tenuto_run_number(handle_.get()); }
  std::int32_t state();
  // (status, output or error or None): TIMED_OUT and the ways a run ends are answers here; others throw.
  py::tuple result(std::int64_t timeout_ns);
  void cancel(MaybeText reason, MaybeText by);
  py::bytes describe();
  py::bytes events();

 private:
  RunHandle handle_;
};

}  // namespace tenuto::python
