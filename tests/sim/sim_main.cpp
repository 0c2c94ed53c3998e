// The simulator as a program.
//
//   sim_engine --seed N [--steps N] [--runs N] [--skip STEPS] [--keep NODES] [--trace]   one seed, twice
//   sim_engine --seeds A..B [--counts]          a range; with --counts everything must happen often enough
//   sim_engine --minutes M [--seeds A]          from A on, for so long
//   sim_engine --plants                         each planted bug must be found
//   sim_engine --shrinks                        and become a small case
//
// Each seed is executed twice, and both must do the same. The last line is `sim: inputs N, violations N, crashes N`; a crash is
// a process that died of a seed. The exit code is 0 only when the last two are zeros.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/sim/self_test.h"
#include "tests/sim/shrink.h"

namespace tenuto::testing {
namespace {

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
  double minutes = 0;
  bool plants = false;
  bool shrinks = false;
  bool counts = false;
  std::string program;
  SimOptions options;
};

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "usage: sim_engine [--seed N | --seeds A..B] [--minutes M] [--counts] [--steps N] [--runs N] "
               "[--skip STEPS] [--keep NODES] [--plant N] [--trace] [--plants] [--shrinks]\n");
  std::exit(2);
}

std::uint64_t number(const char* text) {
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, 10);
  if (end == text) usage();
  return value;
}

// All nodes but these.
SimDrop all_but(const std::string& text, SimOptions options) {
  options.drop.clear();
  SimDrop drop;
  for (const SimWorkflow& workflow : workflows_of(options)) {
    for (const SimNode& node : workflow.nodes) drop.insert(workflow.name + "." + node.name);
  }
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    drop.erase(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return drop;
}

bool parse_flag(const std::string& name, Arguments& arguments) {
  if (name == "--trace") {
    arguments.options.prints = true;
  } else if (name == "--plants") {
    arguments.plants = true;
  } else if (name == "--shrinks") {
    arguments.shrinks = true;
  } else if (name == "--counts") {
    arguments.counts = true;
  } else {
    return false;
  }
  return true;
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  arguments.program = values[0];
  const char* keep = nullptr;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    if (parse_flag(name, arguments)) continue;
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
    } else if (name == "--skip") {
      arguments.options.skip = StepSet::parse(value);
    } else if (name == "--keep") {
      keep = value;
    } else if (name == "--plant") {
      arguments.options.plant = static_cast<Plant>(number(value));
    } else {
      usage();
    }
  }
  arguments.options.seed = arguments.first;
  if (keep != nullptr) arguments.options.drop = all_but(keep, arguments.options);
  return arguments;
}

void print_counts(const Tally& tally, std::uint64_t inputs) {
  std::printf("what happened, in %llu seeds:\n", static_cast<unsigned long long>(inputs));
  for (std::size_t i = 0; i < std::size(kHappenings); ++i)
    std::printf("  %-28s %12llu\n", kHappenings[i].name, static_cast<unsigned long long>(tally.at(i)));
}

// Says what the generator did too seldom.
std::uint64_t check_counts(const Tally& tally) {
  std::uint64_t seldom = 0;
  for (std::size_t i = 0; i < std::size(kHappenings); ++i) {
    if (tally.at(i) >= kHappenings[i].least) continue;
    std::fprintf(stderr, "%s: %llu times, at least %llu are asked for (tally.h)\n", kHappenings[i].name,
                 static_cast<unsigned long long>(tally.at(i)),
                 static_cast<unsigned long long>(kHappenings[i].least));
    ++seldom;
  }
  return seldom;
}

class Run {
 public:
  explicit Run(Arguments arguments) : arguments_(std::move(arguments)) {}

  Totals run() {
    SimOptions options = arguments_.options;
    options.seed = arguments_.first;
    const bool timed = arguments_.minutes > 0;
    const std::uint64_t count = timed ? UINT64_MAX : arguments_.last - arguments_.first + 1;
    const auto begin = std::chrono::steady_clock::now();
    simulate_apart(options, count, true, [&](std::uint64_t seed, const Verdict& verdict) {
      take(seed, verdict);
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
      return totals_.violations + totals_.crashes < kEnough &&
             !(timed && passed.count() >= arguments_.minutes * 60);
    });
    if (totals_.inputs > 1) print_counts(tally_, totals_.inputs);
    if (arguments_.counts) totals_.violations += check_counts(tally_);
    return totals_;
  }

 private:
  static constexpr std::uint64_t kEnough = 10;  // to look at

  void take(std::uint64_t seed, const Verdict& verdict) {
    ++totals_.inputs;
    tally_.add(verdict.tally);
    if (verdict.kind == Verdict::Kind::fine) return;
    ++(verdict.kind == Verdict::Kind::crash ? totals_.crashes : totals_.violations);
    std::fprintf(stderr, "seed=%llu step=%llu: %s\n", static_cast<unsigned long long>(seed),
                 static_cast<unsigned long long>(verdict.steps), verdict.text.c_str());
    SimOptions options = arguments_.options;
    options.seed = seed;
    // One that hangs is not tried again and again.
    const bool hangs = verdict.text.rfind("hangs", 0) == 0;
    const bool is_single = arguments_.first == arguments_.last && arguments_.minutes <= 0;
    const bool is_shrunk = is_single || hangs;
    if (!is_shrunk) options = shrink(options, verdict, verdict.text.rfind("two executions", 0) == 0);
    std::fprintf(stderr, "  again: %s %s --trace\n", arguments_.program.c_str(),
                 arguments_of(options).c_str());
  }

  const Arguments arguments_;
  Totals totals_;
  Tally tally_;
};

void broken_invariant(const char* message) {
  std::fprintf(stderr, "%s\n", message);
  std::abort();
}

}  // namespace
}  // namespace tenuto::testing

int main(int count, char** values) {
  using namespace tenuto::testing;
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  const Arguments arguments = parse(count, values);
  tenuto::set_fatal_handler(broken_invariant);
  const Totals totals = arguments.plants    ? test_plants()
                        : arguments.shrinks ? test_shrinking()
                                            : Run(arguments).run();
  std::printf(
      "sim: inputs %llu, violations %llu, crashes %llu\n", static_cast<unsigned long long>(totals.inputs),
      static_cast<unsigned long long>(totals.violations), static_cast<unsigned long long>(totals.crashes));
  return totals.violations + totals.crashes == 0 ? 0 : 1;
}
