// Does the past cost anything? The rate of a store with many ended runs beside that of a store with few.
#include "bench/macro/many_runs.h"
#include "bench/macro/parts.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

constexpr std::uint64_t kEventsPerRun = kFiveTasks + 2;  // its start and its end

// Opens the store, lets it get going, and measures completions a second until all is synced and closed.
double rate_of(const std::string& path, std::uint64_t runs) {
  const Workflow workflow(kFive);
  Store store(path);
  const Bodies bodies(store);
  run_many(store, bodies, workflow, [runs](std::uint64_t so_far) { return so_far < runs / 2; });
  std::uint64_t done = 0;
  const double seconds = seconds_of([&] {
    done = run_many(store, bodies, workflow, [runs](std::uint64_t so_far) { return so_far < runs; });
    store.drain();
  });
  return static_cast<double>(done * kFiveTasks) / seconds;
}

void fill(const std::string& path, std::uint64_t runs) {
  const Workflow workflow(kFive);
  Store store(path);
  const Bodies bodies(store);
  run_many(store, bodies, workflow, [runs](std::uint64_t so_far) { return so_far < runs; });
  store.drain();
}

}  // namespace

void measure_history(const Options& options, Report& report) {
  report.begin("history");
  const std::uint64_t events = options.smoke ? 20'000 : options.history;
  const std::uint64_t runs = options.smoke ? 2048 : 200'000;
  const Scratch old(options.dir);
  fill(old.store(), events / kEventsPerRun);
  Figure rate{"rate with " + std::to_string(events / 1'000'000) + " M events behind it",
              "tasks/s",
              {},
              "none",
              {},
              ratio_at_least(0.9)};
  for (int round = 0; round < options.rounds; ++round) {
    const Scratch fresh(options.dir);
    rate.vs_runs.push_back(rate_of(fresh.store(), runs));
    rate.runs.push_back(rate_of(old.store(), runs));
  }
  report.worked("history", events + runs);
  report.add(rate);
}

}  // namespace tenuto::bench
