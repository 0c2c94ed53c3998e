// What the tables take of a short run: its row in a list, and its history in a pack.
#include <benchmark/benchmark.h>

#include "core/journal/history_pack.h"
#include "core/journal/summary.h"
#include "core/store/keys.h"

namespace tenuto::bench {
namespace {

SummaryRow row_of(std::uint64_t run) {
  SummaryRow row;
  row.run = RunNumber(run);
  row.workflow = {7, 9};
  row.workflow_name = "five";
  row.started = WallTime{static_cast<Nanos>(1'700'000'000'000'000'000 + run * 1'000)};
  row.ended = WallTime{row.started.ns + 50'000};
  row.counts.done = 5;
  return row;
}

// A list can be read because of these rows: what they cost is the price of readable lists.
void BM_SummaryRow(benchmark::State& state) {
  const Bytes key = block_key(BlockNumber(1));
  std::uint64_t run = 0;
  for (auto _ : state) {
    SummaryBlock block;
    while (!block.is_full()) block.add(row_of(++run));
    benchmark::DoNotOptimize(block.finish(key).data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(run));
}
BENCHMARK(BM_SummaryRow);

void BM_HistoryPack(benchmark::State& state) {
  const Bytes chunk(90, 'c');
  std::uint64_t run = 0;
  for (auto _ : state) {
    HistoryPackWriter pack;
    while (pack.has_room_for(chunk)) pack.add(RunNumber(++run), chunk);
    const Bytes key = run_key(pack.last());
    benchmark::DoNotOptimize(pack.finish(key).data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(run));
}
BENCHMARK(BM_HistoryPack);

}  // namespace
}  // namespace tenuto::bench
