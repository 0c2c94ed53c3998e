// Runs that wait for a task that nobody serves: what a store is full of whose runs wait for people, signals or timers.
#pragma once

#include <cstdint>

#include "bench/macro/workloads.h"

namespace tenuto::bench {

// Starts `runs` five-task runs and returns when each has done four tasks and waits for its fifth: five events each.
void start_waiting_runs(Store& store, const Bodies& bodies, std::uint64_t runs);

}  // namespace tenuto::bench
