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
  std::uint32_t seen[3] = {0, 0, 0};
  Body at_end;

 private:
  std::vector<Body> bodies_;
};

// Runs all interleavings and collects seen[0], seen[1] of each.
std::set<std::string> outcomes(const std::vector<Program::Body>& bodies, Memory memory,
                               std::uint64_t* runs = nullptr) {
  std::set<std::string> result;
  const Exploration exploration = explore(
      [&] {
        auto program = std::make_unique<Program>(bodies);
        program->at_end = [&](Program& p) {
          result.insert(std::to_string(p.seen[0]) + std::to_string(p.seen[1]));
        };
        return program;
      },
      {.memory = memory});
  EXPECT_FALSE(exploration.failed) << exploration.failure;
  if (runs != nullptr) *runs = exploration.runs;
  return result;
}

using Outcomes = std::set<std::string>;

TEST(Explorer, StepsThatDoNotMeetAreRunInOneOrder) {
  const auto count_x = [](Program& p) {
    p.x.fetch_add(1);
    p.x.fetch_add(1);
  };
  const auto count_y = [](Program& p) {
    p.y.fetch_add(1);
    p.y.fetch_add(1);
  };
  std::uint64_t runs = 0;
  outcomes({count_x, count_y}, Memory::sequential, &runs);
  EXPECT_EQ(runs, 1u);
  outcomes({count_x, count_x}, Memory::sequential, &runs);
  EXPECT_EQ(runs, 6u) << "two steps and two that all meet: 4 over 2 orders";
}

TEST(Explorer, StoreBuffersLetBothThreadsMissTheOthersStore) {
  const auto left = [](Program& p) {
    p.x.store(1, kRelaxed);
    p.seen[0] = p.y.load(kRelaxed);
  };
  const auto right = [](Program& p) {
    p.y.store(1, kRelaxed);
    p.seen[1] = p.x.load(kRelaxed);
  };
  EXPECT_EQ(outcomes({left, right}, Memory::sequential), (Outcomes{"01", "10", "11"}));
  EXPECT_EQ(outcomes({left, right}, Memory::store_buffers), (Outcomes{"00", "01", "10", "11"}));
}

TEST(Explorer, SeqCstStoresForbidThat) {
  const auto left = [](Program& p) {
    p.x.store(1);
    p.seen[0] = p.y.load();
  };
  const auto right = [](Program& p) {
    p.y.store(1);
    p.seen[1] = p.x.load();
  };
  EXPECT_EQ(outcomes({left, right}, Memory::store_buffers), (Outcomes{"01", "10", "11"}));
}

TEST(Explorer, AThreadSeesItsOwnBufferedStoreAndBuffersKeepTheirOrder) {
  const auto writer = [](Program& p) {
    p.x.store(1, kRelaxed);
    model_check(p.x.load(kRelaxed) == 1, "own store");
    p.y.store(1, kRelaxed);
  };
  const auto reader = [](Program& p) {
    p.seen[0] = p.y.load(kRelaxed);
    p.seen[1] = p.x.load(kRelaxed);
  };
  EXPECT_EQ(outcomes({writer, reader}, Memory::store_buffers), (Outcomes{"00", "01", "11"}));
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
      switch (random.below(5)) {
        case 0:
          cell.store(value);
          break;
        case 1:
          seen_[thread] += ' ' + std::to_string(cell.fetch_add(1));
          break;
        case 2:
        case 3:
          seen_[thread] += ' ' + std::to_string(cell.load());
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
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    ASSERT_EQ(random_outcomes(seed, {}), random_outcomes(seed, {.preemptions_max = 1000})) << "seed=" << seed;
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
TEST(Explorer, FindsALoopThatDoesNotEnd) {
  expect_found<Endless>();
}

}  // namespace
}  // namespace tenuto::testing
