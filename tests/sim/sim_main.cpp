// The simulator as a program.
//
//   sim_engine --seed N [--steps N] [--runs N] [--trace]   one seed, twice: both must do the same
//   sim_engine --seeds A..B                                 a range
//   sim_engine --minutes M [--seeds A]                      from A on, for so long
//   sim_engine --plants                                     each planted bug must be found
//
// The last line is `sim: inputs N, violations N, crashes N`; the exit code is 1 after a violation.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/sim/simulation.h"

namespace tenuto::testing {
namespace {

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
  double minutes = 0;
  bool plants = false;
  std::string program;
  SimOptions options;
};

Arguments arguments_now;

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "usage: sim_engine [--seed N | --seeds A..B] [--minutes M] [--steps N] [--runs N] [--trace] "
               "[--plants]\n");
  std::exit(2);
}

std::uint64_t number(const char* text) {
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, 10);
  if (end == text) usage();
  return value;
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  arguments.program = values[0];
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    if (name == "--trace") {
      arguments.options.prints = true;
      continue;
    }
    if (name == "--plants") {
      arguments.plants = true;
      continue;
    }
    if (i + 1 == count) usage();
    const char* value = values[++i];
    if (name == "--seed") {
      arguments.first = arguments.last = number(value);
    } else if (name == "--seeds") {
      const char* dots = std::strstr(value, "..");
      arguments.first = number(value);
      arguments.last = dots == nullptr ? arguments.first : number(dots + 2);
    } else if (name == "--minutes") {
      arguments.minutes = std::atof(value);
    } else if (name == "--steps") {
      arguments.options.steps_max = number(value);
    } else if (name == "--runs") {
      arguments.options.runs_max = number(value);
    } else {
      usage();
    }
  }
  return arguments;
}

void print_command(const SimOptions& options) {
  std::fprintf(stderr, "  again: %s --seed %llu --steps %llu --runs %zu --trace\n",
               arguments_now.program.c_str(), static_cast<unsigned long long>(options.seed),
               static_cast<unsigned long long>(options.steps_max), options.runs_max);
}

// The same seed with fewer runs, as long as something goes wrong; then no more steps than it takes.
SimOptions shrunk(SimOptions options, const SimResult& failed) {
  options.prints = false;
  if (failed.steps < options.steps_max) options.steps_max = failed.steps;
  for (std::size_t runs = 1; runs < options.runs_max; ++runs) {
    SimOptions fewer = options;
    fewer.runs_max = runs;
    const SimResult result = simulate(fewer);
    if (result.violation.empty()) continue;
    if (result.steps < fewer.steps_max) fewer.steps_max = result.steps;
    return fewer;
  }
  return options;
}

void broken_invariant(const char* message) {
  std::fprintf(stderr, "seed=%llu: %s\n", static_cast<unsigned long long>(arguments_now.options.seed),
               message);
  print_command(arguments_now.options);
  std::abort();
}

struct Totals {
  std::uint64_t inputs = 0;
  std::uint64_t violations = 0;
  std::uint64_t crashes = 0;
};

void run_seed(std::uint64_t seed, bool twice, Totals& totals) {
  SimOptions& options = arguments_now.options;
  options.seed = seed;
  const SimResult result = simulate(options);
  ++totals.inputs;
  totals.crashes += result.crashes;
  if (!result.violation.empty()) {
    ++totals.violations;
    std::fprintf(stderr, "seed=%llu step=%llu: %s\n", static_cast<unsigned long long>(seed),
                 static_cast<unsigned long long>(result.steps), result.violation.c_str());
    print_command(shrunk(options, result));
  } else if (twice) {
    SimOptions silent = options;
    silent.prints = false;
    if (simulate(silent).trace_hash == result.trace_hash) return;
    ++totals.violations;
    std::fprintf(stderr, "seed=%llu: two executions differ\n", static_cast<unsigned long long>(seed));
    print_command(options);
  }
}

Totals run_seeds() {
  // One seed in so many is run twice.
  constexpr std::uint64_t kTwice = 10;
  const auto begin = std::chrono::steady_clock::now();
  const auto minutes_over = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() >=
           arguments_now.minutes * 60;
  };
  Totals totals;
  const bool timed = arguments_now.minutes > 0;
  for (std::uint64_t seed = arguments_now.first; timed ? !minutes_over() : seed <= arguments_now.last;
       ++seed) {
    run_seed(seed, seed % kTwice == 0 || (!timed && arguments_now.first == arguments_now.last), totals);
    if (totals.violations == 10) break;  // enough to look at
  }
  return totals;
}

// Each planted bug must be found within so many seeds.
Totals run_plants() {
  constexpr std::uint64_t kSeedsMax = 500;
  struct Planted {
    const char* name;
    Plant plant;
    const char* found;  // a part of the violation that must be found
  };
  const Planted plants[] = {
      {"lying sync", Plant::lying_sync, ""},
      {"acknowledged before the gate", Plant::early_ack, ""},
      {"no gates", Plant::no_gates, ""},
      {"forgetful kill", Plant::forgetful_kill, "the end of the process took what was written"},
      {"a hole in what was written", Plant::lost_middle, "what was written before is lost"},
      {"hasty close", Plant::hasty_close, "the engine was closed"},
      {"misheard end", Plant::misheard_end, "another end was told"},
      {"eager retention", Plant::eager_retention, "forgotten too early"},
      {"no retention by age", Plant::no_retention, "kept for too long"},
      {"no retention by count", Plant::no_retention, "too many ended runs are kept"},
      {"no window", Plant::no_window, "more segments than its window"},
      {"roomy tables", Plant::roomy_tables, "yet they were written"},
  };
  Totals totals;
  for (const auto& [name, plant, found] : plants) {
    SimOptions options = arguments_now.options;
    options.plant = plant;
    SimResult result;
    for (options.seed = 1; options.seed <= kSeedsMax; ++options.seed) {
      result = simulate(options);
      ++totals.inputs;
      totals.crashes += result.crashes;
      if (!result.violation.empty() && result.violation.find(found) != std::string::npos) break;
      result.violation.clear();
    }
    std::printf("planted %s: %s\n", name,
                result.violation.empty()
                    ? "NOT FOUND"
                    : ("found by seed " + std::to_string(options.seed) + ": " + result.violation).c_str());
    if (result.violation.empty()) ++totals.violations;
  }
  return totals;
}

}  // namespace
}  // namespace tenuto::testing

int main(int count, char** values) {
  using namespace tenuto::testing;
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  arguments_now = parse(count, values);
  tenuto::set_fatal_handler(broken_invariant);
  const Totals totals = arguments_now.plants ? run_plants() : run_seeds();
  std::printf(
      "sim: inputs %llu, violations %llu, crashes %llu\n", static_cast<unsigned long long>(totals.inputs),
      static_cast<unsigned long long>(totals.violations), static_cast<unsigned long long>(totals.crashes));
  return totals.violations == 0 ? 0 : 1;
}
