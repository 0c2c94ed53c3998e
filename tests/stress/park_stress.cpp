// Two threads that hand a token to and fro through core/sched/parker.h, as often as it is told: each park() must end. A wake-up
// that is lost would stop both.
//
//   park_stress --parks 200000              so many park() calls, then it ends
//   park_stress --minutes 10 [--seed 7]     for so long; prints a line as the other soaks do
//
// One round in some is taken slowly, by chance, so that the token comes before the sleep, into it and behind it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "core/base/random.h"
#include "core/base/spin.h"
#include "core/sched/parker.h"

namespace tenuto {
namespace {

struct Options {
  std::uint64_t parks = ~std::uint64_t{0};
  double minutes = 0;
  std::uint64_t seed = std::random_device()();
};

struct Player {
  Parker parker;
  std::atomic<std::uint64_t> parks{0};
};

class Stress {
 public:
  explicit Stress(const Options& options) : options_(options) {}

  // The number of lost wake-ups: 1 when both threads stood still for a minute.
  int run() {
    std::printf("park: seed %llu\n", static_cast<unsigned long long>(options_.seed));
    std::fflush(stdout);
    std::thread left([this] { play(left_, right_, options_.seed); });
    std::thread right([this] { play(right_, left_, options_.seed + 1); });
    left_.parker.unpark();
    const int lost = watch() ? 0 : 1;
    std::printf("park: longest stand-still %.3f s\n", longest_);
    std::printf("park: inputs %llu, violations %d, crashes 0\n", static_cast<unsigned long long>(parks()),
                lost);
    std::fflush(stdout);
    if (lost > 0) std::_Exit(1);  // the threads can't be joined
    left.join();
    right.join();
    return lost;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void play(Player& me, Player& other, std::uint64_t seed) {
    Random random(seed);
    while (!stopping_.load(std::memory_order_relaxed)) {
      // Now and then with a limit that is no limit, which is other code.
      if (random.below(8) == 0) {
        while (!me.parker.park_for(kSecond)) {
        }
      } else {
        me.parker.park();
      }
      me.parks.fetch_add(1, std::memory_order_relaxed);
      if (random.below(4) == 0) {
        for (std::uint64_t i = random.below(200); i > 0; --i) pause_cpu();
      }
      other.parker.unpark();
    }
    other.parker.unpark();
  }

  [[nodiscard]] std::uint64_t parks() const {
    return left_.parks.load(std::memory_order_relaxed) + right_.parks.load(std::memory_order_relaxed);
  }

  // False: nothing has moved for a minute.
  bool watch() {
    const auto end = Clock::now() + std::chrono::duration<double>(options_.minutes * 60);
    auto moved = Clock::now();
    for (std::uint64_t before = 0;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const std::uint64_t now = parks();
      if (now >= options_.parks || (options_.minutes > 0 && Clock::now() >= end)) break;
      const double stood = std::chrono::duration<double>(Clock::now() - moved).count();
      longest_ = now != before ? longest_ : std::max(longest_, stood);
      if (now != before) moved = Clock::now();
      if (stood > 60) return false;
      before = now;
    }
    stopping_.store(true, std::memory_order_relaxed);
    return true;
  }

  const Options options_;
  Player left_;
  Player right_;
  std::atomic<bool> stopping_{false};
  double longest_ = 0;
};

}  // namespace
}  // namespace tenuto

int main(int argc, char** argv) {
  tenuto::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--parks") options.parks = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--minutes") options.minutes = std::strtod(argv[i + 1], nullptr);
    if (name == "--seed") options.seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return tenuto::Stress(options).run();
}
