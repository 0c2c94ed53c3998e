// Commits of the owner while other processes use the store: twenty that send it a command ten times a second each, one of
// them stopped in the middle of whatever it was doing, and a backlog that is on its way into the tables.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "bench/arms/step_arm.h"
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

// Microseconds, the 99th percentile.
struct Tails {
  double run;
  double floor;  // append + fdatasync on the same disk: what any program has at that moment
};

double p99_of(std::vector<double>& times) {
  std::sort(times.begin(), times.end());
  return quantile_of(times, 0.99);
}

// `count` one-step runs and as many steps of the floor, in turn.
Tails tails(Store& store, StepArm& floor, int count) {
  const Workflow workflow(kOne);
  std::vector<double> runs, steps;
  for (int i = 0; i < count; ++i) {
    runs.push_back(seconds_of([&] { store.run_one(workflow); }) * 1e6);
    steps.push_back(seconds_of([&] { floor.step(); }) * 1e6);
  }
  return {p99_of(runs), p99_of(steps)};
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
  Figure beside{
      "one-step run p99, 20 writers, one stopped", "us", {}, "append + fdatasync p99, the same crowd"};
  Figure floor_crowded{"append + fdatasync p99, the same crowd", "us", {}, "alone"};
  for (int round = 0; round < options.rounds; ++round) {
    const Scratch scratch(options.dir);
    const std::unique_ptr<StepArm> floor = step_peers().front().make(scratch.path());
    Store store(scratch.store());
    const Bodies bodies(store);
    tails(store, *floor, samples / 10);  // what an engine makes at its first runs is there
    const Tails alone = tails(store, *floor, samples);
    const std::uint64_t before = bodies.reached();
    Writers writers(scratch.store(), writer_count);
    wait_for(bodies, before + static_cast<std::uint64_t>(writer_count));
    writers.stop_one();
    start_waiting_runs(store, bodies, backlog);  // they have run, and are still to be carried into the tables
    const Tails among = tails(store, *floor, samples);
    crowded.runs.push_back(among.run);
    crowded.vs_runs.push_back(alone.run);
    beside.runs.push_back(among.run);
    beside.vs_runs.push_back(among.floor);
    floor_crowded.runs.push_back(among.floor);
    floor_crowded.vs_runs.push_back(alone.floor);
  }
  report.worked("crowd", static_cast<std::uint64_t>(samples));
  for (const Figure& figure : {crowded, beside, floor_crowded}) report.add(figure);
}

}  // namespace tenuto::bench
