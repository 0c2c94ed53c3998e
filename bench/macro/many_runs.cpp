#include "bench/macro/many_runs.h"

#include <chrono>
#include <thread>

namespace tenuto::bench {

std::uint64_t run_many(Store& store, const Bodies& bodies, const Workflow& workflow,
                       const std::function<bool(std::uint64_t)>& go_on) {
  // Enough runs to fill the groups of a commit, few enough to stay in the caches.
  constexpr std::uint64_t kChunk = 1024;
  constexpr std::uint64_t kWindow = 64 * kChunk;
  // A small part of the time that a window takes; to spin would take a core from the engine.
  constexpr auto kNap = std::chrono::microseconds(100);
  const std::uint64_t before = bodies.reached();
  std::uint64_t started = 0;
  while (go_on(started)) {
    store.start_many(workflow, kChunk);
    started += kChunk;
    while (started - (bodies.reached() - before) >= kWindow) std::this_thread::sleep_for(kNap);
  }
  while (bodies.reached() - before < started) std::this_thread::sleep_for(kNap);
  return started;
}

}  // namespace tenuto::bench
