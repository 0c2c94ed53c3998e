// How long a run of one task takes on an idle engine, from the call of start to the return of result.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "bench/macro/parts.h"
#include "bench/macro/workloads.h"

namespace tenuto::bench {

namespace {

struct Latency {
  double p50, p99;
};

// Microseconds from the call of start to the return of result, one run after the other, on an idle engine.
Latency one_step(Scratch& scratch, const char* definition, int count) {
  const Workflow workflow(definition);
  Store store(scratch.next());
  const Bodies bodies(store);
  std::vector<double> times;
  for (int i = 0; i < count + 50; ++i) {
    const double begin = now();
    store.run_one(workflow);
    if (i >= 50) times.push_back((now() - begin) * 1e6);
  }
  std::sort(times.begin(), times.end());
  return {quantile_of(times, 0.5), quantile_of(times, 0.99)};
}

// The floor: microseconds of one append of 200 bytes and its fdatasync on the same disk.
Latency append_and_sync(Scratch& scratch, int count) {
  const std::string path = scratch.next();
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("can't open " + path);
  char block[200];
  std::memset(block, 7, sizeof block);
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const double begin = now();
    if (::write(fd, block, sizeof block) != static_cast<ssize_t>(sizeof block) || ::fdatasync(fd) != 0) {
      throw std::runtime_error("can't write " + path);
    }
    times.push_back((now() - begin) * 1e6);
  }
  ::close(fd);
  std::sort(times.begin(), times.end());
  return {quantile_of(times, 0.5), quantile_of(times, 0.99)};
}

}  // namespace

void measure_latency(const Options& options, Scratch& scratch, Report& report) {
  report.begin("latency");
  Figure impure{"one-step run p50", "us", {}, "append + fdatasync p50", {}, ratio_at_most(2)};
  Figure pure{"one-step pure run p50", "us", {}, "append + fdatasync p50", {}, ratio_at_most(1.2)};
  Figure tail{"one-step run p99", "us", {}, "append + fdatasync p50", {}, ratio_at_most(5)};
  const int samples = options.smoke ? 50 : 1000;
  for (int i = 0; i < options.rounds; ++i) {
    const double floor = append_and_sync(scratch, samples).p50;
    for (Figure* figure : {&impure, &tail, &pure}) figure->vs_runs.push_back(floor);
    const Latency latency = one_step(scratch, kOne, samples);
    impure.runs.push_back(latency.p50);
    tail.runs.push_back(latency.p99);
    pure.runs.push_back(one_step(scratch, kOnePure, samples).p50);
  }
  for (const Figure& figure : {impure, tail, pure}) report.add(figure);
}

}  // namespace tenuto::bench
