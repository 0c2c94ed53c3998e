// Appending to the ring, and commits of 1 to 10,000 records: in memory, and in a file of the current directory.
#include <benchmark/benchmark.h>

#include "bench/micro/journal_bench_world.h"
#include "bench/micro/samples.h"
#include "bench/scratch.h"
#include "core/journal/record.h"
#include "core/store/file_log.h"
#include "core/store/mem_log.h"

namespace tenuto::bench {
namespace {

class Roomy final : public FullWaiter {
 public:
  bool wait() override { return false; }
};

void BM_RingAppend(benchmark::State& state) {
  Bytes record;
  encode(task_done(), record);
  Ring ring;
  Roomy never_full;
  std::size_t used = 0;
  for (auto _ : state) {
    const Position end = ring.append(record, never_full);
    if (++used % 4096 == 0) ring.release(end);
  }
}
BENCHMARK(BM_RingAppend);

void commit_groups(benchmark::State& state, Log& log) {
  JournalBenchWorld world(log);
  const Event event = task_done();
  for (auto _ : state) {
    for (int i = 0; i < state.range(0); ++i) world.append(event);
    world.commit();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void BM_CommitInMemory(benchmark::State& state) {
  MemLog log;
  commit_groups(state, log);
}
BENCHMARK(BM_CommitInMemory)->Arg(1)->Arg(100)->Arg(10'000);

void BM_CommitToFile(benchmark::State& state) {
  const Scratch scratch(".");
  const auto log = FileLog::open(scratch.path(), false);
  TN_CHECK(log.ok());
  commit_groups(state, **log);
}
BENCHMARK(BM_CommitToFile)->Arg(1)->Arg(100)->Arg(10'000)->UseRealTime();

}  // namespace
}  // namespace tenuto::bench
