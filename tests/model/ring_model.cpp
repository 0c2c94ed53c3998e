// All interleavings of appenders on core/journal/ring.h who commit by themselves under core/journal/commit_role.h: what
// is published is taken once, in the order of positions, whole, and nothing is forgotten.
#include "core/journal/ring.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "core/journal/commit_role.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

// The ring's memory with every word in the hands of the explorer. Bytes are written and read in whole words.
template <bool kZeroes>
class ModelMemory {
 public:
  explicit ModelMemory(std::size_t bytes)
      : words_(std::make_unique<Atomic<std::uint64_t>[]>(bytes / 8)), size_(bytes) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint64_t load(std::size_t offset) const {
    return words_[offset / 8].load(std::memory_order_acquire);
  }
  void publish(std::size_t offset, std::uint64_t v) {
    words_[offset / 8].store(v, std::memory_order_release);
  }
  void write(std::size_t offset, ByteView bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(8), offset += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), 8);
      words_[offset / 8].store(word, std::memory_order_relaxed);
    }
  }
  void zero(std::size_t offset, std::size_t bytes) {
    if (!kZeroes) return;
    for (std::size_t i = 0; i < bytes; i += 8) words_[(offset + i) / 8].store(0, std::memory_order_relaxed);
  }
  // Lives until the next call, which is enough for the pieces of one group that doesn't wrap.
  [[nodiscard]] ByteView view(std::size_t offset, std::size_t bytes) const {
    if (bytes == 0) return {};
    seen_.clear();
    for (std::size_t i = 0; i < bytes; i += 8) {
      const std::uint64_t word = words_[(offset + i) / 8].load(std::memory_order_relaxed);
      seen_.append(reinterpret_cast<const char*>(&word), 8);
    }
    return seen_;
  }

 private:
  std::unique_ptr<Atomic<std::uint64_t>[]> words_;
  std::size_t size_;
  mutable Bytes seen_;
};

// Thread t appends the numbers 10 t, 10 t + 1 … and after each looks after the committer's role, as an engine's thread that
// needs durability does.
template <class Role, class Memory>
class RingScenario final : public Scenario {
 public:
  RingScenario(std::uint32_t threads, std::uint32_t appends, std::size_t ring_bytes)
      : Scenario(threads), appends_(appends), ring_(Memory(ring_bytes), Position()) {}

  void run(std::uint32_t thread) override {
    Inline waiter(*this);
    for (std::uint32_t i = 0; i < appends_; ++i) {
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

  const std::uint32_t appends_;
  BasicRing<Memory> ring_;
  Role role_;
  std::vector<std::uint64_t> taken_;  // by the holder of the role
  std::array<std::vector<std::pair<Position, std::uint64_t>>, 3> appended_;
  bool gave_up_ = false;
};

using Zeroing = ModelMemory<true>;
using Real = RingScenario<CommitRole, Zeroing>;

TEST(RingModel, TwoThreadsAppendAndCommit) {
  expect_holds<Real>(2u, 1u, std::size_t{64});
}
// Larger ones in sequential memory, up to a bound: what goes wrong with so few interruptions would be found.
const ExploreOptions kBounded{.memory = Memory::sequential, .preemptions_max = 2};
TEST(RingModel, TwoThreadsAppendTwice) {
  expect_holds<Real>(kBounded, 2u, 2u, std::size_t{64});
}
TEST(RingModel, ThreeThreadsAppendAndCommit) {
  expect_holds<Real>(kBounded, 3u, 1u, std::size_t{64});
}
TEST(RingModel, TheRingIsFullAndWraps) {
  expect_holds<Real>(kBounded, 2u, 3u, std::size_t{32});
}

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
  expect_found<RingScenario<FlagRole, Zeroing>>(2u, 1u, std::size_t{64});
}

// The ring's own check of the word meets it first.
TEST(RingModel, FindsARingThatLeavesOldWordsBehind) {
  set_fatal_handler([](const char*) { model_check(false, "an old word is taken for published"); });
  expect_found<RingScenario<CommitRole, ModelMemory<false>>>(1u, 3u, std::size_t{32});
  set_fatal_handler(nullptr);
}

}  // namespace
}  // namespace tenuto::testing
