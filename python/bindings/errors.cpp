#include <unistd.h>

#include "python/bindings/handles.h"

namespace tenuto::python {

namespace {

// Keeps a daemon thread here that the interpreter, as it ends, unwinds out of Python code: see take_gil(). A destructor
// and no catch, for this runs while an exception is being handled, and catching the unwinding then ends the process.
class StaysWhenUnwound {
 public:
  StaysWhenUnwound() = default;
  ~StaysWhenUnwound() {
    while (!has_returned_) pause();
  }
  StaysWhenUnwound(const StaysWhenUnwound&) = delete;
  StaysWhenUnwound& operator=(const StaysWhenUnwound&) = delete;
  void has_returned() { has_returned_ = true; }

 private:
  bool has_returned_ = false;
};

// Sets the Python error that tenuto.errors has for a status. Needs the GIL, which translators have. Calls nothing that
// throws; what fails leaves its own error set.
void raise_status(const StatusError& error) {
  StaysWhenUnwound guard;
  PyObject* errors = PyImport_ImportModule("tenuto.errors");
  PyObject* exception =
      errors == nullptr
          ? nullptr
          : PyObject_CallMethod(errors, "from_status", "is", static_cast<int>(error.status()), error.what());
  if (exception != nullptr) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
  Py_XDECREF(exception);
  Py_XDECREF(errors);
  guard.has_returned();
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
