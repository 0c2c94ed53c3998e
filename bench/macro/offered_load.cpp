// Latency while runs come at a fixed rate, whether the engine keeps up or not (an open loop). Every latency counts from the
// moment at which the run was to be started: a start that had to wait counts with its wait.
//
// The runs have six tasks. The sixth may begin only when the five before it are durable, so its beginning is the moment at
// which a completion is known to be safe. Beside them somebody starts a one-step run every ten milliseconds and waits for it.
#include <atomic>
#include <thread>

#include "bench/macro/parts.h"
#include "bench/macro/workloads.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

constexpr const char* kSix =
    R"({"tenuto": 1, "name": "six", "tasks": {"a": {"use": "noop"}, "b": {"use": "noop", "needs": ["a"]},
        "c": {"use": "noop", "needs": ["a"]}, "d": {"use": "noop", "needs": ["b", "c"]},
        "e": {"use": "noop", "needs": ["d"]}, "f": {"use": "observe", "needs": ["e"]}}})";
constexpr double kSixTasks = 6;

// Notes when the last task of each run began, by run number.
class Observer {
 public:
  explicit Observer(std::size_t runs_max) : seen_(runs_max) {}
  // The store may call it from now on, so it outlives the store.
  void attach_to(Store& store) {
    store.native(
        "observe",
        [](void* self, const tenuto_task* task, tenuto_completion*) {
          static_cast<Observer*>(self)->observe(task->run_number);
        },
        this);
  }
  // Before the runs that count.
  void expect_from(std::uint64_t first_number) { first_ = first_number; }
  [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_acquire); }
  // Of a run that was counted.
  [[nodiscard]] double seen(std::uint64_t number) const { return seen_.at(number - first_); }

 private:
  void observe(std::uint64_t number) {
    if (number >= first_ && number - first_ < seen_.size()) seen_[number - first_] = now();
    count_.fetch_add(1, std::memory_order_release);  // pairs with count(): what was seen is there
  }
  std::vector<double> seen_;
  std::uint64_t first_ = UINT64_MAX;
  std::atomic<std::uint64_t> count_{0};
};

// Runs that were started together.
struct Chunk {
  std::uint64_t first_number;
  std::uint64_t first_index;
  std::uint64_t count;
};

// Starts run i at begin + i / rate, or as soon as possible after it.
std::vector<Chunk> start_at_rate(Store& store, const Workflow& workflow, double begin, double rate,
                                 std::uint64_t runs) {
  constexpr std::uint64_t kChunkMax = 4096;
  constexpr auto kNap = std::chrono::microseconds(100);
  std::vector<Chunk> chunks;
  std::uint64_t started = 0;
  while (started < runs) {
    const double elapsed = now() - begin;
    const auto due = std::min(runs, elapsed < 0 ? 0 : static_cast<std::uint64_t>(elapsed * rate) + 1);
    if (due <= started) {
      std::this_thread::sleep_for(kNap);
      continue;
    }
    const std::uint64_t count = std::min(due - started, kChunkMax);
    chunks.push_back({store.start_many(workflow, count), started, count});
    started += count;
  }
  return chunks;
}

// A one-step run every ten milliseconds, from the caller's point of view; milliseconds, until told to stop. Rare enough that
// one run has mostly ended before the next is due: what is measured is the engine, not a queue of the prober's own.
std::vector<double> probe(Store& store, const std::atomic<bool>& stop) {
  constexpr double kInterval = 10e-3;
  const Workflow workflow(kOne);
  std::vector<double> latencies;
  for (double intended = now(); !stop.load(std::memory_order_relaxed); intended += kInterval) {
    while (now() < intended) std::this_thread::sleep_for(std::chrono::microseconds(50));
    store.run_one(workflow);
    latencies.push_back((now() - intended) * 1e3);
  }
  return latencies;
}

struct Loaded {
  double completions_per_second;
  std::vector<double> runs;    // milliseconds, sorted
  std::vector<double> probes;  // milliseconds, sorted
};

Loaded load(const Options& options, double completions_per_second, double seconds) {
  const double rate = completions_per_second / kSixTasks;
  const auto runs = static_cast<std::uint64_t>(rate * seconds);
  const Scratch scratch(options.dir);
  const Workflow workflow(kSix);
  Observer observer(2 * runs + 10'000);  // probes take run numbers too, far fewer
  Store store(scratch.store());
  const Bodies bodies(store);
  observer.attach_to(store);
  const std::uint64_t warm = store.start_many(workflow, 1024);
  while (observer.count() < 1024) std::this_thread::sleep_for(std::chrono::microseconds(100));
  observer.expect_from(warm + 1024);

  std::atomic<bool> stop{false};
  Loaded loaded{};
  std::thread prober([&] { loaded.probes = probe(store, stop); });
  const double begin = now();
  const std::vector<Chunk> chunks = start_at_rate(store, workflow, begin, rate, runs);
  while (observer.count() < 1024 + runs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  loaded.completions_per_second = static_cast<double>(runs) * kSixTasks / (now() - begin);
  stop = true;
  prober.join();
  store.drain();
  for (const Chunk& chunk : chunks) {
    for (std::uint64_t i = 0; i < chunk.count; ++i) {
      const double intended = begin + static_cast<double>(chunk.first_index + i) / rate;
      loaded.runs.push_back((observer.seen(chunk.first_number + i) - intended) * 1e3);
    }
  }
  std::sort(loaded.runs.begin(), loaded.runs.end());
  std::sort(loaded.probes.begin(), loaded.probes.end());
  return loaded;
}

}  // namespace

void measure_offered_load(const Options& options, Report& report) {
  report.begin("latency under load");
  const double rate = options.smoke ? 60'000 : 1e6;
  const double seconds = options.smoke ? 0.3 : 3;
  Figure reached{"offered 1e6 completions/s, reached", "tasks/s", {}, "", {}, value_at_least(0.95e6)};
  Figure p50{"offered 1e6/s, run durable, p50", "ms"};
  Figure p99{"offered 1e6/s, run durable, p99", "ms", {}, "", {}, value_at_most(10)};
  Figure p999{"offered 1e6/s, run durable, p99.9", "ms"};
  Figure probe50{"offered 1e6/s, one-step run beside it, p50", "ms"};
  Figure probe99{"offered 1e6/s, one-step run beside it, p99", "ms", {}, "", {}, value_at_most(10)};
  for (int round = 0; round < options.rounds; ++round) {
    const Loaded loaded = load(options, rate, seconds);
    reached.runs.push_back(loaded.completions_per_second);
    p50.runs.push_back(quantile_of(loaded.runs, 0.5));
    p99.runs.push_back(quantile_of(loaded.runs, 0.99));
    p999.runs.push_back(quantile_of(loaded.runs, 0.999));
    probe50.runs.push_back(quantile_of(loaded.probes, 0.5));
    probe99.runs.push_back(quantile_of(loaded.probes, 0.99));
  }
  report.worked("offered load", static_cast<std::uint64_t>(rate * seconds));
  for (const Figure& figure : {reached, p50, p99, p999, probe50, probe99}) report.add(figure);
}

}  // namespace tenuto::bench
