// All interleavings of appenders on core/journal/ring.h who commit by themselves under core/journal/commit_role.h: what
// is published is taken once, in the order of positions, whole, and nothing is forgotten.
#include "core/journal/ring.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "core/journal/commit_role.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

// The ring's memory, but that it doesn't zero what was taken.
class ForgetfulMemory : public RingMemory {
 public:
  using RingMemory::RingMemory;
  void zero(std::size_t, std::size_t) {}
};

// Thread t appends as many numbers from 10 t + 1 on as it is told, and after each looks after the committer's role, as an engine's thread that
// needs durability does.
template <class Role, class Memory>
class RingScenario final : public Scenario {
 public:
  RingScenario(std::vector<std::uint32_t> appends, std::size_t ring_bytes)
      : Scenario(static_cast<std::uint32_t>(appends.size())),
        appends_(std::move(appends)),
        ring_(Memory(ring_bytes), Position()) {}

  void run(std::uint32_t thread) override {
    Inline waiter(*this);
    for (std::uint32_t i = 0; i < appends_[thread]; ++i) {
      const std::uint64_t number = 10 * thread + i + 1;
      const Position end = ring_.append(ByteView(reinterpret_cast<const char*>(&number), 8), waiter);
      if (end == BasicRing<Memory>::kNever) {
        gave_up_ = true;
        return;
      }
      appended_[thread].emplace_back(end, number);
      commit();
    }
  }

  void check() override {
    std::size_t count = 0;
    for (const auto& own : appended_) {
      for (const auto& [end, number] : own) {
        const std::size_t index = end.value / 16 - 1;
        ++count;
        // Behind the hole of somebody who gave up nothing is taken.
        if (index >= taken_.size()) {
          model_check(gave_up_, "a published batch is forgotten");
        } else {
          model_check(taken_[index] == number, "a batch is not where its position says");
        }
      }
    }
    model_check(taken_.size() <= count, "something is taken twice");
  }

 private:
  // As Committer::run_one(), until nothing is left to do.
  bool commit() {
    bool did_any = false;
    while (role_.try_take()) {
      bool did = false;
      // A group of one batch, so that it doesn't wrap.
      while (true) {
        const auto group = ring_.peek(16);
        if (group.begin == group.end) break;
        model_check(group.begin.value == taken_.size() * 16, "the group does not follow the one before");
        std::uint64_t number = 0;
        std::memcpy(&number, group.pieces[0].data() + 8, 8);
        taken_.push_back(number);
        taken_count_ = taken_count_ + 1;
        ring_.release(group.end);
        did = true;
      }
      did_any |= did;
      if (!role_.give_back() && !did) break;
    }
    return did_any;
  }

  class Inline final : public FullWaiter {
   public:
    explicit Inline(RingScenario& scenario) : scenario_(scenario) {}
    // Gives up rather than spin when it can't commit: the explorer has no fairness.
    bool wait() override { return scenario_.commit(); }

   private:
    RingScenario& scenario_;
  };

  const std::vector<std::uint32_t> appends_;  // of each thread
  BasicRing<Memory> ring_;
  Role role_;
  std::vector<std::uint64_t> taken_;   // by the holder of the role
  Plain<std::size_t> taken_count_{0};  // what the role guards, too
  std::array<std::vector<std::pair<Position, std::uint64_t>>, 3> appended_;
  bool gave_up_ = false;
};

using Real = RingScenario<CommitRole, RingMemory>;

using Appends = std::vector<std::uint32_t>;
const ExploreOptions kBounded{.memory = Memory::sequential, .preemptions_max = 2};

const Model ring_model(
    "RingModel", {"core/journal/ring.h", "core/journal/commit_role.h"},
    {
        holds<Real>("TwoThreadsAppendAndCommit", Appends{1, 1}, std::size_t{64}),
        holds<Real>("TheRingIsFull", Appends{1, 1}, std::size_t{16}),
        holds<Real>("TheRingWraps", Appends{2, 1}, std::size_t{32}),
        // Larger ones in sequential memory, up to a bound: what goes wrong with so few interruptions would be found.
        large(holds<Real>("TwoThreadsAppendTwice", kBounded, Appends{2, 2}, std::size_t{64})),
        large(holds<Real>("ThreeThreadsAppendAndCommit", kBounded, Appends{1, 1, 1}, std::size_t{64})),
        large(holds<Real>("TheRingIsFullAndWraps", kBounded, Appends{3, 3}, std::size_t{32})),
    },
    {{"core/journal/ring.h", "memory_.load(offset(end))", "no atomic but RingMemory::load()"}});

// Canaries.

// The role as a flag: its holder doesn't learn that somebody came by.
class FlagRole {
 public:
  bool try_take() { return !busy_.exchange(true, std::memory_order_acq_rel); }
  bool give_back() {
    busy_.store(false, std::memory_order_release);
    return false;
  }

 private:
  Atomic<bool> busy_{false};
};
TEST(RingModel, FindsARoleThatForgetsWhoCameBy) {
  expect_found<RingScenario<FlagRole, RingMemory>>(Appends{1, 1}, std::size_t{64});
}

// The ring's own check of the word meets it first.
TEST(RingModel, FindsARingThatLeavesOldWordsBehind) {
  set_fatal_handler([](const char*) { model_check(false, "an old word is taken for published"); });
  expect_found<RingScenario<CommitRole, ForgetfulMemory>>(Appends{3}, std::size_t{32});
  set_fatal_handler(nullptr);
}

}  // namespace
}  // namespace tenuto::testing
