// What the metrics of a window of time are made of, and their JSON.
//
// Thread safety: values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "core/journal/pool_hour.h"
#include "core/journal/summary.h"
#include "core/payload/json_writer.h"
#include "core/query/histogram.h"

namespace tenuto {

// [since, until).
struct TimeWindow {
  WallTime since;
  WallTime until;
  [[nodiscard]] bool holds(WallTime time) const { return time >= since && time < until; }
  [[nodiscard]] bool meets(WallTime min, WallTime max) const { return max >= since && min < until; }
};

// Runs that ended in a window, and how many began in it. The order of additions does not matter.
class RunTally {
 public:
  void add_ended(const SummaryRow& row);
  void add_started() { ++started_; }

  [[nodiscard]] std::uint64_t ended() const { return durations_.count(); }
  // The members of an object: runs, the rates, cycle_time, throughput over `hours` (0: not known), attempts, touch time.
  void write_members(json::Writer& out, double hours) const;

 private:
  [[nodiscard]] std::uint64_t ended_as(RunState state) const {
    return states_[static_cast<std::size_t>(state)];
  }
  void write_rates(json::Writer& out) const;
  void write_cycle_time(json::Writer& out) const;

  std::array<std::uint64_t, static_cast<std::size_t>(RunState::cancelled) + 1> states_{};
  std::uint64_t first_time_right_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t attempts_ = 0;
  std::uint64_t failed_attempts_ = 0;
  Durations durations_;
  std::int64_t busy_seconds_ = 0;  // whole ones; as in Durations
  std::int64_t busy_nanos_ = 0;
};

// Hours of pools, by name.
using PoolTally = std::map<std::string, PoolHour>;
void add(PoolTally& pools, const std::string& name, const PoolHour& hour);
// An object by pool: busy_slot_seconds, available_slot_seconds, utilization, slots_max.
void write_pools(json::Writer& out, const PoolTally& pools);

}  // namespace tenuto
