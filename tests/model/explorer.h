// Runs a small concurrent program in all its executions.
//
// The threads of a Scenario are fibers of one real thread; they switch only before operations of model_atomic.h. The explorer
// runs the scenario again and again, depth first over two choices: which thread takes the next step, and, where memory leaves
// it open, which value a load reads and where in the modification order a store goes. A scenario that ends without failure is
// proved for its size, unless it sets a bound on preemptions.
//
// Memory. Memory::weak follows C++20: a relaxed load may read any value that it isn't bound by happens-before or coherence to know to be
// overwritten; release and acquire hand over what a thread knows, through release sequences, too; a read-modify-write reads its
// neighbour in the modification order, which need not be the order of execution; there is one order of all seq_cst operations, as
// memory.h says it. Plain memory (Plain, AtomicRef's words, what is constructed and destroyed) is watched for data races.
//   What it leaves out: a load never reads a store that is executed later (load buffering: values out of thin air and a few
// outcomes of ARM and POWER); compare_exchange_weak never fails without cause; there are no fences (core/ has none,
// ThreadSanitizer doesn't know them). Loops that wait for a value must sleep or give up: no fairness is assumed.
//
// Reduction. Two steps of different threads that don't touch the same location, or only read it, lead to the same state in
// either order; so do, in weak memory, a load that reads a given value and a store of that location. Sleep sets (Godefroid 1996) leave out runs that differ only so, and nothing else: every end of the scenario and everything a
// thread sees on the way is covered; explorer_model.cpp checks that against runs without reduction.
//
// A failure is a broken model_check(), a data race, an end at which somebody sleeps who should not (a lost wake-up), or a run that
// doesn't end. It comes with the schedule: replay() runs that again, under a debugger for example.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tenuto::testing {

// A program for `thread_count` threads with its shared state. Built anew for each run; deterministic but for
// the schedule.
class Scenario {
 public:
  explicit Scenario(std::uint32_t thread_count) : thread_count_(thread_count) {}
  virtual ~Scenario() = default;
  [[nodiscard]] std::uint32_t thread_count() const { return thread_count_; }

  virtual void run(std::uint32_t thread) = 0;
  // When no step is left: threads have ended or sleep. Loads read the last values.
  virtual void check() {}
  // Whether threads may still sleep then. If not, sleepers are a failure.
  [[nodiscard]] virtual bool may_end_asleep() const { return false; }

 private:
  std::uint32_t thread_count_;
};

// In a scenario: ends the run as a failure unless `condition` holds.
void model_check(bool condition, const char* what);

enum class Memory : std::uint8_t { sequential, weak };

struct ExploreOptions {
  Memory memory = Memory::weak;
  // Set: no reduction, and only runs in which a thread that could go on is interrupted so many times at most.
  std::optional<std::uint32_t> preemptions_max = std::nullopt;
  std::uint64_t runs_max = 20'000'000;  // more is a failure: the scenario is too large to be proved
  std::uint32_t steps_max = 2'000;      // of one run; more is a failure: it doesn't end
};

struct Exploration {
  bool failed = false;
  bool endless = false;  // failed, because a run doesn't end
  std::string failure;
  std::string schedule;     // of the failure: "thread:message" for each step
  std::uint64_t runs = 0;   // that went to an end
  std::uint64_t steps = 0;  // in all
};

using MakeScenario = std::function<std::unique_ptr<Scenario>()>;

Exploration explore(const MakeScenario& make, ExploreOptions options = {});
Exploration replay(const MakeScenario& make, const std::string& schedule, ExploreOptions options = {});

}  // namespace tenuto::testing
