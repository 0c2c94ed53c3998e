// The timer wheel, alone and with a million timers in it.
#include <benchmark/benchmark.h>

#include "core/timer/wheel.h"

namespace tenuto::bench {
namespace {

void BM_WheelArmCancel(benchmark::State& state) {
  TimerWheel wheel(0);
  for (std::int64_t i = 0; i < state.range(0); ++i) wheel.add((i + 1) * kSecond, {});
  Nanos at = kSecond;
  for (auto _ : state) benchmark::DoNotOptimize(wheel.cancel(wheel.add(at += 1000, {})));
}
BENCHMARK(BM_WheelArmCancel)->Arg(0)->Arg(1'000'000);

// Each timer is armed an hour ahead, and fires.
void BM_WheelArmFire(benchmark::State& state) {
  constexpr Nanos kAhead = 3600 * kSecond;
  constexpr Nanos kStep = kSecond / 1000;
  TimerWheel wheel(0);
  std::vector<DueTimer> due;
  Nanos now = 0;
  std::size_t fired = 0;
  for (auto _ : state) {
    wheel.add(now + kAhead, {});
    wheel.advance(now += kStep, due);
    fired += due.size();
    due.clear();
  }
  benchmark::DoNotOptimize(fired);
}
BENCHMARK(BM_WheelArmFire);

}  // namespace
}  // namespace tenuto::bench
