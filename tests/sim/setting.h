// How the engine of a simulation is set up; the seed chooses.
#pragma once

#include "core/base/random.h"
#include "core/engine/engine.h"
#include "core/journal/retention.h"

namespace tenuto::testing {

// Bugs that the simulation must find: none of them is in the engine.
enum class Plant : std::uint8_t {
  none,
  lying_sync,       // the disk forgets although a sync returned ok
  early_ack,        // a client takes a start for acknowledged before it was answered
  no_gates,         // effects don't wait for the disk
  forgetful_kill,   // what was written and not synced goes with the process
  lost_middle,      // of what was written and not synced, an early event is lost and a later one is there
  hasty_close,      // an orderly close doesn't write what is left
  misheard_end,     // a client hears another output than the one it was told
  eager_retention,  // less is kept than was asked for
  no_retention,     // everything is kept
  no_window,        // the journal grows as it likes
  roomy_tables,     // tables that are said to be full are not
};

struct SimSetting {
  Durability durability = Durability::full;
  RetentionPolicy retention;
  std::uint32_t window_segments = 0;  // 0: more than any seed fills
  std::uint64_t numbers_at_once = 1;  // small, so that starts wait for numbers

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
    return setting;
  }
};

}  // namespace tenuto::testing
