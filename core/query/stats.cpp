#include "core/query/stats.h"

#include <algorithm>

#include "core/query/run_filter.h"
#include "core/query/run_rows.h"
#include "core/query/tally.h"
#include "core/query/value_json.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

constexpr Nanos kHour = 3600 * kSecond;

Nanos clamped_difference(Nanos a, Nanos b) {
  Nanos difference = 0;
  return __builtin_sub_overflow(a, b, &difference) ? (a < b ? INT64_MIN : INT64_MAX) : difference;
}

struct Open {
  std::uint64_t count = 0;
  WallTime oldest;  // 0: none

  void add(WallTime started) {
    ++count;
    if (oldest.ns == 0 || started < oldest) oldest = started;
  }
};

class Stats {
 public:
  Stats(const View& view, const StatsQuery& query, WallTime now) : view_(view), query_(query), now_(now) {
    window_ = {query.since.value_or(WallTime{INT64_MIN}), query.until.value_or(WallTime{INT64_MAX})};
    if (!query.since.has_value()) return;
    const Nanos length = clamped_difference(query.until.value_or(now).ns, query.since->ns);
    previous_ = {WallTime{clamped_difference(query.since->ns, std::max<Nanos>(0, length))}, *query.since};
  }

  Status gather() {
    TN_ASSIGN(const RunRows rows, RunRows::of(view_));
    TN_TRY(rows.for_each_block([this](const SummaryZone& zone, ByteView key, ByteView value) -> Status {
      if (!window_.meets(zone.started_min, zone.ended_max) &&
          !previous_.meets(zone.started_min, zone.ended_max))
        return {};
      TN_ASSIGN(const std::vector<SummaryRow> in_block, read_summary_rows(key, value));
      for (const SummaryRow& row : in_block) add_ended(row);
      return {};
    }));
    TN_TRY(rows.for_each_live([this](RunNumber, const LiveRow& row) -> Result<bool> {
      TN_TRY(add_live(row));
      return true;
    }));
    return gather_pools();
  }

  void write(Bytes& text) const {
    json::Writer out(text);
    out.begin_object();
    out.key("since");
    write_bound(out, query_.since);
    out.key("until");
    write_bound(out, query_.until);
    out.key("now");
    write_time(out, now_);
    const double hours = hours_of(window_);
    all_.write_members(out, hours);
    write_open(out, open_);
    out.key("resource_utilization");
    write_pools(out, pools_);
    out.key("workflows").begin_object();
    for (const auto& [name, one] : workflows_) {
      out.key(name).begin_object();
      one.runs.write_members(out, hours);
      write_open(out, one.open);
      out.end_object();
    }
    out.end_object();
    out.key("previous");
    write_previous(out);
    out.end_object();
  }

 private:
  struct Workflow {
    RunTally runs;
    Open open;
  };

  [[nodiscard]] bool is_wanted(ByteView workflow) const {
    return !query_.workflow.has_value() || workflow == *query_.workflow;
  }

  void add_ended(const SummaryRow& row) {
    // A called workflow is a part of its caller's run.
    if (row.test || row.parent.value != 0 || !is_wanted(row.workflow_name)) return;
    const bool ended = window_.holds(row.ended);
    if (previous_.holds(row.ended)) before_.add_ended(row);
    if (ended) {
      all_.add_ended(row);
      workflows_[std::string(row.workflow_name)].runs.add_ended(row);
    }
    add_started(row.started, row.workflow_name);
  }

  Status add_live(const LiveRow& row) {
    if (row.test) return {};
    TN_ASSIGN(const ByteView workflow, view_.workflow_name(row.workflow));
    if (!is_wanted(workflow)) return {};
    open_.add(row.started);
    workflows_[std::string(workflow)].open.add(row.started);
    add_started(row.started, workflow);
    return {};
  }

  void add_started(WallTime started, ByteView workflow) {
    if (previous_.holds(started)) before_.add_started();
    if (!window_.holds(started)) return;
    all_.add_started();
    workflows_[std::string(workflow)].runs.add_started();
    if (first_.ns == 0 || started < first_) first_ = started;
  }

  Status gather_pools() {
    const Bytes prefix = pool_stats_name("");
    Status status;
    TN_TRY(view_.tables().scan(Table::stats, prefix, [&](ByteView key, ByteView value) {
      if (!key.starts_with(prefix)) return false;
      const auto parsed = parse_stats_key(key);
      const auto hour = decode_pool_hour(key, value);
      if (!hour.ok()) status = hour.status();
      if (!parsed.has_value()) {
        status = Status(Code::damaged, "a key of table stats is malformed; restore the store from a backup");
      }
      if (status.ok()) add_pool_hour(parsed->workflow.substr(prefix.size()), parsed->hour, *hour);
      return status.ok();
    }));
    TN_TRY(status);
    for (const Event& event : view_.pool_events()) {
      const auto& used = std::get<PoolUsed>(event.body);
      add_pool_hour(used.pool, hour_of(used.from), {used.slots, used.available_ns, used.busy_ns});
    }
    return {};
  }

  // Whole hours: one that has a part in the window counts.
  void add_pool_hour(const std::string& pool, std::uint32_t hour, const PoolHour& used) {
    const WallTime begin{hour * kHour};
    const WallTime last{begin.ns + kHour - 1};
    if (window_.meets(begin, last)) add(pools_, pool, used);
    if (previous_.meets(begin, last)) add(pools_before_, pool, used);
  }

  // From the first start that counts, where the window is open.
  [[nodiscard]] double hours_of(const TimeWindow& window) const {
    const WallTime since = query_.since.has_value() ? window.since : first_;
    const WallTime until = window.until.ns == INT64_MAX ? now_ : window.until;
    if (since.ns == 0 || until <= since) return 0;
    return static_cast<double>(until.ns - since.ns) / static_cast<double>(kHour);
  }

  static void write_bound(json::Writer& out, const std::optional<WallTime>& bound) {
    write_time(out, bound.value_or(WallTime()));
  }

  void write_open(json::Writer& out, const Open& open) const {
    out.key("open");
    write_count(out, open.count);
    out.key("oldest_open");
    write_time(out, open.oldest);
    out.key("oldest_open_seconds");
    if (open.oldest.ns == 0) {
      out.null();
    } else {
      const Nanos age = std::max<Nanos>(0, now_.ns - open.oldest.ns);
      out.number(static_cast<double>(age) / static_cast<double>(kSecond));
    }
  }

  void write_previous(json::Writer& out) const {
    if (!query_.since.has_value()) {
      out.null();
      return;
    }
    out.begin_object();
    out.key("since");
    write_time(out, previous_.since);
    out.key("until");
    write_time(out, previous_.until);
    before_.write_members(out, hours_of(previous_));
    out.key("resource_utilization");
    write_pools(out, pools_before_);
    out.end_object();
  }

  const View& view_;
  const StatsQuery& query_;
  const WallTime now_;
  TimeWindow window_;
  TimeWindow previous_;  // empty without a since
  RunTally all_;
  RunTally before_;
  std::map<std::string, Workflow> workflows_;
  Open open_;
  PoolTally pools_;
  PoolTally pools_before_;
  WallTime first_;  // start of a run that counts; 0: none
};

}  // namespace

Result<Bytes> run_stats(const View& view, std::string_view query, WallTime now) {
  TN_ASSIGN(const StatsQuery parsed, parse_stats_query(query));
  Stats stats(view, parsed, now);
  TN_TRY(stats.gather());
  Bytes text;
  stats.write(text);
  return text;
}

}  // namespace tenuto
