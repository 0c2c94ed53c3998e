#include "core/query/run_filter.h"

#include <span>

#include "core/payload/json.h"
#include "core/payload/json_writer.h"
#include "core/query/run_row.h"
#include "core/query/time_text.h"
#include "core/query/value_json.h"

namespace tenuto {
namespace {

Status wrong(std::string message) {
  return {Code::invalid_argument, "the query: " + std::move(message)};
}

template <class Names>
std::string listed(const Names& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// Reads text into `out`; null leaves it.
Status read_text(const json::Member& member, std::optional<std::string>& out) {
  if (member.value.is_null()) return {};
  if (!member.value.is_string()) return wrong("`" + std::string(member.key()) + "` must be text");
  out = std::string(member.value.as_string());
  return {};
}

Status read_time(const json::Member& member, std::optional<WallTime>& out) {
  std::optional<std::string> text;
  TN_TRY(read_text(member, text));
  if (!text.has_value()) return {};
  out = parse_time(*text);
  if (out.has_value()) return {};
  return wrong("`" + std::string(member.key()) +
               "` must be an RFC 3339 time such as 2026-01-31T08:00:00Z, not `" + *text + "`");
}

// Calls `read(member) -> Result<bool>` (false: no such key) for each member.
template <class Read>
Status read_members(std::string_view query, std::span<const std::string_view> known, Read&& read) {
  if (query.empty()) return {};
  auto document = json::Document::parse(query);
  if (!document.ok()) return wrong("not valid JSON: " + document.status().message());
  const json::Value& root = document->root();
  if (root.is_null()) return {};
  if (!root.is_object()) return wrong("it must be an object with " + listed(known));
  for (const json::Member member : root.members()) {
    TN_ASSIGN(const bool read_it, read(member));
    if (!read_it)
      return wrong("there is no `" + std::string(member.key()) + "`; it may have " + listed(known));
  }
  return {};
}

constexpr RunState kStates[] = {
    RunState::queued,    RunState::running, RunState::waiting,   RunState::paused,   RunState::cancelling,
    RunState::completed, RunState::failed,  RunState::timed_out, RunState::rejected, RunState::cancelled};

Status add_state(const json::Value& value, std::uint16_t& states) {
  if (value.is_string()) {
    for (const RunState state : kStates) {
      if (to_text(state) != value.as_string()) continue;
      states = static_cast<std::uint16_t>(states | 1u << static_cast<unsigned>(state));
      return {};
    }
  }
  std::vector<std::string_view> names;
  for (const RunState state : kStates) names.push_back(to_text(state));
  return wrong(std::string(value.raw()) + " is no state of a run; there are " + listed(names));
}

Status read_states(const json::Value& value, RunFilter& filter) {
  if (value.is_null()) return {};
  filter.states = 0;
  if (!value.is_array()) return add_state(value, filter.states);
  for (const json::Value& state : value.elements()) TN_TRY(add_state(state, filter.states));
  return {};
}

Status read_labels(const json::Value& value, RunFilter& filter) {
  if (value.is_null()) return {};
  if (!value.is_object()) return wrong("`label` must be an object of texts");
  for (const json::Member label : value.members()) {
    if (!label.value.is_string()) return wrong("the label `" + std::string(label.key()) + "` must be text");
    filter.labels.emplace_back(label.key(), label.value.as_string());
  }
  return {};
}

Status read_where(const json::Member& member, RunFilter& filter) {
  std::optional<std::string> text;
  TN_TRY(read_text(member, text));
  if (!text.has_value()) return {};
  auto program = expr::compile(*text);
  if (!program.ok()) return wrong("`where`: " + program.status().message());
  for (const std::string& name : program->names()) {
    if (find_column(name).has_value()) continue;
    return wrong("`where`: a row has no `" + name + "`; it has " + listed(kRunColumns) +
                 " (text stands in quotes)");
  }
  filter.where = *std::move(program);
  return {};
}

Status read_limit(const json::Value& value, RunFilter& filter) {
  if (value.is_null()) return {};
  if (!value.is_integer() || value.as_integer() < 0) return wrong("`limit` must be a number, 0 or more");
  filter.limit = static_cast<std::size_t>(value.as_integer());
  return {};
}

Status read_ended_states(const json::Value& value, PruneRequest& request) {
  RunFilter filter;
  TN_TRY(read_states(value, filter));
  for (const RunState state : kStates) {
    if (!value.is_null() && !is_final(state) && filter.has(state))
      return wrong("runs that are " + std::string(to_text(state)) +
                   " are live; only ended runs are forgotten");
  }
  request.states = filter.states;
  return {};
}

Status read_keep(const json::Value& value, std::optional<std::uint64_t>& keep) {
  if (value.is_null()) return {};
  if (!value.is_integer() || value.as_integer() < 0) return wrong("`keep` must be a number, 0 or more");
  keep = static_cast<std::uint64_t>(value.as_integer());
  return {};
}

Status read_dry_run(const json::Value& value, bool& dry_run) {
  if (value.is_null()) return {};
  if (!value.is_bool()) return wrong("`dry_run` must be true or false");
  dry_run = value.as_bool();
  return {};
}

constexpr std::string_view kListKeys[] = {"workflow", "state", "id_prefix", "since",
                                          "until",    "label", "where",     "limit"};
constexpr std::string_view kStatsKeys[] = {"workflow", "since", "until"};
constexpr std::string_view kPruneKeys[] = {"ended_before", "keep", "state", "workflow", "dry_run"};

}  // namespace

Result<RunFilter> parse_run_filter(std::string_view query) {
  RunFilter filter;
  std::optional<std::string> id_prefix;
  std::optional<WallTime> since;
  std::optional<WallTime> until;
  TN_TRY(read_members(query, kListKeys, [&](const json::Member& member) -> Result<bool> {
    const ByteView key = member.key();
    Status status;
    if (key == "workflow") {
      status = read_text(member, filter.workflow);
    } else if (key == "state") {
      status = read_states(member.value, filter);
    } else if (key == "id_prefix") {
      status = read_text(member, id_prefix);
    } else if (key == "since") {
      status = read_time(member, since);
    } else if (key == "until") {
      status = read_time(member, until);
    } else if (key == "label") {
      status = read_labels(member.value, filter);
    } else if (key == "where") {
      status = read_where(member, filter);
    } else if (key == "limit") {
      status = read_limit(member.value, filter);
    } else {
      return false;
    }
    TN_TRY(status);
    return true;
  }));
  filter.id_prefix = id_prefix.value_or("");
  filter.started_since = since.value_or(filter.started_since);
  filter.started_until = until.value_or(filter.started_until);
  return filter;
}

Result<StatsQuery> parse_stats_query(std::string_view query) {
  StatsQuery parsed;
  TN_TRY(read_members(query, kStatsKeys, [&](const json::Member& member) -> Result<bool> {
    if (member.key() == "workflow") {
      TN_TRY(read_text(member, parsed.workflow));
    } else if (member.key() == "since") {
      TN_TRY(read_time(member, parsed.since));
    } else if (member.key() == "until") {
      TN_TRY(read_time(member, parsed.until));
    } else {
      return false;
    }
    return true;
  }));
  if (parsed.since && parsed.until && *parsed.until <= *parsed.since)
    return wrong("`until` must be after `since`");
  return parsed;
}

Result<PruneQuery> parse_prune_query(std::string_view query) {
  PruneQuery parsed;
  PruneRequest& request = parsed.request;
  std::optional<std::uint64_t> keep;
  TN_TRY(read_members(query, kPruneKeys, [&](const json::Member& member) -> Result<bool> {
    const ByteView key = member.key();
    Status status;
    if (key == "ended_before") {
      status = read_time(member, request.ended_before);
    } else if (key == "keep") {
      status = read_keep(member.value, keep);
    } else if (key == "state") {
      status = read_ended_states(member.value, request);
    } else if (key == "workflow") {
      status = read_text(member, request.workflow);
    } else if (key == "dry_run") {
      status = read_dry_run(member.value, parsed.dry_run);
    } else {
      return false;
    }
    TN_TRY(status);
    return true;
  }));
  request.keep = keep.value_or(0);
  const bool says_something = request.ended_before.has_value() || keep.has_value() ||
                              request.workflow.has_value() || request.states != PruneRequest().states;
  if (says_something) return parsed;
  return wrong(
      "it says nothing about which runs to forget; give `ended_before`, `keep`, `state` or `workflow`"
      " (`keep` 0 forgets every ended run)");
}

Bytes prune_report(const PruneCount& count, bool dry_run) {
  Bytes text;
  json::Writer out(text);
  const auto time = [&](ByteView key, const std::optional<WallTime>& value) {
    out.key(key);
    value.has_value() ? out.string(format_time(*value)) : out.null();
  };
  out.begin_object();
  out.key("dry_run").boolean(dry_run);
  write_count(out, "matching", count.matching);
  write_count(out, "runs", count.runs);
  out.key("states").begin_object();
  for (const RunState state : kStates) {
    if (const std::uint64_t runs = count.states[static_cast<std::size_t>(state)]; runs != 0)
      write_count(out, to_text(state), runs);
  }
  out.end_object();
  out.key("workflows").begin_object();
  for (const auto& [name, runs] : count.workflows) write_count(out, name, runs);
  out.end_object();
  time("ended_min", count.ended_min);
  time("ended_max", count.ended_max);
  out.end_object();
  return text;
}

}  // namespace tenuto
