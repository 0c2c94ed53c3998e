// Opening a store after its owner is gone: events replayed a second, and the time with many live runs.
#include <algorithm>

#include "bench/macro/parts.h"
#include "bench/macro/reopen.h"
#include "bench/macro/waiting_runs.h"

namespace tenuto::bench {

void measure_recovery(const Options& options, Scratch& scratch, Report& report) {
  report.begin("recovery");
  Figure rate{"recovery", "events/s", {}, "", {}, value_at_least(20e6)};
  Figure open{"open with 1e6 live runs", "s", {}, "", {}, value_at_most(2)};
  const std::uint64_t runs = options.smoke ? 4096 : 400'000;
  for (int i = 0; i < options.rounds; ++i) {
    const std::string path = scratch.next();
    make_waiting_runs(path, runs);
    const Opened opened = open_in_child(path);
    rate.runs.push_back(static_cast<double>(runs) * kFiveTasks / opened.seconds);
    open.runs.push_back(opened.seconds * 1e6 / static_cast<double>(runs));
    report.worked("recovery", runs);
  }
  report.add(rate);
}

}  // namespace tenuto::bench
