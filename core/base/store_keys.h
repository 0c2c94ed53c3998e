// What tells the runs of one store from those of all others: in generated run ids and in idempotency keys.
//
// A restored store is another store than the one that its backup was made of, and both may go on. The runs that came with the
// backup keep the key they have: their ids stay, and a task that is done again because its end came after the backup has the same
// idempotency key, so that its effect counts once. Runs that begin after the restore have the key of the new store: a number that
// both stores give then means two runs, and neither's effects are taken for the other's.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/base/ids.h"

namespace tenuto {

// A value. Thread safety: const functions by any thread.
class StoreKeys {
 public:
  // Of a store that inherited no run.
  StoreKeys(std::uint64_t own = 0) : own_(own) {}  // NOLINT(google-explicit-constructor)

  // The runs below `below` that no earlier call covers came with `key`; `below` ascends.
  void inherit(RunNumber below, std::uint64_t key) {
    TN_CHECK(inherited_.empty() || inherited_.back().below <= below);
    inherited_.push_back({below, key});
  }
  [[nodiscard]] std::uint64_t of(RunNumber run) const {
    for (const Inherited& one : inherited_) {
      if (run < one.below) return one.key;
    }
    return own_;
  }

 private:
  struct Inherited {
    RunNumber below;
    std::uint64_t key = 0;
  };
  std::uint64_t own_;
  std::vector<Inherited> inherited_;  // one a restore, so nearly always none
};

}  // namespace tenuto
