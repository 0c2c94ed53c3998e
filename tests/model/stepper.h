// One run of a scenario, step by step: threads, their memory, sleepers. It knows which steps are possible and performs
// the one it is told; explorer.cpp decides.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/model/explorer.h"
#include "tests/model/fiber.h"
#include "tests/model/memory.h"
#include "tests/model/model_atomic.h"

namespace tenuto::testing {

// Thread `thread` takes its next operation, which reads or goes behind `message`; 0 where that is not a question.
struct Step {
  std::uint32_t thread = 0;
  MessageId message = 0;
};
// Of each thread, the messages that its next operation may choose.
using StepSet = std::array<MessageSet, kThreadsMax>;

// What a thread is about to do.
struct Operation {
  enum class Kind : std::uint8_t {
    go_on,  // nothing that others see
    load,
    store,
    update,
    compare_exchange,
    lock,
    sleep,     // on a futex, if its word is `expected`
    queue_up,  // at a condition variable
    wake,
  };
  Kind kind = Kind::go_on;
  std::uint32_t place = 0;
  std::memory_order order = std::memory_order_relaxed;
  std::memory_order failure = std::memory_order_relaxed;
  std::uint64_t expected = 0;
};

class Stepper {
 public:
  explicit Stepper(Memory mode) : mode_(mode), memory_(mode) {}

  // Starts a run: every thread stands before its first operation.
  void begin(Scenario& scenario);
  // Unwinds the threads that haven't ended. Before the scenario dies.
  void abandon();

  [[nodiscard]] StepSet possible_steps() const;
  // Whether the two steps, both possible, lead to the same state in either order and don't hinder each other.
  // Exact, or errs towards "no".
  [[nodiscard]] bool are_independent(Step a, Step b) const;
  void perform(Step step);

  // When no step is possible: fails the run if somebody sleeps who should not, or by the scenario's own
  // check.
  void check_end();
  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
  [[nodiscard]] bool is_endless() const { return is_endless_; }
  void fail(std::string what);
  void fail_as_endless();

  // Called by the running thread, through model_atomic.h.
  std::uint64_t load(ModelCell& cell, std::memory_order order);
  void store(ModelCell& cell, std::uint64_t word, std::memory_order order);
  std::uint64_t begin_update(ModelCell& cell, std::memory_order order);
  void end_update(ModelCell& cell, std::uint64_t word);
  std::uint64_t compare_exchange(ModelCell& cell, std::uint64_t expected, std::uint64_t desired,
                                 std::memory_order success, std::memory_order failure);
  std::uint64_t plain_load(ModelCell& cell);
  void plain_store(ModelCell& cell, std::uint64_t word);
  void made(ModelCell& cell);
  void gone(ModelCell& cell);
  ModelCell& cell_at(const void* address, std::uint64_t word);
  void futex_wait(ModelCell& cell, std::uint64_t expected);
  void wake(ModelCell& cell, bool all, bool is_futex);
  void lock(ModelCell& cell);
  void unlock(ModelCell& cell);
  void wait(ModelCell& queue, ModelCell& mutex);

 private:
  static constexpr std::uint32_t kNowhere = ~0u;
  struct Thread {
    Fiber fiber;
    Operation next;  // what it does when it is resumed
    std::uint32_t sleeps_on = kNowhere;
  };
  struct Abandoned {};

  // Leaves the running thread until the explorer lets it do what it announces. The chosen message.
  MessageId await_turn(const Operation& operation);
  [[nodiscard]] MessageSet choices(std::uint32_t thread) const;
  [[nodiscard]] bool writes(const Operation& operation, MessageId message) const;
  void unless_endless(std::uint32_t place);
  void read(std::uint32_t place, MessageId id, std::memory_order order, bool is_update);
  void write(std::uint32_t place, MessageId behind, std::uint64_t word, std::memory_order order,
             bool is_update);
  void unless_race(bool is_ordered);
  void run_thread(std::uint32_t index);
  void fall_asleep(std::uint32_t place);

  Memory mode_;
  RunMemory memory_;
  Scenario* scenario_ = nullptr;
  std::vector<std::unique_ptr<Thread>> threads_;  // kept from run to run for their stacks
  std::unordered_map<const void*, std::unique_ptr<ModelCell>> words_;
  std::uint32_t count_ = 0;
  std::uint32_t running_ = 0;
  Step chosen_;
  bool abandoning_ = false;
  bool is_endless_ = false;
  std::optional<std::string> failure_;
};

}  // namespace tenuto::testing
