// Opening a store with many live runs: after a crash, and after an orderly end.
#include "bench/macro/child.h"
#include "bench/macro/parts.h"
#include "bench/macro/workloads.h"
#include "bench/scratch.h"

namespace tenuto::bench {

void measure_recovery(const Options& options, Report& report) {
  report.begin("recovery");
  const std::uint64_t runs = options.smoke ? 5000 : 1'000'000;
  // Transitions of the state machine, however few records hold them: the start of a run and the four tasks it has done.
  const auto transitions = static_cast<double>(runs * kFiveTasks);
  Figure rate{"recovery after a crash: starts and tasks", "events/s", {}, "", {}, value_at_least(20e6)};
  Figure open{"open with 1e6 live runs", "s", {}, "", {}, value_at_most(2)};
  for (int round = 0; round < options.rounds; ++round) {
    const Scratch scratch(options.dir);
    in_child(kFillAndDie, scratch.store(), runs);
    rate.runs.push_back(transitions / in_child(kOpen, scratch.store(), 0).seconds);
    open.runs.push_back(in_child(kOpen, scratch.store(), 0).seconds);
  }
  report.worked("recovery", runs);
  report.add(rate);
  report.add(open);
}

}  // namespace tenuto::bench
