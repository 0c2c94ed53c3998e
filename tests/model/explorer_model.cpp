// The explorer proves itself on programs whose outcomes are known.
#include "tests/model/explorer.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/sync.h"
#include "core/sched/futex.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

struct Program final : Scenario {
  using Body = std::function<void(Program&)>;
  explicit Program(std::vector<Body> bodies)
      : Scenario(static_cast<std::uint32_t>(bodies.size())), bodies_(std::move(bodies)) {}
  void run(std::uint32_t thread) override { bodies_[thread](*this); }
  void check() override {
    if (at_end) at_end(*this);
  }

  Atomic<std::uint32_t> x{0};
  Atomic<std::uint32_t> y{0};
  std::uint32_t seen[4] = {0, 0, 0, 0};
  Body at_end;

 private:
  std::vector<Body> bodies_;
};

using Outcomes = std::set<std::string>;
using Bodies = std::vector<Program::Body>;

// Runs all executions and collects the first `seen` of each, and x and y at the end when `last` is set.
struct Observed {
  Outcomes outcomes;
  std::uint64_t runs = 0;
};
Observed observe(const Bodies& bodies, std::uint32_t seen, Memory memory = Memory::weak, bool last = false) {
  Observed result;
  const Exploration exploration = explore(
      [&] {
        auto program = std::make_unique<Program>(bodies);
        program->at_end = [&, seen, last](Program& p) {
          std::string outcome;
          for (std::uint32_t i = 0; i < seen; ++i) outcome += std::to_string(p.seen[i]);
          if (last) outcome += std::to_string(p.x.load()) + std::to_string(p.y.load());
          result.outcomes.insert(outcome);
        };
        return program;
      },
      {.memory = memory});
  EXPECT_FALSE(exploration.failed) << exploration.failure;
  result.runs = exploration.runs;
  return result;
}
Outcomes outcomes(const Bodies& bodies, std::uint32_t seen, Memory memory = Memory::weak) {
  return observe(bodies, seen, memory).outcomes;
}

TEST(Explorer, StepsThatDoNotMeetAreRunInOneOrder) {
  const auto count_x = [](Program& p) {
    p.x.fetch_add(1);
    p.x.fetch_add(1);
  };
  const auto count_y = [](Program& p) {
    p.y.fetch_add(1);
    p.y.fetch_add(1);
  };
  for (const Memory memory : {Memory::sequential, Memory::weak}) {
    EXPECT_EQ(observe({count_x, count_y}, 0, memory).runs, 1u);
    EXPECT_EQ(observe({count_x, count_x}, 0, memory).runs, 6u)
        << "two steps and two that all meet: 4 over 2 orders";
  }
}

// The textbook's small programs, with every outcome that C++20 allows and no other.

Bodies store_buffering(std::memory_order store, std::memory_order load) {
  return {[=](Program& p) {
            p.x.store(1, store);
            p.seen[0] = p.y.load(load);
          },
          [=](Program& p) {
            p.y.store(1, store);
            p.seen[1] = p.x.load(load);
          }};
}

TEST(WeakMemory, BothThreadsMayMissTheOthersStoreUnlessAllIsSeqCst) {
  const Outcomes sequential{"01", "10", "11"};
  const Outcomes all{"00", "01", "10", "11"};
  EXPECT_EQ(outcomes(store_buffering(kRelaxed, kRelaxed), 2, Memory::sequential), sequential);
  EXPECT_EQ(outcomes(store_buffering(kRelaxed, kRelaxed), 2), all);
  EXPECT_EQ(outcomes(store_buffering(kRelease, kAcquire), 2), all);
  EXPECT_EQ(outcomes(store_buffering(kRelease, kSeqCst), 2), all);
  EXPECT_EQ(outcomes(store_buffering(kSeqCst, kAcquire), 2), all);
  EXPECT_EQ(outcomes(store_buffering(kSeqCst, kSeqCst), 2), sequential);
}

Bodies message_passing(std::memory_order store, std::memory_order load) {
  return {[=](Program& p) {
            p.x.store(1, kRelaxed);
            p.y.store(1, store);
          },
          [=](Program& p) {
            p.seen[0] = p.y.load(load);
            p.seen[1] = p.x.load(kRelaxed);
          }};
}

TEST(WeakMemory, AMessageNeedsReleaseAndAcquire) {
  EXPECT_EQ(outcomes(message_passing(kRelease, kAcquire), 2), (Outcomes{"00", "01", "11"}));
  EXPECT_EQ(outcomes(message_passing(kSeqCst, kSeqCst), 2), (Outcomes{"00", "01", "11"}));
  const Outcomes all{"00", "01", "10", "11"};
  EXPECT_EQ(outcomes(message_passing(kRelaxed, kAcquire), 2), all);
  EXPECT_EQ(outcomes(message_passing(kRelease, kRelaxed), 2), all);
}

TEST(WeakMemory, AReadModifyWriteOfAnyOrderCarriesAReleaseOn) {
  const auto program = [](bool by_update) {
    return Bodies{[](Program& p) {
                    p.x.store(1, kRelaxed);
                    p.y.store(1, kRelease);
                  },
                  [=](Program& p) {
                    if (by_update) {
                      std::uint32_t one = 1;
                      p.y.compare_exchange_strong(one, 2, kRelaxed);
                    } else if (p.y.load(kRelaxed) == 1) {
                      p.y.store(2, kRelaxed);
                    }
                  },
                  [](Program& p) {
                    p.seen[0] = p.y.load(kAcquire);
                    p.seen[1] = p.x.load(kRelaxed);
                  }};
  };
  EXPECT_FALSE(outcomes(program(true), 2).contains("20"));
  EXPECT_TRUE(outcomes(program(false), 2).contains("20"));
}

TEST(WeakMemory, ReadersAgreeOnOneLocationAndOnTwoOnlyBySeqCst) {
  const auto write_x = [](std::memory_order order) { return [=](Program& p) { p.x.store(1, order); }; };
  const auto write_y = [](std::memory_order order) { return [=](Program& p) { p.y.store(1, order); }; };
  const auto readers = [](std::memory_order order) {
    return Bodies{[=](Program& p) {
                    p.seen[0] = p.x.load(order);
                    p.seen[1] = p.y.load(order);
                  },
                  [=](Program& p) {
                    p.seen[2] = p.y.load(order);
                    p.seen[3] = p.x.load(order);
                  }};
  };
  const auto program = [&](std::memory_order store, std::memory_order load) {
    Bodies bodies = readers(load);
    bodies.emplace_back(write_x(store));
    bodies.emplace_back(write_y(store));
    return bodies;
  };
  EXPECT_TRUE(outcomes(program(kRelease, kAcquire), 4).contains("1010"));
  EXPECT_TRUE(outcomes(program(kSeqCst, kAcquire), 4).contains("1010"));
  EXPECT_FALSE(outcomes(program(kSeqCst, kSeqCst), 4).contains("1010"));

  const Bodies coherent{[](Program& p) { p.x.store(1, kRelaxed); },
                        [](Program& p) { p.x.store(2, kRelaxed); },
                        [](Program& p) {
                          p.seen[0] = p.x.load(kRelaxed);
                          p.seen[1] = p.x.load(kRelaxed);
                        },
                        [](Program& p) {
                          p.seen[2] = p.x.load(kRelaxed);
                          p.seen[3] = p.x.load(kRelaxed);
                        }};
  const Outcomes seen = outcomes(coherent, 4);
  EXPECT_TRUE(seen.contains("1212"));
  EXPECT_TRUE(seen.contains("0102"));
  EXPECT_FALSE(seen.contains("1221"));
  EXPECT_FALSE(seen.contains("1000"));
}

TEST(WeakMemory, StoresOfTwoThreadsMayEndInOppositeOrders) {
  const auto program = [](std::memory_order order) {
    return Bodies{[=](Program& p) {
                    p.x.store(1, order);
                    p.y.store(2, order);
                  },
                  [=](Program& p) {
                    p.y.store(1, order);
                    p.x.store(2, order);
                  }};
  };
  EXPECT_TRUE(observe(program(kRelease), 0, Memory::weak, true).outcomes.contains("11"));
  EXPECT_FALSE(observe(program(kSeqCst), 0, Memory::weak, true).outcomes.contains("11"));
}

TEST(WeakMemory, NoTwoReadModifyWritesReadTheSame) {
  const auto add = [](Program& p) { p.x.fetch_add(1, kRelaxed); };
  EXPECT_EQ(observe({add, add, add}, 0, Memory::weak, true).outcomes, Outcomes{"30"});
}

// Data races.

struct HandOver final : Scenario {
  HandOver(std::memory_order store, std::memory_order load) : Scenario(2), store_(store), load_(load) {}
  void run(std::uint32_t thread) override {
    if (thread == 0) {
      data_ = 7;
      flag_.store(true, store_);
    } else if (flag_.load(load_)) {
      model_check(data_ == 7, "another value");
    }
  }

 private:
  const std::memory_order store_;
  const std::memory_order load_;
  Plain<int> data_{0};
  Atomic<bool> flag_{false};
};

struct Counted final : Scenario {
  explicit Counted(std::memory_order order) : Scenario(2), order_(order) {}
  void run(std::uint32_t) override {
    if (references_->fetch_sub(1, order_) == 1) references_.reset();
  }

 private:
  const std::memory_order order_;
  std::unique_ptr<Atomic<int>> references_ = std::make_unique<Atomic<int>>(2);
};

struct Locked final : Scenario {
  explicit Locked(bool locks) : Scenario(2), locks_(locks) {}
  void run(std::uint32_t) override {
    if (locks_) {
      const MutexLock lock(mutex_);
      data_ = data_ + 1;
    } else {
      data_ = data_ + 1;
    }
  }
  void check() override { model_check(data_ == 2, "an update is lost"); }

 private:
  const bool locks_;
  Mutex mutex_;
  Plain<int> data_{0};
};

TEST(WeakMemory, FindsDataRaces) {
  expect_holds<HandOver>(kRelease, kAcquire);
  expect_found<HandOver>(kRelaxed, kAcquire);
  expect_found<HandOver>(kRelease, kRelaxed);
  expect_holds<Counted>(std::memory_order_acq_rel);
  expect_found<Counted>(kRelease);
  expect_found<Counted>(kAcquire);
  expect_holds<Locked>(true);
  expect_found<Locked>(false);
}

// A few random operations of each thread on two atomics; what each saw, and the end, is the outcome.
struct RandomProgram final : Scenario {
  RandomProgram(std::uint64_t seed, std::uint32_t threads, std::set<std::string>& outcomes)
      : Scenario(threads),
        seed_(seed),
        operations_(threads == 2 ? 4 : 2),
        outcomes_(outcomes),
        seen_(threads) {}
  void run(std::uint32_t thread) override {
    Random random(mix64(seed_ * 8 + thread));
    for (std::uint32_t i = 0; i < operations_; ++i) {
      Atomic<std::uint32_t>& cell = cells_[random.below(2)];
      const std::uint32_t value = 1 + thread * operations_ + i;
      switch (random.below(8)) {
        case 0:
          cell.store(value);
          break;
        case 1:
          seen_[thread] += ' ' + std::to_string(cell.fetch_add(1, kRelaxed));
          break;
        case 2:
          seen_[thread] += ' ' + std::to_string(cell.load());
          break;
        case 3:
          seen_[thread] += ' ' + std::to_string(cell.load(kAcquire));
          break;
        case 4:
          seen_[thread] += ' ' + std::to_string(cell.load(kRelaxed));
          break;
        case 5: {
          std::uint32_t expected = 0;
          cell.compare_exchange_strong(expected, value, std::memory_order_acq_rel, kRelaxed);
          seen_[thread] += " c" + std::to_string(expected);
          break;
        }
        case 6:
          cell.store(value, kRelease);
          break;
        default:
          cell.store(value, kRelaxed);
          break;
      }
    }
  }
  void check() override {
    std::string outcome = std::to_string(cells_[0].load()) + ' ' + std::to_string(cells_[1].load());
    for (const std::string& seen : seen_) outcome += " |" + seen;
    outcomes_.insert(outcome);
  }

 private:
  const std::uint64_t seed_;
  const std::uint32_t operations_;
  std::set<std::string>& outcomes_;
  std::vector<std::string> seen_;
  Atomic<std::uint32_t> cells_[2];
};

std::set<std::string> random_outcomes(std::uint64_t seed, ExploreOptions options) {
  std::set<std::string> outcomes;
  const std::uint32_t threads = 2 + seed % 2;
  const Exploration result =
      explore([&] { return std::make_unique<RandomProgram>(seed, threads, outcomes); }, options);
  EXPECT_FALSE(result.failed) << result.failure;
  return outcomes;
}

TEST(Explorer, TheReductionLosesNoOutcome) {
  for (const Memory memory : {Memory::sequential, Memory::weak}) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      ASSERT_EQ(random_outcomes(seed, {.memory = memory}),
                random_outcomes(seed, {.memory = memory, .preemptions_max = 1000}))
          << "seed=" << seed;
    }
  }
}

// Two increments made of a load and a store: the classic lost update.
struct LostUpdate final : Scenario {
  LostUpdate() : Scenario(2) {}
  void run(std::uint32_t) override { x.store(x.load() + 1); }
  void check() override { model_check(x.load() == 2, "an update is lost"); }
  Atomic<std::uint32_t> x{0};
};

// Sleeps without the kernel's comparison in between: the waker may come first.
struct LostWakeUp final : Scenario {
  explicit LostWakeUp(bool compares) : Scenario(2), compares_(compares) {}
  void run(std::uint32_t thread) override {
    if (thread == 1) {
      word.store(1);
      futex_wake_one(word);
    } else if (word.load() == 0) {
      futex_wait(word, compares_ ? 0 : word.load(), kNoTimeout);
    }
  }
  Atomic<std::uint32_t> word{0};

 private:
  bool compares_;
};

struct Endless final : Scenario {
  Endless() : Scenario(1) {}
  void run(std::uint32_t) override {
    while (x.load() == 0) {
    }
  }
  Atomic<std::uint32_t> x{0};
};

TEST(Explorer, FindsALostUpdate) {
  expect_found<LostUpdate>();
}
TEST(Explorer, FindsALostWakeUp) {
  expect_holds<LostWakeUp>(true);
  expect_found<LostWakeUp>(false);
}
// Tells a sleeper at a condition variable, with or without the lock that the sleeper's look stands under.
struct Told final : Scenario {
  explicit Told(bool locks) : Scenario(2), locks_(locks) {}
  void run(std::uint32_t thread) override {
    if (thread == 0) {
      const MutexLock lock(mutex_);
      while (!told_.load(kRelaxed)) changed_.wait(mutex_);
    } else if (locks_) {
      const MutexLock lock(mutex_);
      told_.store(true, kRelaxed);
      changed_.notify_one();
    } else {
      told_.store(true);
      changed_.notify_one();
    }
  }

 private:
  const bool locks_;
  Mutex mutex_;
  CondVar changed_;
  Atomic<bool> told_{false};
};

TEST(Explorer, FindsAConditionThatChangesOutsideOfItsLock) {
  expect_holds<Told>(true);
  expect_found<Told>(false);
}
TEST(Explorer, FindsALoopThatDoesNotEnd) {
  expect_found<Endless>();
}

}  // namespace
}  // namespace tenuto::testing
