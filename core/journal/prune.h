// Forgets ended runs because somebody asks for it: by age, number, state and workflow. (Retention does so by itself.)
//
// A run goes when all that was asked for holds: it is in one of the states, of the workflow, it ended long enough ago, and there are at
// least `keep` younger ones of the states and the workflow. So each condition keeps more, and none forgets what another keeps. Live runs are in
// no block of summaries, so none ever goes. Younger is what was taken over later, nearly the order in which runs ended.
//
// Thread safety: values; one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/journal/journal_meta.h"
#include "core/journal/summary.h"

namespace tenuto {

struct PruneRequest {
  std::optional<WallTime> ended_before;  // none: however young
  std::uint64_t keep = 0;                // of the youngest that match
  std::uint16_t states = 0xFFFF;         // bit n: the state with number n
  std::optional<std::string> workflow;   // its name

  [[nodiscard]] bool matches(const SummaryRow& row) const;  // states and workflow
  [[nodiscard]] bool may_match(const SummaryZone& zone) const { return (zone.states & states) != 0; }
};

// What goes, or has gone.
struct PruneCount {
  std::uint64_t matching = 0;  // runs of the states and the workflow
  std::uint64_t runs = 0;      // that go
  std::array<std::uint64_t, 16> states{};
  std::map<std::string, std::uint64_t> workflows;  // by name
  std::optional<WallTime> ended_min, ended_max;

  void add(const SummaryRow& row);
};

// What a request would forget of the tables as they are; damaged, newer_format.
[[nodiscard]] Result<PruneCount> count_prunable(const StateRead& state, const PruneRequest& request);

// Carries out a request, a transaction at a time, so that the tables are never held for long.
class Pruner {
 public:
  explicit Pruner(PruneRequest request) : request_(std::move(request)) {}

  // Forgets some within `write` and counts them off in `meta`, which it puts as well. True: the caller commits, calls committed(), and goes on.
  // False: nothing is left to do. The status is the transaction's, or damaged.
  [[nodiscard]] Result<bool> step(StateWrite& write, JournalMeta& meta);
  void committed();
  // So far; `matching` as it was at the first step.
  [[nodiscard]] const PruneCount& count() const { return count_; }

 private:
  [[nodiscard]] Result<std::uint32_t> thin(StateWrite& write, JournalMeta& meta, const Bytes& key,
                                           const Bytes& value);
  // What a transaction that fails takes back.
  struct Place {
    Bytes from;              // key of the block to look at next
    std::uint64_t left = 0;  // matching runs that may go for all that `keep` says
  };
  const PruneRequest request_;
  bool has_begun_ = false;
  Place place_;
  Place next_;
  PruneCount count_;
  PruneCount in_hand_;  // of the transaction
};

}  // namespace tenuto
