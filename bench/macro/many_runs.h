// Many small runs: what keeps an engine busy that serves requests.
#pragma once

#include <functional>

#include "bench/macro/workloads.h"

namespace tenuto::bench {

// Starts runs of `workflow`, some ten thousand at a time, while `go_on` (called with the number started so far) says so;
// returns how many, when each has come to its last task.
std::uint64_t run_many(Store& store, const Bodies& bodies, const Workflow& workflow,
                       const std::function<bool(std::uint64_t)>& go_on);

}  // namespace tenuto::bench
