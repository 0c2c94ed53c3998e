// Which runs a query asks for.
//
// Thread safety: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/expr/compile.h"
#include "core/journal/prune.h"
#include "core/machine/event.h"

namespace tenuto {

struct RunFilter {
  std::optional<std::string> workflow;  // its name
  std::uint16_t states = 0xFFFF;        // bit n: the state with number n
  std::string id_prefix;                // generated ids match in either case
  bool generated_only = false;          // no ids that callers chose
  WallTime started_since{INT64_MIN};
  WallTime started_until{INT64_MAX};                        // exclusive
  std::vector<std::pair<std::string, std::string>> labels;  // all of them
  std::optional<expr::Program> where;                       // over the columns of core/query/run_row.h
  std::size_t limit = 100;

  [[nodiscard]] bool has(RunState state) const { return (states >> static_cast<unsigned>(state) & 1) != 0; }
  void keep_only(RunState state) { states = static_cast<std::uint16_t>(1u << static_cast<unsigned>(state)); }
};

// Of the JSON form {"workflow", "state", "id_prefix", "since", "until", "label", "where", "limit"}, each of which may be
// missing or null; an empty text asks for everything. invalid_argument, naming what may be said instead.
[[nodiscard]] Result<RunFilter> parse_run_filter(std::string_view query);

// A window of time, from {"workflow", "since", "until"}.
struct StatsQuery {
  std::optional<std::string> workflow;
  std::optional<WallTime> since;
  std::optional<WallTime> until;  // exclusive
};
[[nodiscard]] Result<StatsQuery> parse_stats_query(std::string_view query);

// Which ended runs to forget.
struct PruneQuery {
  PruneRequest request;
  bool dry_run = false;
};
// {"ended_before", "keep", "state", "workflow", "dry_run"}: at least one of the first four. invalid_argument.
[[nodiscard]] Result<PruneQuery> parse_prune_query(std::string_view query);
// {dry_run, matching, runs, states, workflows, ended_min, ended_max}.
[[nodiscard]] Bytes prune_report(const PruneCount& count, bool dry_run);

}  // namespace tenuto
