// What happened how often in simulations, and how often it must in a thousand seeds: a generator that no longer reaches a corner
// says nothing about it, and nobody would notice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tenuto::testing {

#define TENUTO_SIM_HAPPENINGS(X)   \
  X(steps, 400'000)                \
  X(kills, 1000)                   \
  X(power_cuts, 2000)              \
  X(closes, 900)                   \
  X(poisonings, 250)               \
  X(full_disks, 900)               \
  X(failed_syncs, 900)             \
  X(failed_writes, 900)            \
  X(failed_segments, 900)          \
  X(failed_reads, 900)             \
  X(failed_tables, 900)            \
  X(full_tables, 250)              \
  X(full_windows, 150)             \
  X(clock_jumps, 200)              \
  X(interludes_in_bodies, 1500)    \
  X(interludes_in_commits, 4000)   \
  X(interludes_in_tables, 500)     \
  X(opens_with_live_runs, 3000)    \
  X(relaxed_stores, 200)           \
  X(stores_in_memory, 50)          \
  X(runs_started, 6000)            \
  X(starts_of_many, 250)           \
  X(starts_of_taken_ids, 600)      \
  X(refused_starts, 300)           \
  X(lost_runs, 300)                \
  X(runs_completed, 2500)          \
  X(runs_failed, 2500)             \
  X(runs_cancelled, 600)           \
  X(wrong_outputs, 40)             \
  X(tasks_done, 15'000)            \
  X(tasks_done_in_order, 1500)     \
  X(attempts_failed, 2000)         \
  X(attempts_timed_out, 150)       \
  X(retries, 1000)                 \
  X(wrong_expressions, 1000)       \
  X(tasks_skipped, 8000)           \
  X(arms_chosen, 3000)             \
  X(no_arms_chosen, 1500)          \
  X(cancels_recorded, 600)         \
  X(bodies_hosted, 5000)           \
  X(bodies_inline, 15'000)         \
  X(bodies_on_threads, 2000)       \
  X(bodies_of_attendants, 80)      \
  X(bodies_late, 120)              \
  X(reports_together, 150)         \
  X(nonsense_reports, 1200)        \
  X(tickets_withdrawn, 5000)       \
  X(actions_served_late, 1000)     \
  X(bursts_of_messages, 15)        \
  X(commands_accepted, 2000)       \
  X(commands_applied, 350)         \
  X(commands_refused, 900)         \
  X(senders_died, 500)             \
  X(commands_lost_unaccepted, 150) \
  X(removals_forgotten, 40)        \
  X(commands_found_settled, 400)   \
  X(reads, 3000)                   \
  X(runs_forgotten, 1200)          \
  X(pool_samples, 4000)

enum class Happening : std::uint8_t {
#define TENUTO_SIM_NAME(name, least) name,
  TENUTO_SIM_HAPPENINGS(TENUTO_SIM_NAME)
#undef TENUTO_SIM_NAME
      count
};

struct HappeningRow {
  const char* name;
  std::uint64_t least;  // in the seeds 1 to 1,000
};
inline constexpr HappeningRow kHappenings[] = {
#define TENUTO_SIM_ROW(name, least) {#name, least},
    TENUTO_SIM_HAPPENINGS(TENUTO_SIM_ROW)
#undef TENUTO_SIM_ROW
};
#undef TENUTO_SIM_HAPPENINGS

class Tally {
 public:
  void add(Happening what, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(what)] += times; }
  void add(const Tally& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }
  [[nodiscard]] std::uint64_t of(Happening what) const { return counts_[static_cast<std::size_t>(what)]; }
  [[nodiscard]] std::uint64_t at(std::size_t row) const { return counts_[row]; }

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(Happening::count)> counts_{};
};

}  // namespace tenuto::testing
