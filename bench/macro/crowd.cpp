// Commits of the owner while other processes use the store: twenty that send it a command ten times a second each, one of
// them stopped in the middle of whatever it was doing, and a backlog that is on its way into the tables.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "bench/macro/child.h"
#include "bench/macro/parts.h"
#include "bench/macro/waiting_runs.h"
#include "bench/scratch.h"

extern char** environ;

namespace tenuto::bench {

namespace {

// Processes that send commands until they are killed, which happens here at the latest.
class Writers {
 public:
  Writers(const std::string& store, int count) {
    for (int i = 0; i < count; ++i) {
      std::string words[] = {"tenuto_bench", kChildWord, kSendCommands, store, "0"};
      char* arguments[] = {words[0].data(), words[1].data(), words[2].data(),
                           words[3].data(), words[4].data(), nullptr};
      pid_t pid = 0;
      if (::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, arguments, environ) != 0) {
        throw std::runtime_error("can't start a writer");
      }
      pids_.push_back(pid);
    }
  }
  ~Writers() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;
  void stop_one() { ::kill(pids_.front(), SIGSTOP); }

 private:
  std::vector<pid_t> pids_;
};

// Microseconds of `count` one-step runs, one after the other: the 99th percentile.
double run_p99(Store& store, int count) {
  const Workflow workflow(kOne);
  std::vector<double> times;
  for (int i = 0; i < count; ++i) times.push_back(seconds_of([&] { store.run_one(workflow); }) * 1e6);
  std::sort(times.begin(), times.end());
  return quantile_of(times, 0.99);
}

void wait_for(const Bodies& bodies, std::uint64_t reached) {
  while (bodies.reached() < reached) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace

void measure_crowd(const Options& options, Report& report) {
  report.begin("beside other processes");
  const int writer_count = options.smoke ? 2 : 20;
  const int samples = options.smoke ? 20 : 2000;
  const std::uint64_t backlog = options.smoke ? 100 : 50'000;
  Figure crowded{"one-step run p99, 20 writers, one stopped", "us", {}, "alone", {}, ratio_at_most(2)};
  for (int round = 0; round < options.rounds; ++round) {
    const Scratch scratch(options.dir);
    Store store(scratch.store());
    const Bodies bodies(store);
    run_p99(store, samples / 10);  // what an engine makes at its first runs is there
    crowded.vs_runs.push_back(run_p99(store, samples));
    const std::uint64_t before = bodies.reached();
    Writers writers(scratch.store(), writer_count);
    wait_for(bodies, before + static_cast<std::uint64_t>(writer_count));
    writers.stop_one();
    start_waiting_runs(store, bodies, backlog);  // they have run, and are still to be carried into the tables
    crowded.runs.push_back(run_p99(store, samples));
  }
  report.worked("crowd", static_cast<std::uint64_t>(samples));
  report.add(crowded);
}

}  // namespace tenuto::bench
