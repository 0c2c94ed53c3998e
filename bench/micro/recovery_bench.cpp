// What opening a store after a crash does with a journal that the tables don't have, as the engine does it: from frames in memory
// to runs that go on. By one thread.
#include <benchmark/benchmark.h>

#include "bench/micro/journal_bench_world.h"
#include "bench/micro/samples.h"
#include "core/engine/core.h"
#include "core/store/mem_log.h"
#include "core/store/mem_state.h"

namespace tenuto::bench {
namespace {

constexpr std::uint32_t kTasks = 10;
constexpr WallTime kNow{1'700'000'000'000'000'000};

// A journal of runs whose tasks are recorded one by one, as bodies of a host or of several threads are.
class RunsInAJournal {
 public:
  explicit RunsInAJournal(Log& log) : world_(log), plan_(chain_plan(kTasks)) {
    append(WorkflowStored{plan_->hash(), "chain", chain_text(kTasks)}, RunNumber());
  }
  // `count` runs side by side, each event of one followed by those of the others.
  void run(std::uint64_t count) {
    RunStarted started;
    started.workflow = plan_->hash();
    each(count, started, kNoTask);
    for (std::uint32_t i = 0; i < kTasks; ++i) each(count, TaskDone{Payload(), kNow}, TaskIndex{i});
    RunEnded ended;
    ended.counts.done = kTasks;
    each(count, ended, kNoTask);
    world_.commit();
    first_ += count;
  }
  [[nodiscard]] std::int64_t events() const { return events_; }

 private:
  void each(std::uint64_t count, const EventBody& body, TaskIndex task) {
    for (std::uint64_t i = 0; i < count; ++i) append(body, RunNumber{first_ + i}, task);
  }
  void append(const EventBody& body, RunNumber run, TaskIndex task = kNoTask) {
    world_.append(Event{kNow, run, kRootScope, task, Attempt{task == kNoTask ? 0u : 1u}, body});
    ++events_;
  }

  JournalBenchWorld world_;
  const PlanRef plan_;
  std::uint64_t first_ = 1;
  std::int64_t events_ = 0;
};

void BM_RecoveryReplay(benchmark::State& state) {
  constexpr std::uint64_t kSideBySide = 2048;
  MemLog log;
  RunsInAJournal runs(log);
  while (runs.events() < state.range(0)) runs.run(kSideBySide);
  MemState tables;
  SystemClock clock;
  for (auto _ : state) {
    CoreOptions options;
    options.store_id = StoreId{1, 2};
    auto core = std::make_unique<EngineCore>(options, clock, log, tables);
    TN_CHECK(core->recover().ok());
    core->resume_runs();
    TN_CHECK(core->run_table().size() >= kSideBySide);
    state.PauseTiming();
    core.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * runs.events());
}
BENCHMARK(BM_RecoveryReplay)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tenuto::bench
