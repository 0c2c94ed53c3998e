// What every test of the engine core without threads needs: a clock that stands still, and options that name one store.
#pragma once

#include "core/base/clock.h"
#include "core/engine/core.h"

namespace tenuto::testing {

// Stands still until it is moved.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return {wall_ns}; }
  [[nodiscard]] MonoTime monotonic() const override { return {mono_ns}; }
  void advance(Nanos ns) {
    wall_ns += ns;
    mono_ns += ns;
  }
  Nanos wall_ns = 1'700'000'000 * kSecond;
  Nanos mono_ns = 5 * kSecond;
};

// Of a core that is driven by hand; the same store at every open.
[[nodiscard]] inline CoreOptions core_options_for_tests() {
  CoreOptions options;
  options.threads = 0;
  options.seed = 7;
  options.store_key = 99;
  options.store_id = {1, 2};
  return options;
}

}  // namespace tenuto::testing
