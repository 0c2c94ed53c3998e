// How the engine of a simulation is set up; the seed chooses.
#pragma once

#include "core/base/random.h"
#include "core/engine/engine.h"
#include "core/journal/retention.h"
#include "tests/sim/plants.h"

namespace tenuto::testing {

struct SimSetting {
  Durability durability = Durability::full;
  RetentionPolicy retention;
  std::uint32_t window_segments = 0;  // 0: more than any seed fills
  std::uint64_t numbers_at_once = 1;  // small, so that starts wait for numbers
  std::uint32_t interludes = 0;       // how often others act in the midst of something, of 64
  std::size_t jobs_at_once = 1;       // of recovery
  bool has_spans = false;             // inline bodies are called in spans
  bool takes_time = false;            // native bodies take time

  // Effects may happen before the events they follow from are durable.
  [[nodiscard]] bool runs_ahead() const { return durability != Durability::full; }

  // A planted bug may need a setting to show itself in.
  [[nodiscard]] static SimSetting draw(std::uint64_t seed, Plant plant) {
    Random random(mix64(seed ^ 0x5E77'1265u));
    SimSetting setting;
    if (random.chance(1, 4)) setting.durability = Durability::relaxed;
    if (random.chance(1, 12)) setting.durability = Durability::memory;
    if (plant == Plant::hasty_close) setting.durability = Durability::relaxed;
    if (random.chance(1, 4)) {
      const std::uint64_t which = random.below(3);
      if (which != 0) setting.retention.age = static_cast<Nanos>(1 + random.below(90)) * kSecond;
      if (which != 1) setting.retention.count = 1 + random.below(4);
    }
    if (random.chance(1, 5)) setting.window_segments = 2 + static_cast<std::uint32_t>(random.below(2));
    setting.numbers_at_once = 1 + random.below(6);
    if (random.chance(2, 3)) setting.interludes = 1 + static_cast<std::uint32_t>(random.below(12));
    setting.jobs_at_once = 1 + random.below(3);
    setting.has_spans = random.chance(1, 2);
    setting.takes_time = random.chance(1, 3);
    return setting;
  }
};

}  // namespace tenuto::testing
