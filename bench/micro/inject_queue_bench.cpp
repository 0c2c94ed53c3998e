// The queue through which threads of the host give work to the workers.
#include <benchmark/benchmark.h>

#include <array>

#include "core/sched/inject_queue.h"

namespace tenuto::bench {
namespace {

const WorkItem kItem(WorkKind::run, 1, 2);

void BM_InjectPushPop(benchmark::State& state) {
  InjectQueue queue;
  InjectQueue::Producer producer(queue);
  InjectQueue::Consumer consumer(queue);
  for (auto _ : state) {
    queue.push(producer, kItem);
    benchmark::DoNotOptimize(queue.pop(consumer));
  }
}
BENCHMARK(BM_InjectPushPop);

void BM_InjectBulk(benchmark::State& state) {
  InjectQueue queue;
  InjectQueue::Producer producer(queue);
  InjectQueue::Consumer consumer(queue);
  std::array<WorkItem, 64> items;
  items.fill(kItem);
  for (auto _ : state) {
    queue.push_bulk(producer, items);
    benchmark::DoNotOptimize(queue.pop_bulk(consumer, items));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items.size()));
}
BENCHMARK(BM_InjectBulk);

// Each thread pushes and pops; what it pops may be another's.
void BM_InjectShared(benchmark::State& state) {
  static InjectQueue queue;
  InjectQueue::Producer producer(queue);
  InjectQueue::Consumer consumer(queue);
  for (auto _ : state) {
    queue.push(producer, kItem);
    benchmark::DoNotOptimize(queue.pop(consumer));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_InjectShared)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace tenuto::bench
