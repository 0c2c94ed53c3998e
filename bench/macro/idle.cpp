// What an engine takes that has nothing to do: processor time and wake-ups.
#include <sys/resource.h>

#include <chrono>
#include <thread>

#include "bench/macro/parts.h"
#include "bench/macro/waiting_runs.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

struct Used {
  double seconds;   // of processors, by all threads
  double switches;  // of context, of all threads
};

Used used() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<double>(usage.ru_nvcsw + usage.ru_nivcsw)};
}

}  // namespace

void measure_idle(const Options& options, Report& report) {
  report.begin("idle");
  const auto span = std::chrono::milliseconds(options.smoke ? 200 : 10'000);
  const Scratch scratch(options.dir);
  Store store(scratch.store());
  const Bodies bodies(store);
  start_waiting_runs(store, bodies, 1000);
  std::this_thread::sleep_for(std::chrono::seconds(options.smoke ? 0 : 2));  // what follows work is no idling
  Figure processor{"open engine, 1,000 waiting runs", "% of a core", {}, "", {}, value_at_most(0.5)};
  // The measuring thread itself wakes up once per span.
  Figure switches{"open engine, wake-ups", "per 10 s", {}, "", {}, value_at_most(2)};
  for (int round = 0; round < options.rounds; ++round) {
    const Used before = used();
    const double begin = now();
    std::this_thread::sleep_for(span);
    const double elapsed = now() - begin;
    const Used after = used();
    processor.runs.push_back(100 * (after.seconds - before.seconds) / elapsed);
    switches.runs.push_back(10 * (after.switches - before.switches) / elapsed);
  }
  report.add(processor);
  report.add(switches);
}

}  // namespace tenuto::bench
