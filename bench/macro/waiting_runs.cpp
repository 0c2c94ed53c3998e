#include "bench/macro/waiting_runs.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace tenuto::bench {

void start_waiting_runs(Store& store, const Bodies& bodies, std::uint64_t runs) {
  constexpr std::uint64_t kChunk = 4096;
  const Workflow workflow(kWaiting);
  const std::uint64_t before = bodies.reached();
  for (std::uint64_t started = 0; started < runs; started += kChunk)
    store.start_many(workflow, std::min(kChunk, runs - started));
  while (bodies.reached() - before < runs) std::this_thread::sleep_for(std::chrono::microseconds(100));
}

}  // namespace tenuto::bench
