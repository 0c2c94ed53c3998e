// The module tenuto._core: tenuto.h for Python, and nothing else.
#include "python/bindings/handles.h"

#include <cstring>

namespace tenuto::python {

namespace {

// Refuses a library that is not the one whose header this was compiled with.
void check_version() {
  if (tenuto_abi_version() == TENUTO_ABI_VERSION && std::strcmp(tenuto_version(), TENUTO_VERSION) == 0)
    return;
  throw StatusError(TENUTO_STATUS_VERSION_MISMATCH,
                    std::string("tenuto._core was built for the library ") + TENUTO_VERSION + " (ABI " +
                        std::to_string(TENUTO_ABI_VERSION) + ") and found " + tenuto_version() + " (ABI " +
                        std::to_string(tenuto_abi_version()) + "); install both from one release");
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  bind_errors(module);
  check_version();
  bind_values(module);
  bind_workflow(module);
  bind_run(module);
  bind_worker(module);
  bind_engine(module);
  module.attr("VERSION") = TENUTO_VERSION;
  module.attr("ABI_VERSION") = TENUTO_ABI_VERSION;
}

}  // namespace tenuto::python
