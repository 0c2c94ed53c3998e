// Runs that wait: what each takes of memory, and how fast they come to where they wait.
#include "bench/macro/child.h"
#include "bench/macro/parts.h"
#include "bench/scratch.h"

namespace tenuto::bench {

void measure_waiting(const Options& options, Report& report) {
  report.begin("waiting");
  const std::uint64_t runs = options.smoke ? 5000 : options.waiting;
  Figure memory{"five-task run that waits", "bytes", {}, "", {}, value_at_most(200)};
  Figure rate{"starts of runs that come to wait", "runs/s", {}, "", {}, {}};
  Figure total{"5e6 runs that wait", "GiB", {}, "", {}, value_at_most(1)};
  for (int round = 0; round < options.rounds; ++round) {
    const Scratch scratch(options.dir);
    const ChildFigures filled = in_child(kFill, scratch.store(), runs);
    memory.runs.push_back(filled.bytes / static_cast<double>(runs));
    rate.runs.push_back(static_cast<double>(runs) / filled.seconds);
    total.runs.push_back(filled.bytes / (1 << 30));
  }
  report.worked("waiting", runs);
  report.add(memory);
  report.add(rate);
  if (runs == 5'000'000) report.add(total);  // a figure that fewer runs would only guess
}

}  // namespace tenuto::bench
