#include "bench/macro/child.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "bench/harness.h"
#include "bench/macro/waiting_runs.h"

namespace tenuto::bench {

namespace {

// Enough runs that what an engine makes at its first ones is there.
constexpr std::uint64_t kWarmRuns = 4096;

double resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) throw std::runtime_error("can't read /proc/self/statm");
  unsigned long total = 0, resident = 0, shared = 0;
  const int got = std::fscanf(file, "%lu %lu %lu", &total, &resident, &shared);
  std::fclose(file);
  if (got != 3) throw std::runtime_error("can't read /proc/self/statm");
  return static_cast<double>(resident - shared) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// For the parent.
void tell(double seconds, double bytes) {
  std::printf("%.9f %.0f\n", seconds, bytes);
  std::fflush(stdout);
}

void open_store(const std::string& path) {
  const double before = resident_bytes();
  const double begin = now();
  const Store store(path);
  const double seconds = now() - begin;
  tell(seconds, resident_bytes() - before);
}

void fill_store(const std::string& path, std::uint64_t runs, bool die) {
  Store store(path);
  const Bodies bodies(store);
  start_waiting_runs(store, bodies, kWarmRuns);
  const double before = resident_bytes();
  const double seconds = seconds_of([&] { start_waiting_runs(store, bodies, runs); });
  store.run_one(Workflow(kOne));  // its end is durable, so is all before it
  tell(seconds, resident_bytes() - before);
  if (die) std::raise(SIGKILL);
}

[[noreturn]] void send_commands(const std::string& path) {
  constexpr auto kInterval = std::chrono::milliseconds(100);
  const Workflow workflow(kOne);
  tenuto_engine_options options = TENUTO_ENGINE_OPTIONS_INIT;
  options.mode = TENUTO_OPEN_CLIENT;
  tenuto_engine* engine = nullptr;
  check(tenuto_engine_open(path.data(), path.size(), &options, &engine));
  while (true) {
    tenuto_run* run = nullptr;
    check(tenuto_engine_start(engine, workflow.get(), nullptr, &run));
    tenuto_run_destroy(&run);
    std::this_thread::sleep_for(kInterval);
  }
}

}  // namespace

int child_main(const std::string& work, const std::string& path, std::uint64_t runs) {
  if (work == kOpen) {
    open_store(path);
  } else if (work == kSendCommands) {
    send_commands(path);
  } else {
    fill_store(path, runs, work == kFillAndDie);
  }
  return 0;
}

ChildFigures in_child(const char* work, const std::string& path, std::uint64_t runs) {
  ::sync();  // the first sync of the child would wait for all that was written before
  const std::string command = "exec '/proc/" + std::to_string(::getpid()) + "/exe' " + kChildWord + " " +
                              work + " '" + path + "' " + std::to_string(runs);
  std::FILE* child = ::popen(command.c_str(), "r");
  ChildFigures figures{};
  const int got = child == nullptr ? 0 : std::fscanf(child, "%lf %lf", &figures.seconds, &figures.bytes);
  if (child != nullptr) ::pclose(child);
  if (got != 2) throw std::runtime_error(std::string("the child could not ") + work + " " + path);
  return figures;
}

}  // namespace tenuto::bench
