// From the text of a definition to a plan, and its end.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.h"

namespace tenuto::bench {
namespace {

void BM_PlanCompileChain(benchmark::State& state) {
  const int tasks = static_cast<int>(state.range(0));
  const std::string text = chain_text(tasks);
  for (auto _ : state) benchmark::DoNotOptimize(compile_workflow_text(text));
  state.SetItemsProcessed(state.iterations() * tasks);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_PlanCompileChain)->Arg(10)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tenuto::bench
