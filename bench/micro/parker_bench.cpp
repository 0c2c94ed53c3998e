// Parking: what it costs to leave a token, and to wake a thread that sleeps.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "core/sched/parker.h"

namespace tenuto::bench {
namespace {

void BM_ParkWithToken(benchmark::State& state) {
  Parker parker;
  for (auto _ : state) {
    parker.unpark();
    parker.park();
  }
}
BENCHMARK(BM_ParkWithToken);

// There and back between two threads that sleep in turn: two hand-overs.
void BM_ParkHandOver(benchmark::State& state) {
  Parker here, there;
  std::atomic<bool> stop{false};
  std::thread other([&] {
    for (there.park(); !stop.load(std::memory_order_relaxed); there.park()) here.unpark();
  });
  for (auto _ : state) {
    there.unpark();
    here.park();
  }
  stop.store(true, std::memory_order_relaxed);  // the token that follows makes it visible
  there.unpark();
  other.join();
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(BM_ParkHandOver)->UseRealTime();

}  // namespace
}  // namespace tenuto::bench
