// Holds what a power cut left against what had been promised by then.
//
// First as it lies there, read without changing it: the journal ends where a prefix of the reference ends, tables and tail hold
// exactly the events of that prefix, and everything is sound. Then by opening it with the engine and letting all runs end: no task begins
// whose end was recorded, no attempt begins twice, no number is given twice, accepted commands are carried out once, every run ends, what was
// recorded has not changed.
#pragma once

#include <optional>
#include <unordered_set>

#include "tests/power/life.h"
#include "tests/power/reference.h"

namespace tenuto::testing {

// What must hold in any state that a cut at some place of the record may leave.
struct Promises {
  bool store_made = false;                         // somebody was told something, so there is a store
  Position durable;                                // the journal reaches at least so far
  std::unordered_set<std::uint64_t> told_numbers;  // of runs that bodies or callers heard of
  std::vector<Note> accepted;                      // commands
  std::uint64_t retention_count = 0;
};

struct StateReport {
  std::string violation;      // empty: all held
  Position end;               // of the journal
  std::size_t forgotten = 0;  // runs, by retention
};

// Thread safety: one thread.
class StateCheck {
 public:
  // `reference` outlives this object.
  StateCheck(const Reference& reference, std::string path) : reference_(reference), path_(std::move(path)) {}

  // Looks only.
  [[nodiscard]] StateReport look(const Promises& promises) const;
  // Opens the store, which changes it; after a look that found nothing. `end` is from that.
  [[nodiscard]] std::string resume(const Promises& promises, Position end) const;

 private:
  const Reference& reference_;
  const std::string path_;
};

}  // namespace tenuto::testing
