#include "python/bindings/handles.h"

namespace tenuto::python {

namespace {

// Sets the Python error that tenuto.errors has for a status. Needs the GIL, which translators have.
void raise_status(const StatusError& error) {
  py::object exception =
      py::module_::import("tenuto.errors").attr("from_status")(error.status(), error.what());
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
}

}  // namespace

void bind_errors(py::module_& module) {
  py::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const StatusError& error) {
      raise_status(error);
    }
  });
  module.def("status_name", [](std::int32_t status) { return tenuto_status_name(status); });
  module.def("status_text", [](std::int32_t status) { return tenuto_status_text(status); });
}

}  // namespace tenuto::python
