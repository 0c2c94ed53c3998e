// Whole-engine figures through the C ABI: throughput, latency, recovery, memory.
//
// usage: tenuto_bench [--smoke] [--runs N] [--only throughput|latency|reopen] [--dir DIR] [--json FILE]
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "bench/harness.h"
#include "bench/macro/client.h"
#include "bench/macro/store_scratch.h"

namespace tenuto::bench {
namespace {

struct Options {
  bool smoke = false;
  int runs = 5;
  std::string dir = ".";
  std::string json;
  std::string only;  // empty: everything
  [[nodiscard]] bool wants(std::string_view part) const { return only.empty() || only == part; }
};

constexpr const char* kFive =
    R"({"tenuto": 1, "name": "five", "tasks": {"a": {"use": "noop"}, "b": {"use": "noop", "needs": ["a"]},
        "c": {"use": "noop", "needs": ["a"]}, "d": {"use": "noop", "needs": ["b", "c"]},
        "e": {"use": "last", "needs": ["d"]}}})";
constexpr const char* kOne = R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "noop"}}})";
constexpr const char* kOnePure =
    R"({"tenuto": 1, "name": "pure", "tasks": {"a": {"use": "noop", "pure": true}}})";
constexpr const char* kWaiting =
    R"({"tenuto": 1, "name": "waiting", "tasks": {"a": {"use": "noop"}, "b": {"use": "noop", "needs": ["a"]},
        "c": {"use": "noop", "needs": ["b"]}, "d": {"use": "last", "needs": ["c"]}, "e": {"use": "nobody", "needs": ["d"]}}})";

void noop(void*, const tenuto_task*, tenuto_completion*) {}

void count(void* user_data, const tenuto_task*, tenuto_completion*) {
  static_cast<std::atomic<std::uint64_t>*>(user_data)->fetch_add(1, std::memory_order_relaxed);
}

// Runs of five tasks until `total` have ended, at most `window` at a time; durable task completions per second, until
// everything is synced.
double many_runs(Scratch& scratch, std::uint64_t total) {
  // Enough runs to fill the groups of a commit, few enough to stay in the caches.
  constexpr std::uint64_t kChunk = 1024;
  constexpr std::uint64_t kWindow = 64 * kChunk;
  const Workflow workflow(kFive);
  std::atomic<std::uint64_t> ended{0};
  Store store(scratch.next());
  store.native("noop", noop);
  store.native("last", count, &ended);
  const double begin = now();
  std::uint64_t started = 0;
  while (started < total) {
    while (started - ended.load(std::memory_order_relaxed) >= kWindow) std::this_thread::yield();
    store.start_many(workflow, kChunk);
    started += kChunk;
  }
  store.drain();
  return static_cast<double>(started) * 5 / (now() - begin);
}

struct Latency {
  double p50, p99;
};

// Microseconds from the call of start to the return of result, one run after the other, on an idle engine.
Latency one_step(Scratch& scratch, const char* definition, int count) {
  const Workflow workflow(definition);
  Store store(scratch.next());
  store.native("noop", noop);
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

constexpr std::uint64_t kWaitingChunk = 4096;

// Of this process alone: pages of mapped files are the kernel's cache.
double resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  unsigned long total = 0, resident = 0, shared = 0;
  const int got = std::fscanf(file, "%lu %lu %lu", &total, &resident, &shared);
  std::fclose(file);
  return got == 3 ? static_cast<double>(resident - shared) * static_cast<double>(::sysconf(_SC_PAGESIZE)) : 0;
}

struct Reopened {
  double events_per_second;
  double bytes_per_run;
};

// A store with `runs` live runs that wait for their fifth task: five events each.
void make_waiting_runs(const std::string& path, std::uint64_t runs) {
  const Workflow workflow(kWaiting);
  std::atomic<std::uint64_t> reached{0};
  Store store(path);
  store.native("noop", noop);
  store.native("last", count, &reached);
  for (std::uint64_t started = 0; started < runs; started += kWaitingChunk)
    store.start_many(workflow, kWaitingChunk);
  while (reached.load() < runs) std::this_thread::yield();
  store.drain();
}

// What the child of reopen() does: opens the store and prints seconds and bytes of resident memory that took.
int open_and_tell(const std::string& path) {
  const double before = resident_bytes();
  const double begin = now();
  Store store(path);
  const double seconds = now() - begin;
  std::printf("%.9f %.0f\n", seconds, resident_bytes() - before);
  return 0;
}

// In a process of its own: memory that this one has freed would be used again and not be seen.
Reopened reopen(Scratch& scratch, std::uint64_t runs) {
  const std::string path = scratch.next();
  make_waiting_runs(path, runs);
  ::sync();  // what was written before is not part of opening: the first sync there would wait for all of it
  const std::string command = "/proc/" + std::to_string(::getpid()) + "/exe --open " + path;
  std::FILE* child = ::popen(command.c_str(), "r");
  double seconds = 0, bytes = 0;
  const int got = child == nullptr ? 0 : std::fscanf(child, "%lf %lf", &seconds, &bytes);
  if (child != nullptr) ::pclose(child);
  if (got != 2) throw std::runtime_error("the child could not open " + path);
  return {static_cast<double>(runs) * 5 / seconds, bytes / static_cast<double>(runs)};
}

void measure_throughput(const Options& options, Scratch& scratch, Report& report) {
  Figure throughput{"durable completions, many runs", "tasks/s", {}, "", 0, ">= 1e6"};
  const std::uint64_t runs = options.smoke ? 8192 : 819200;
  for (int i = 0; i < options.runs; ++i) throughput.runs.push_back(many_runs(scratch, runs));
  report.add(throughput);
}

void measure_latency(const Options& options, Scratch& scratch, Report& report) {
  Figure impure{"one-step run p50", "us", {}, "append + fdatasync", 0, "ratio <= 3"};
  Figure pure{"one-step pure run p50", "us", {}, "append + fdatasync", 0, ""};
  Figure tail{"one-step run p99", "us", {}, "append + fdatasync", 0, ""};
  std::vector<double> floor;
  const int samples = options.smoke ? 50 : 1000;
  for (int i = 0; i < options.runs; ++i) {
    floor.push_back(append_and_sync(scratch, samples).p50);
    const Latency latency = one_step(scratch, kOne, samples);
    impure.runs.push_back(latency.p50);
    tail.runs.push_back(latency.p99);
    pure.runs.push_back(one_step(scratch, kOnePure, samples).p50);
  }
  for (Figure* figure : {&impure, &tail, &pure}) {
    figure->against = median_of(floor);
    report.add(*figure);
  }
}

void measure_reopen(const Options& options, Scratch& scratch, Report& report) {
  Figure recovery{"recovery", "events/s", {}, "", 0, ">= 5e6"};
  Figure memory{"memory of a waiting run", "bytes", {}, "", 0, "<= 400"};
  for (int i = 0; i < options.runs; ++i) {
    const Reopened reopened = reopen(scratch, kWaitingChunk * (options.smoke ? 1 : 100));
    recovery.runs.push_back(reopened.events_per_second);
    memory.runs.push_back(reopened.bytes_per_run);
  }
  report.add(recovery);
  report.add(memory);
}

void measure(const Options& options, Report& report) {
  Scratch scratch(options.dir);
  if (options.wants("throughput")) measure_throughput(options, scratch, report);
  if (options.wants("latency")) measure_latency(options, scratch, report);
  if (options.wants("reopen")) measure_reopen(options, scratch, report);
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--smoke") {
      options.smoke = true;
      options.runs = 1;
    } else if (word == "--runs" && has_value) {
      options.runs = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--dir" && has_value) {
      options.dir = argv[++i];
    } else if (word == "--only" && has_value) {
      options.only = argv[++i];
    } else if (word == "--json" && has_value) {
      options.json = argv[++i];
    } else {
      throw std::runtime_error(
          "usage: tenuto_bench [--smoke] [--runs N] [--only throughput|latency|reopen] [--dir DIR] [--json "
          "FILE]");
    }
  }
  return options;
}

int main_of(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--open") return open_and_tell(argv[2]);
  const Options options = read_options(argc, argv);
  Report report;
  measure(options, report);
  report.print();
  if (!options.json.empty() && !report.write_json(options.json))
    throw std::runtime_error("can't write " + options.json);
  return 0;
}

}  // namespace
}  // namespace tenuto::bench

int main(int argc, char** argv) {
  try {
    return tenuto::bench::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tenuto_bench: %s\n", error.what());
    return 1;
  }
}
