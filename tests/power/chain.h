// A chain of lives of one store: each begins on what a power cut left of the one before.
//
// A life is recorded: what the engine and LMDB asked of the file system, and what callers and bodies were told, in one order. Then the
// power is cut at places of the record, and of what was not synced there the disk keeps what chance says (disk.h); each state
// is held against the promises (state_check.h).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "tests/power/disk.h"

namespace tenuto::testing {

// What the processes of a run have in common.
struct Counters {
  std::atomic<std::uint64_t> states;
  std::atomic<std::uint64_t> violations;
  std::atomic<std::uint64_t> pending;  // pages and names that were in doubt, of all states
  std::atomic<std::uint64_t> lives;
  std::atomic<std::uint64_t> operations;
  std::atomic<std::uint64_t> recycled;   // segments
  std::atomic<std::uint64_t> forgotten;  // runs, by retention, of all states
  std::atomic<std::uint64_t> commands;   // that the inbox accepted
};

struct Setting {
  Lies lies;
  bool is_control = false;          // violations are what is looked for
  std::uint64_t states_wanted = 0;  // 0: until the time is over
  std::chrono::steady_clock::time_point until;
  std::string scratch;
};

[[nodiscard]] bool is_over(const Setting& setting, const Counters& counters);

// In `folder`, which may be used for the next one.
void run_chain(const Setting& setting, Counters& counters, const std::string& folder, std::uint64_t seed);

}  // namespace tenuto::testing
