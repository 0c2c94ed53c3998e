// One run of a scenario, step by step: threads, store buffers, futex sleepers. It knows which steps are
// possible and performs the one it is told; explorer.cpp decides.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/explorer.h"
#include "tests/model/fiber.h"
#include "tests/model/model_atomic.h"

namespace tenuto::testing {

// A step is a number: thread t taking its next operation is t, its oldest buffered store reaching memory is
// kThreadsMax + t. Sets of steps are bit masks.
using Step = std::uint32_t;
using StepSet = std::uint32_t;
inline constexpr std::uint32_t kThreadsMax = 4;

enum class Access : std::uint8_t { none, read, write };

// What a step does to shared memory.
struct Effect {
  Step step = 0;
  Access access = Access::none;
  const ModelCell* cell = nullptr;
  bool needs_empty_buffer = false;
  // Of a store into the buffer and of its way to memory: counts in its thread from 1.
  std::uint32_t store_number = 0;
};

// Whether the two steps, both possible, lead to the same state in either order and don't hinder each other.
// This must be exact or err towards "no".
[[nodiscard]] bool are_independent(const Effect& a, const Effect& b);

class Stepper {
 public:
  explicit Stepper(Memory memory) : memory_(memory) {}

  // Starts a run: every thread stands before its first operation.
  void begin(Scenario& scenario);
  // Unwinds the threads that haven't ended. Before the scenario dies.
  void abandon();

  [[nodiscard]] StepSet possible_steps() const;
  // Of a possible step.
  [[nodiscard]] Effect effect_of(Step step) const;
  void perform(Step step);

  // When no step is possible: fails the run if somebody sleeps who should not, or by the scenario's own
  // check.
  void check_end();
  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
  void fail(std::string what);

  // Called by the running thread, through model_atomic.h.
  std::uint64_t load(const ModelCell& cell);
  void store(ModelCell& cell, std::uint64_t word, bool is_buffered);
  void before_update(ModelCell& cell);
  void futex_wait(ModelCell& cell, std::uint64_t expected);
  void futex_wake_one(ModelCell& cell);

 private:
  struct Store {
    ModelCell* cell;
    std::uint64_t word;
    std::uint32_t number;
  };
  struct Thread {
    Fiber fiber;
    Effect next;  // what it does when it is resumed
    std::uint32_t store_count = 0;
    const ModelCell* sleeps_on = nullptr;  // a futex
    std::deque<Store> buffer;
  };
  struct Abandoned {};

  // Leaves the running thread until the explorer lets it do what it announces.
  void await_turn(Effect effect);
  void await_turn_to_write(const ModelCell& cell) { await_turn({running_, Access::write, &cell, true, 0}); }
  void run_thread(std::uint32_t index);

  Memory memory_;
  Scenario* scenario_ = nullptr;
  std::vector<std::unique_ptr<Thread>> threads_;  // kept from run to run for their stacks
  std::uint32_t count_ = 0;
  std::uint32_t running_ = 0;
  bool abandoning_ = false;
  std::optional<std::string> failure_;
};

}  // namespace tenuto::testing
