// tenuto_workflow for Python.
#pragma once

#include "python/bindings/handles.h"

namespace tenuto::python {

// Immutable.
class Workflow {
 public:
  explicit Workflow(WorkflowHandle handle) : handle_(std::move(handle)) {}

  [[nodiscard]] tenuto_workflow* get() const { return handle_.get(); }

 private:
  WorkflowHandle handle_;
};

}  // namespace tenuto::python
