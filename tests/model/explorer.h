// Runs a small concurrent program in all its interleavings.
//
// The threads of a Scenario are fibers of one real thread; they switch only before operations on ModelAtomic.
// The explorer runs the scenario again and again, depth first over the choice "which thread takes the next
// step", until every choice was tried: a scenario that ends without failure is proved for its size, unless it
// sets a bound on preemptions.
//
// Memory. A store that isn't seq_cst goes into a buffer of its thread, first in, first out; that the oldest
// entry reaches memory is a step of its own, chosen like the others. Loads see the own buffer first;
// read-modify-writes, seq_cst stores and futex calls wait until it is empty. This is x86-TSO: it finds a
// missing seq_cst store, and nothing that only weaker machines do: relaxed accesses that pass each other
// still rest on the written proofs.
//
// Reduction. Two steps of different threads that don't touch the same cell, or only read it, lead to the same
// state in either order. Sleep sets (Godefroid 1996) leave out runs that differ only so, and nothing else:
// every end of the scenario and everything a thread sees on the way is covered; explorer_model.cpp checks
// that against runs without reduction. Plain variables must therefore be ordered by the atomics, as the data
// race rules demand anyway (TSan watches that in the stress tests).
//
// A failure is a broken model_check(), an end at which somebody sleeps who should not (a lost wake-up), or a
// run that doesn't end. It comes with the schedule: replay() runs that again, under a debugger for example.
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
  // When no step is left: threads have ended or sleep, all stores reached memory.
  virtual void check() {}
  // Whether threads may still sleep then. If not, sleepers are a failure.
  [[nodiscard]] virtual bool may_end_asleep() const { return false; }

 private:
  std::uint32_t thread_count_;
};

// In a scenario: ends the run as a failure unless `condition` holds.
void model_check(bool condition, const char* what);

enum class Memory : std::uint8_t { sequential, store_buffers };

struct ExploreOptions {
  Memory memory = Memory::store_buffers;
  // Set: no reduction, and only runs in which a thread that could go on is interrupted so many times at most.
  std::optional<std::uint32_t> preemptions_max = std::nullopt;
  std::uint64_t runs_max = 20'000'000;  // more is a failure: the scenario is too large to be proved
  std::uint32_t steps_max = 2'000;      // of one run; more is a failure: it doesn't end
};

struct Exploration {
  bool failed = false;
  std::string failure;
  std::string schedule;     // of the failure: thread numbers, "~" before one whose store reached memory
  std::uint64_t runs = 0;   // that went to an end
  std::uint64_t steps = 0;  // in all
};

using MakeScenario = std::function<std::unique_ptr<Scenario>()>;

Exploration explore(const MakeScenario& make, ExploreOptions options = {});
Exploration replay(const MakeScenario& make, const std::string& schedule, ExploreOptions options = {});

}  // namespace tenuto::testing
