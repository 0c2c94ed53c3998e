// Reading a journal back: frames, batches and records of a log in memory, without a machine that applies them.
#include <benchmark/benchmark.h>

#include "bench/micro/journal_bench_world.h"
#include "bench/micro/samples.h"
#include "core/journal/recovery.h"
#include "core/store/mem_log.h"
#include "core/store/mem_state.h"

namespace tenuto::bench {
namespace {

class Counting final : public RecoveryVisitor {
 public:
  Status on_workflow(const WorkflowHash&, ByteView, ByteView) override { return Status(); }
  Status on_run_event(const Event&) override { return Status(); }
  Status on_command(const CommandId&, const CommandOutcome&) override { return Status(); }
  Status on_event(const Event&, Position) override {
    ++count;
    return Status();
  }
  std::int64_t count = 0;
};

void BM_RecoveryReplay(benchmark::State& state) {
  MemLog log;
  const std::int64_t events = state.range(0);
  {
    JournalBenchWorld world(log);
    for (std::int64_t i = 0; i < events; ++i)
      world.append(task_done(RunNumber{static_cast<std::uint64_t>(i) + 1}));
    world.commit();
  }
  const MemState tables;
  for (auto _ : state) {
    Counting visitor;
    TN_CHECK(recover(log, tables, visitor).ok());
    TN_CHECK(visitor.count >= events);
  }
  state.SetItemsProcessed(state.iterations() * events);
}
BENCHMARK(BM_RecoveryReplay)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tenuto::bench
