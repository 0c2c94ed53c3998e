// Owners of the handles of tenuto.h, and the way from a status to a Python exception.
#pragma once

#include <pybind11/pybind11.h>
#include <tenuto/tenuto.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "python/bindings/unlocked.h"

namespace tenuto::python {

namespace py = pybind11;

// Owns one handle; Destroy accepts a pointer to NULL.
template <class T, void (*Destroy)(T**)>
class Handle {
 public:
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle(Handle&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Handle() { Destroy(&raw_); }

  [[nodiscard]] T* get() const { return raw_; }
  // For calls that fill an output; the handle must be empty.
  [[nodiscard]] T** out() { return &raw_; }

 private:
  T* raw_ = nullptr;
};

using EngineHandle = Handle<tenuto_engine, tenuto_engine_destroy>;
using WorkflowHandle = Handle<tenuto_workflow, tenuto_workflow_destroy>;
using RunHandle = Handle<tenuto_run, tenuto_run_destroy>;
using WorkerHandle = Handle<tenuto_worker, tenuto_worker_destroy>;
using BatchHandle = Handle<tenuto_batch, tenuto_batch_destroy>;
using BufferHandle = Handle<tenuto_buffer, tenuto_buffer_destroy>;

// A call that failed: becomes the Python exception of its number (tenuto.errors).
class StatusError : public std::exception {
 public:
  StatusError(tenuto_status status, std::string text) : status_(status), text_(std::move(text)) {}
  [[nodiscard]] tenuto_status status() const { return status_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  tenuto_status status_;
  std::string text_;
};

// Throws StatusError unless the status is OK. Called on the thread of the call, right after it.
inline void check(tenuto_status status) {
  if (status != TENUTO_OK) throw StatusError(status, tenuto_last_error());
}

// The bytes of a buffer as a Python object. Needs the GIL.
inline py::bytes to_bytes(const BufferHandle& buffer) {
  std::size_t size = 0;
  const char* data = tenuto_buffer_data(buffer.get(), &size);
  return {data, size};
}

// Text or bytes of an argument: valid while the Python object lives, which is until the call returns.
using Text = std::string_view;
using MaybeText = std::optional<std::string_view>;

// One function per file of the bindings.
void bind_engine(py::module_& module);
void bind_errors(py::module_& module);
void bind_run(py::module_& module);
void bind_values(py::module_& module);
void bind_worker(py::module_& module);
void bind_workflow(py::module_& module);

}  // namespace tenuto::python
