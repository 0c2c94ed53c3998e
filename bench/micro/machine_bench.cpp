// The state machine of a run, without threads and journal.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.h"
#include "core/machine/apply.h"
#include "core/machine/decide.h"
#include "core/machine/outstanding.h"

namespace tenuto::bench {
namespace {

void BM_MachineRunsAChain(benchmark::State& state) {
  const PlanRef plan = chain_plan(1000);
  Changes changes;
  Evaluation evaluation;
  for (auto _ : state) {
    Run run = begin_run(RunNumber{1}, plan, RunStarted{});
    leave_order(run);
    outstanding(run, changes);
    while (!changes.ended) {
      const TaskIndex task = changes.ready.back();
      changes.ready.pop_back();
      auto event = decide(run, BodyDone{task, Attempt{1}, Payload(), WallTime{1}}, WallTime{2}, 3);
      benchmark::DoNotOptimize(apply(run, *event, changes));
      while (auto next = follow_up(run, changes, 0, WallTime{2}, evaluation))
        (void)apply(run, *next, changes);
    }
    changes.clear();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_MachineRunsAChain)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tenuto::bench
