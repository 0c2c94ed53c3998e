// Events as bytes.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.h"
#include "core/journal/record.h"

namespace tenuto::bench {
namespace {

void BM_RecordEncode(benchmark::State& state) {
  const Event event = task_done();
  Bytes out;
  for (auto _ : state) {
    out.clear();
    encode(event, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(BM_RecordEncode);

void BM_RecordDecode(benchmark::State& state) {
  Bytes record;
  encode(task_done(), record);
  Event event;
  for (auto _ : state) benchmark::DoNotOptimize(decode(ByteView(record), event).ok());
}
BENCHMARK(BM_RecordDecode);

}  // namespace
}  // namespace tenuto::bench
