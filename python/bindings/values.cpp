#include <cmath>

#include "python/bindings/handles.h"

namespace tenuto::python {

namespace {

constexpr int kDepthMax = 64;  // serialize.DEPTH_MAX; a test compares them.

// Whether a value is made of None, bool, int, finite float, str, list, tuple and dict with text keys, no deeper than the
// limit: then JSON holds it, but for lone surrogates within text. Exact types only.
bool is_simple(PyObject* value, int depth) {
  PyTypeObject* type = Py_TYPE(value);
  if (type == &PyUnicode_Type || type == &PyLong_Type || type == &PyBool_Type || value == Py_None)
    return true;
  if (type == &PyFloat_Type) return std::isfinite(PyFloat_AS_DOUBLE(value));
  if (depth >= kDepthMax) return false;
  if (type == &PyDict_Type) {
    PyObject *key = nullptr, *item = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &item) != 0;) {
      if (Py_TYPE(key) != &PyUnicode_Type || !is_simple(item, depth + 1)) return false;
    }
    return true;
  }
  if (type == &PyList_Type || type == &PyTuple_Type) {
    // No Python code runs in here, so the sequence keeps its size.
    PyObject** items = PySequence_Fast_ITEMS(value);
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); ++i) {
      if (!is_simple(items[i], depth + 1)) return false;
    }
    return true;
  }
  return false;
}

PyObject* is_simple_call(PyObject*, PyObject* value) {
  return PyBool_FromLong(is_simple(value, 0) ? 1 : 0);
}

// A plain C function: a tenth of what a bound C++ function costs per call, and this one is called per task.
PyMethodDef functions[] = {{"is_simple", is_simple_call, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};

}  // namespace

void bind_values(py::module_& module) {
  if (PyModule_AddFunctions(module.ptr(), functions) != 0) throw py::error_already_set();
}

}  // namespace tenuto::python
