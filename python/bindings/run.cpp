#include "python/bindings/run.h"

#include <pybind11/stl.h>

namespace tenuto::python {

namespace {

bool is_answer(tenuto_status status) {
  switch (status) {
    case TENUTO_OK:
    case TENUTO_STATUS_TIMED_OUT:
    case TENUTO_STATUS_TASK_FAILED:
    case TENUTO_STATUS_REJECTED:
    case TENUTO_STATUS_CANCELLED:
    case TENUTO_STATUS_RUN_TIMED_OUT:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::int32_t Run::state() {
  std::int32_t state = 0;
  const Unlocked unlocked;
  check(tenuto_run_state(handle_.get(), &state));
  return state;
}

py::tuple Run::result(std::int64_t timeout_ns) {
  BufferHandle output;
  tenuto_status status = TENUTO_OK;
  {
    const Unlocked unlocked;
    status = tenuto_run_result(handle_.get(), timeout_ns, output.out());
    if (!is_answer(status)) check(status);
  }
  if (output.get() == nullptr) return py::make_tuple(status, py::none());
  return py::make_tuple(status, to_bytes(output));
}

void Run::cancel(MaybeText reason, MaybeText by) {
  const Unlocked unlocked;
  check(tenuto_run_cancel(handle_.get(), reason ? reason->data() : nullptr, reason ? reason->size() : 0,
                          by ? by->data() : nullptr, by ? by->size() : 0));
}

py::bytes Run::describe() {
  BufferHandle text;
  {
    const Unlocked unlocked;
    check(tenuto_run_describe(handle_.get(), text.out()));
  }
  return to_bytes(text);
}

py::bytes Run::events() {
  BufferHandle text;
  {
    const Unlocked unlocked;
    check(tenuto_run_events(handle_.get(), text.out()));
  }
  return to_bytes(text);
}

void bind_run(py::module_& module) {
  py::class_<Run>(module, "Run")
      .def_property_readonly("id", &Run::id)
      .def_property_readonly("number", &Run::number)
      .def("state", &Run::state)
      .def("result", &Run::result, py::arg("timeout_ns"))
      .def("cancel", &Run::cancel, py::arg("reason"), py::arg("by"))
      .def("describe", &Run::describe)
      .def("events", &Run::events);
}

}  // namespace tenuto::python
