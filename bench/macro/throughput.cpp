// Durable task completions a second, in many runs of five tasks: a fixed number, by workers, and sustained.
#include "bench/macro/many_runs.h"
#include "bench/macro/parts.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

// Completions a second until everything is synced and the store is closed.
double fixed_count(const Options& options, std::uint32_t workers, std::uint64_t runs) {
  const Scratch scratch(options.dir);
  const Workflow workflow(kFive);
  Store store(scratch.store(), {.threads = workers});
  const Bodies bodies(store);
  std::uint64_t started = 0;
  const double seconds = seconds_of([&] {
    started = run_many(store, bodies, workflow, [runs](std::uint64_t so_far) { return so_far < runs; });
    store.drain();
  });
  return static_cast<double>(started * kFiveTasks) / seconds;
}

void measure_fixed_count(const Options& options, Report& report) {
  const std::uint64_t runs = options.smoke ? 8192 : 1'000'448;  // a whole number of chunks
  Figure one{"1e6 runs x 5, 1 worker", "tasks/s"};
  Figure two{"1e6 runs x 5, 2 workers", "tasks/s", {}, "1 worker", {}, ratio_at_least(0.9)};
  for (int round = 0; round < options.rounds; ++round) {
    one.runs.push_back(fixed_count(options, 1, runs));
    two.runs.push_back(fixed_count(options, 2, runs));
  }
  two.vs_runs = one.runs;
  report.worked("throughput", runs * kFiveTasks);
  report.add(one);
  report.add(two);
}

double directory_bytes(const std::string& path) {
  double sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path))
    sum += static_cast<double>(entry.file_size());
  return sum;
}

// Cuts the time into windows and takes the rate and the size of the journal of each.
class Windows {
 public:
  Windows(const Bodies& bodies, std::string journal, double seconds, int count)
      : bodies_(bodies), journal_(std::move(journal)), length_(seconds / count), left_(count) {}
  // False: the last one is over.
  bool go_on() {
    const double elapsed = now() - begin_;
    if (elapsed < length_) return true;
    const std::uint64_t reached = bodies_.reached();
    rates.push_back(static_cast<double>((reached - reached_) * kFiveTasks) / elapsed);
    journal_mib.push_back(directory_bytes(journal_) / (1 << 20));
    begin_ += elapsed;
    reached_ = reached;
    return --left_ > 0;
  }
  std::vector<double> rates;
  std::vector<double> journal_mib;

 private:
  const Bodies& bodies_;
  std::string journal_;
  double length_;
  int left_;
  double begin_ = now();
  std::uint64_t reached_ = 0;
};

void measure_sustained(const Options& options, Report& report) {
  constexpr int kWindowsMin = 5;
  const double seconds = options.smoke ? 0.5 : options.seconds;
  const Scratch scratch(options.dir);
  const Workflow workflow(kFive);
  Store store(scratch.store(), {.retention_count_max = 10'000'000});
  const Bodies bodies(store);
  Windows windows(bodies, scratch.store() + "/journal", seconds, std::max(kWindowsMin, options.rounds));
  run_many(store, bodies, workflow, [&windows](std::uint64_t) { return windows.go_on(); });
  const std::string name = std::to_string(static_cast<int>(seconds)) + " s sustained";
  report.add({name + ", the last 10 M runs kept", "tasks/s", windows.rates, "", {}, value_at_least(3e6)});
  // The window of the journal and the segment that is written next.
  report.add({name + ", journal", "MiB", windows.journal_mib, "", {}, value_at_most(256 + 64)});
}

}  // namespace

void measure_throughput(const Options& options, Report& report) {
  report.begin("throughput");
  measure_fixed_count(options, report);
  measure_sustained(options, report);
}

}  // namespace tenuto::bench
