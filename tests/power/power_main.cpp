// Power cuts of a whole store: journal, tables, inbox, shared page and the folders of all of them.
//
// usage: power_cut [--states N] [--minutes M] [--seed S] [--jobs N] [--scratch DIR]
//        power_cut --plants            the same with syncs that lie, which must be noticed
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <random>
#include <vector>

#include "core/base/check.h"
#include "tests/power/chain.h"

using namespace tenuto;
using namespace tenuto::testing;

namespace {

constexpr std::uint64_t kStatesOfNote = 2000;  // so many meet what is rare

// Lets processes do chains until enough is done; returns how many of them died.
std::uint64_t run_jobs(const Setting& setting, Counters& counters, std::uint64_t seed, unsigned jobs) {
  std::fflush(stdout);
  std::vector<pid_t> children;
  for (unsigned job = 0; job < jobs; ++job) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const std::string folder = setting.scratch + "/job-" + std::to_string(job);
      for (std::uint64_t chain = 0; !is_over(setting, counters); ++chain)
        run_chain(setting, counters, folder, seed + chain * jobs + job);
      std::filesystem::remove_all(folder);
      std::fflush(stdout);
      ::_exit(0);
    }
    children.push_back(pid);
  }
  std::uint64_t crashes = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status == 0) continue;
    ++crashes;
    std::printf("CRASH: process %d ended with status %x; what it had open is in %s\n",
                static_cast<int>(child), status, setting.scratch.c_str());
  }
  return crashes;
}

Counters& shared_counters() {
  void* memory = ::mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  TN_CHECK(memory != MAP_FAILED);
  return *new (memory) Counters();
}

// Memory that is a folder, where there is: nothing of a test needs a disk.
std::string default_scratch() {
  const char* base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  return std::string(base) + "/tenuto-power-" + std::to_string(::getpid());
}

// Whether the plant is noticed in `percent` of the states at least.
bool notices(const char* name, const Lies& lies, Setting setting, std::uint64_t seed, std::uint64_t percent) {
  Counters& counters = shared_counters();
  setting.lies = lies;
  setting.is_control = true;
  setting.states_wanted = 300;
  const std::uint64_t crashes = run_jobs(setting, counters, seed, 2);
  const std::uint64_t noticed = counters.violations.load();
  const std::uint64_t states = counters.states.load();
  const bool enough = crashes == 0 && noticed * 100 >= percent * states && noticed > 0;
  std::printf("planted %s: noticed in %llu of %llu states%s\n", name,
              static_cast<unsigned long long>(noticed), static_cast<unsigned long long>(states),
              enough ? "" : ", TOO FEW");
  return enough;
}

int plants(const Setting& setting, std::uint64_t seed) {
  bool all = notices("no sync at all", {true, true, true}, setting, seed, 90);
  all &= notices("no sync of data", {true, false, false}, setting, seed, 90);
  all &= notices("meta pages that are not synced", {false, true, false}, setting, seed, 0);
  all &= notices("folders that are not synced", {false, false, true}, setting, seed, 0);
  return all ? 0 : 1;
}

int usage() {
  std::fprintf(
      stderr,
      "usage: power_cut [--states N] [--minutes M] [--seed S] [--jobs N] [--scratch DIR] [--plants]\n");
  return 2;
}

unsigned long long shown(const std::atomic<std::uint64_t>& value) {
  return value.load();
}

int campaign(const Setting& setting, std::uint64_t seed, unsigned jobs) {
  Counters& counters = shared_counters();
  const std::uint64_t crashes = run_jobs(setting, counters, seed, jobs);
  std::printf(
      "power: %llu lives, %llu operations; %llu in doubt, %llu runs forgotten (of all states); %llu segments "
      "recycled, %llu commands\n",
      shown(counters.lives), shown(counters.operations), shown(counters.pending), shown(counters.forgotten),
      shown(counters.recycled), shown(counters.commands));
  const bool did_enough = counters.states < kStatesOfNote ||
                          (counters.forgotten > 0 && counters.recycled > 0 && counters.commands > 0);
  if (!did_enough) std::printf("power: too little was met for the states to mean anything\n");
  std::printf("power: inputs %llu, violations %llu, crashes %llu\n", shown(counters.states),
              shown(counters.violations), static_cast<unsigned long long>(crashes));
  return counters.violations + crashes == 0 && did_enough ? 0 : 1;
}

struct Arguments {
  Setting setting;
  std::uint64_t seed = std::random_device()();
  std::uint64_t states = 0;
  std::uint64_t minutes = 0;
  unsigned jobs = 2;
  bool plants = false;
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--plants") {
      arguments.plants = true;
      continue;
    }
    if (++i == argc) return false;
    const std::uint64_t number = std::strtoull(argv[i], nullptr, 10);
    if (option == "--states") {
      arguments.states = number;
    } else if (option == "--minutes") {
      arguments.minutes = number;
    } else if (option == "--seed") {
      arguments.seed = number;
    } else if (option == "--jobs") {
      arguments.jobs = static_cast<unsigned>(number);
    } else if (option == "--scratch") {
      arguments.setting.scratch = argv[i];
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  Setting& setting = arguments.setting;
  setting.scratch = default_scratch();
  if (!parse(argc, argv, arguments)) return usage();
  if (arguments.minutes == 0) setting.states_wanted = arguments.states == 0 ? 5000 : arguments.states;
  setting.until = std::chrono::steady_clock::now() + std::chrono::minutes(arguments.minutes);
  std::filesystem::create_directories(setting.scratch);
  std::printf("power: seed %llu\n", static_cast<unsigned long long>(arguments.seed));
  const int result =
      arguments.plants ? plants(setting, arguments.seed) : campaign(setting, arguments.seed, arguments.jobs);
  // What was wrong is kept.
  if (result == 0 || arguments.plants) std::filesystem::remove_all(setting.scratch);
  return result;
}
