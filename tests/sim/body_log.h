// What happened outside the engine: every body that began, in every life of the process.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/engine/ticket.h"
#include "core/machine/event.h"
#include "tests/sim/workflow.h"

namespace tenuto::testing {

struct BodyEntry {
  enum class Outcome : std::uint8_t { out, done, failed };
  std::uint32_t life = 0;
  TicketToken token;
  std::string argument;
  WallTime began;
  Outcome outcome = Outcome::out;
  bool late = false;      // it came back after its attempt was over
  bool recorded = false;  // an event of the journal tells of it
  SimValue result = {};   // done
  FailureKind kind = FailureKind::error;
  std::string message = {};  // failed: unlike any other
};

// Of one run. The outcomes of a life that ended stay: some of them are in the journal.
class BodyLog {
 public:
  std::vector<BodyEntry>& of(int node, std::uint32_t attempt) { return entries_[{node, attempt}]; }
  [[nodiscard]] BodyEntry* in_life(int node, std::uint32_t attempt, std::uint32_t life) {
    for (BodyEntry& entry : of(node, attempt)) {
      if (entry.life == life) return &entry;
    }
    return nullptr;
  }
  // Calls `visit(node, attempt, entry)`.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (auto& [place, entries] : entries_) {
      for (BodyEntry& entry : entries) visit(place.first, place.second, entry);
    }
  }

 private:
  std::map<std::pair<int, std::uint32_t>, std::vector<BodyEntry>> entries_;
};

}  // namespace tenuto::testing
