#include "python/bindings/workflow.h"

#include <memory>

namespace tenuto::python {

namespace {

std::unique_ptr<Workflow> compile(Text definition) {
  WorkflowHandle handle;
  const Unlocked unlocked;
  check(tenuto_workflow_compile(definition.data(), definition.size(), handle.out()));
  return std::make_unique<Workflow>(std::move(handle));
}

std::unique_ptr<Workflow> from_wfformat(Text document, Text action) {
  WorkflowHandle handle;
  const Unlocked unlocked;
  check(tenuto_workflow_from_wfformat(document.data(), document.size(), action.data(), action.size(),
                                      handle.out()));
  return std::make_unique<Workflow>(std::move(handle));
}

py::bytes definition(const Workflow& workflow) {
  BufferHandle text;
  check(tenuto_workflow_definition(workflow.get(), text.out()));
  return to_bytes(text);
}

}  // namespace

void bind_workflow(py::module_& module) {
  py::class_<Workflow>(module, "Workflow")
      .def_static("compile", &compile, py::arg("definition"))
      .def_static("from_wfformat", &from_wfformat, py::arg("document"), py::arg("action"))
      .def_property_readonly("name", [](const Workflow& self) { return tenuto_workflow_name(self.get()); })
      .def_property_readonly("hash", [](const Workflow& self) { return tenuto_workflow_hash(self.get()); })
      .def_property_readonly("task_count",
                             [](const Workflow& self) { return tenuto_workflow_task_count(self.get()); })
      .def("definition", &definition);
}

}  // namespace tenuto::python
