#include "core/query/tally.h"

#include <algorithm>

#include "core/query/value_json.h"

namespace tenuto {
namespace {

double seconds(Nanos ns) {
  return static_cast<double>(ns) / static_cast<double>(kSecond);
}

// null when there is nothing to divide by.
void write_share(json::Writer& out, std::string_view name, double part, double whole) {
  out.key(name);
  if (whole > 0) {
    out.number(part / whole);
  } else {
    out.null();
  }
}

constexpr RunState kEnds[] = {RunState::completed, RunState::failed, RunState::timed_out, RunState::rejected,
                              RunState::cancelled};

}  // namespace

void RunTally::add_ended(const SummaryRow& row) {
  const auto state = static_cast<std::size_t>(row.state);
  if (state < states_.size()) ++states_[state];
  const RunCounts& c = row.counts;
  if (row.state == RunState::completed && c.retries == 0 && c.manual_actions == 0) ++first_time_right_;
  failed_attempts_ += c.failed + c.retries;
  attempts_ += c.done + c.failed + c.retries;
  durations_.add(std::max<Nanos>(0, row.ended.ns - row.started.ns));
  busy_seconds_ += c.busy_ns / kSecond;
  busy_nanos_ += c.busy_ns % kSecond;
}

void RunTally::write_members(json::Writer& out, double hours) const {
  out.key("runs").begin_object();
  out.key("ended");
  write_count(out, ended());
  for (const RunState state : kEnds) {
    out.key(to_text(state));
    write_count(out, ended_as(state));
  }
  out.end_object();
  write_rates(out);
  write_cycle_time(out);
  out.key("throughput").begin_object();
  out.key("started");
  write_count(out, started_);
  out.key("ended");
  write_count(out, ended());
  write_share(out, "started_per_hour", static_cast<double>(started_), hours);
  write_share(out, "ended_per_hour", static_cast<double>(ended()), hours);
  out.end_object();
  out.key("attempts").begin_object();
  out.key("all");
  write_count(out, attempts_);
  out.key("failed");
  write_count(out, failed_attempts_);
  write_share(out, "error_rate", static_cast<double>(failed_attempts_), static_cast<double>(attempts_));
  out.end_object();
  out.key("touch_seconds").number(static_cast<double>(busy_seconds_) + seconds(busy_nanos_));
}

void RunTally::write_rates(json::Writer& out) const {
  const auto all = static_cast<double>(ended());
  const auto completed = static_cast<double>(ended_as(RunState::completed));
  write_share(out, "completion_rate", completed, all);
  write_share(out, "first_time_right", static_cast<double>(first_time_right_), completed);
  write_share(out, "rejected_share", static_cast<double>(ended_as(RunState::rejected)), all);
  write_share(out, "error_rate",
              static_cast<double>(ended_as(RunState::failed) + ended_as(RunState::timed_out)), all);
}

void RunTally::write_cycle_time(json::Writer& out) const {
  static constexpr std::pair<std::string_view, double> kPercentiles[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};
  out.key("cycle_time").begin_object();
  for (const auto& [name, q] : kPercentiles) {
    out.key(name);
    if (const auto value = durations_.percentile(q)) {
      out.number(seconds(*value));
    } else {
      out.null();
    }
  }
  out.key("mean");
  if (const auto mean = durations_.mean_seconds()) {
    out.number(*mean);
  } else {
    out.null();
  }
  out.end_object();
}

void add(PoolTally& pools, const std::string& name, const PoolHour& hour) {
  PoolHour& sum = pools[name];
  sum.slots_max = std::max(sum.slots_max, hour.slots_max);
  sum.available_ns += hour.available_ns;
  sum.busy_ns += hour.busy_ns;
}

void write_pools(json::Writer& out, const PoolTally& pools) {
  out.begin_object();
  for (const auto& [name, used] : pools) {
    out.key(name).begin_object();
    out.key("busy_slot_seconds").number(seconds(used.busy_ns));
    out.key("available_slot_seconds").number(seconds(used.available_ns));
    write_share(out, "utilization", seconds(used.busy_ns), seconds(used.available_ns));
    out.key("slots_max").integer(used.slots_max);
    out.end_object();
  }
  out.end_object();
}

}  // namespace tenuto
