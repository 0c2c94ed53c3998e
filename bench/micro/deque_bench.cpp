// The deque of a worker, by its owner and by a thief.
#include <benchmark/benchmark.h>

#include <array>

#include "core/sched/deque.h"

namespace tenuto::bench {
namespace {

const WorkItem kItem(WorkKind::run, 1, 2);

void BM_DequePushPop(benchmark::State& state) {
  Deque deque;
  for (auto _ : state) {
    deque.push(kItem);
    benchmark::DoNotOptimize(deque.pop());
  }
}
BENCHMARK(BM_DequePushPop);

void BM_DequePushBulkPop(benchmark::State& state) {
  std::array<WorkItem, 64> items;
  items.fill(kItem);
  Deque deque;
  for (auto _ : state) {
    deque.push_bulk(items);
    for (std::size_t i = 0; i < items.size(); ++i) benchmark::DoNotOptimize(deque.pop());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items.size()));
}
BENCHMARK(BM_DequePushBulkPop);

void BM_DequePushSteal(benchmark::State& state) {
  Deque deque;
  for (auto _ : state) {
    deque.push(kItem);
    benchmark::DoNotOptimize(deque.steal());
  }
}
BENCHMARK(BM_DequePushSteal);

// One thread owns the deque, the others steal from it all the time; the items are those that the owner pushed.
void BM_DequeUnderThieves(benchmark::State& state) {
  static Deque deque;
  std::int64_t items = 0;
  for (auto _ : state) {
    if (state.thread_index() == 0) {
      deque.push(kItem);
      benchmark::DoNotOptimize(deque.pop());
      ++items;
    } else {
      benchmark::DoNotOptimize(deque.steal());
    }
  }
  state.SetItemsProcessed(items);
}
BENCHMARK(BM_DequeUnderThieves)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace tenuto::bench
