// What is on the disk afterwards, and what was written to get there.
#include <cstdio>

#include "bench/macro/many_runs.h"
#include "bench/macro/parts.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

// Bytes that this process has caused to be sent to the disk.
double written_bytes() {
  std::FILE* file = std::fopen("/proc/self/io", "r");
  if (file == nullptr) throw std::runtime_error("can't read /proc/self/io");
  char line[128];
  unsigned long long bytes = 0;
  bool found = false;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    found = found || std::sscanf(line, "write_bytes: %llu", &bytes) == 1;
  }
  std::fclose(file);
  if (!found) throw std::runtime_error("no write_bytes in /proc/self/io");
  return static_cast<double>(bytes);
}

double table_bytes(const std::string& path) {
  return Store(path).table_bytes();
}

// What one more run of tasks costs in a store that has some already; one value per round.
struct Space {
  std::vector<double> kept;
  std::vector<double> written;
};

Space space_of(const Options& options, const char* definition, std::uint64_t tasks, std::uint64_t runs) {
  const Scratch scratch(options.dir);
  const Workflow workflow(definition);
  Space space;
  double kept_before = 0;
  for (int round = 0; round <= options.rounds; ++round) {  // the first one makes the store
    std::uint64_t done = 0;
    const double written_before = written_bytes();
    {
      Store store(scratch.store());
      const Bodies bodies(store);
      done =
          run_many(store, bodies, workflow, [runs](std::uint64_t so_far) { return so_far < runs; }) * tasks;
      store.drain();
    }
    const double written = written_bytes() - written_before;
    const double kept = table_bytes(scratch.store());
    if (round > 0) {
      space.kept.push_back((kept - kept_before) / static_cast<double>(done));
      space.written.push_back(written / static_cast<double>(done));
    }
    kept_before = kept;
  }
  return space;
}

}  // namespace

void measure_space(const Options& options, Report& report) {
  report.begin("space");
  const std::uint64_t runs = options.smoke ? 4096 : 200'000;
  const Space five = space_of(options, kFive, kFiveTasks, runs);
  const Space one = space_of(options, kOne, 1, runs);
  report.worked("space", runs);
  report.add({"history, five-task runs", "bytes/task", five.kept, "", {}, value_at_most(40)});
  report.add({"history, one-task runs", "bytes/task", one.kept, "", {}, value_at_most(160)});
  report.add(
      {"written to the device, five-task runs", "bytes/task", five.written, "", {}, value_at_most(150)});
  report.add({"written to the device, one-task runs", "bytes/task", one.written});
}

}  // namespace tenuto::bench
