// Durable task completions a second, in many runs of five tasks.
#include "bench/macro/many_runs.h"
#include "bench/macro/parts.h"

namespace tenuto::bench {

namespace {

// Completions a second until everything is synced and the store is closed.
double fixed_count(Scratch& scratch, std::uint64_t runs) {
  const Workflow workflow(kFive);
  Store store(scratch.next());
  const Bodies bodies(store);
  std::uint64_t started = 0;
  const double seconds = seconds_of([&] {
    started = run_many(store, bodies, workflow, [runs](std::uint64_t so_far) { return so_far < runs; });
    store.drain();
  });
  return static_cast<double>(started * kFiveTasks) / seconds;
}

}  // namespace

void measure_throughput(const Options& options, Scratch& scratch, Report& report) {
  report.begin("throughput");
  Figure rate{"1e6 runs x 5, durable", "tasks/s", {}, "", {}, value_at_least(3e6)};
  const std::uint64_t runs = options.smoke ? 8192 : 1'000'448;
  for (int i = 0; i < options.rounds; ++i) rate.runs.push_back(fixed_count(scratch, runs));
  report.worked("throughput", runs * kFiveTasks);
  report.add(rate);
}

}  // namespace tenuto::bench
