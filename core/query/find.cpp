// How a run is found by what people type.
#include <algorithm>

#include "core/base/run_id.h"
#include "core/journal/live_row.h"
#include "core/query/select.h"
#include "core/query/view.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

constexpr std::size_t kNamedMax = 4;      // of several that fit, in a message
constexpr std::size_t kIdTimeChars = 10;  // that say the millisecond at which the run began

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

Status nothing(std::string_view text) {
  return {Code::not_found, "there is no run `" + std::string(text.substr(0, limits::kRunIdBytesMax)) +
                               "` in this store; list the runs to see their ids"};
}

Result<FoundRun> newest(const View& view, RunFilter filter, const std::string& none) {
  filter.limit = 1;
  TN_ASSIGN(const std::vector<SelectedRun> runs, select_runs(view, filter));
  if (runs.empty()) return Status(Code::not_found, none);
  return FoundRun{runs.front().number, runs.front().id};
}

// A word that begins with `@`.
Result<FoundRun> find_by_word(const View& view, std::string_view text) {
  static constexpr std::string_view kLastOf = "@last:";
  RunFilter filter;
  if (text == "@last") return newest(view, filter, "there is no run in this store yet; start one");
  if (text == "@failed") {
    filter.keep_only(RunState::failed);
    return newest(view, filter, "no run in this store has failed");
  }
  if (text.starts_with(kLastOf)) {
    filter.workflow = std::string(text.substr(kLastOf.size()));
    return newest(view, filter, "the workflow `" + *filter.workflow + "` has no run in this store");
  }
  return Status(Code::not_found,
                "`" + std::string(text) + "` names no run; there are @last, @last:WORKFLOW and @failed");
}

// Runs of the tail whose id was chosen and begins with `prefix`, newest last.
Result<std::vector<FoundRun>> chosen_in_tail(const View& view, std::string_view prefix) {
  std::vector<FoundRun> found;
  for (const TailRun& run : view.tail_runs()) {
    if (!run.starts) continue;
    TN_ASSIGN(const Event start, view.start_of(run.records.run));
    const auto& started = std::get<RunStarted>(start.body);
    if (started.id_chosen && started.id.starts_with(prefix)) found.push_back({run.records.run, started.id});
  }
  return found;
}

Result<std::optional<FoundRun>> find_generated(const View& view, std::string_view text) {
  const std::optional<RunNumber> run = parse_run_id(text, view.store_key());
  if (!run.has_value()) return std::optional<FoundRun>();
  const Result<Event> start = view.start_of(*run);
  if (start.code() == Code::not_found) return std::optional<FoundRun>();
  if (!start.ok()) return start.status();
  const auto& started = std::get<RunStarted>(start->body);
  if (started.id_chosen || !id_begins_with(started.id, false, text)) return std::optional<FoundRun>();
  return std::optional(FoundRun{*run, started.id});
}

// Ids of the table of chosen ids that begin with `prefix`, a few of them; what the tail has is there under a newer number.
Status add_chosen_in_tables(const View& view, std::string_view prefix, std::vector<FoundRun>& found) {
  Status status;
  TN_TRY(view.tables().scan(Table::keys, prefix, [&](ByteView id, ByteView value) {
    if (!id.starts_with(prefix) || found.size() > kNamedMax) return false;
    const auto known = [&](const FoundRun& run) { return run.id == id; };
    if (std::any_of(found.begin(), found.end(), known)) return true;
    const auto run = decode_run_number(id, value);
    if (!run.ok()) {
      status = run.status();
      return false;
    }
    found.push_back({*run, std::string(id)});
    return true;
  }));
  return status;
}

// The first time whose ids compare as `not_before(id's beginning)`; ids sort by their time.
template <class NotBefore>
WallTime first_time(NotBefore&& not_before) {
  Nanos low = 0;
  Nanos high = INT64_MAX / kMillisecond;
  while (low < high) {
    const Nanos middle = low + (high - low) / 2;
    if (not_before(make_run_id(WallTime{middle * kMillisecond}, RunNumber{}, 0))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return WallTime{low * kMillisecond};
}

// Generated ids begin with their time, so a prefix says when the run began, more or less.
Status add_generated(const View& view, std::string_view prefix, std::vector<FoundRun>& found) {
  RunFilter filter;
  filter.generated_only = true;
  filter.id_prefix = std::string(prefix);
  filter.limit = kNamedMax + 1;
  const std::string time = upper_case(prefix.substr(0, kIdTimeChars));
  filter.started_since = first_time([&](std::string_view id) { return id.substr(0, time.size()) >= time; });
  filter.started_until = first_time([&](std::string_view id) { return id.substr(0, time.size()) > time; });
  if (filter.started_since == filter.started_until) return {};
  TN_ASSIGN(const std::vector<SelectedRun> runs, select_runs(view, filter));
  for (const SelectedRun& run : runs) found.push_back({run.number, run.id});
  return {};
}

Result<FoundRun> the_only_one(std::string_view text, const std::vector<FoundRun>& found) {
  if (found.empty()) return nothing(text);
  if (found.size() == 1) return found.front();
  std::string names;
  for (std::size_t i = 0; i < std::min(found.size(), kNamedMax); ++i)
    names += (i == 0 ? "" : ", ") + found[i].id;
  if (found.size() > kNamedMax) names += ", …";
  return Status(Code::conflict,
                "several runs begin with `" + std::string(text) + "`: " + names + "; give more of the id");
}

}  // namespace

Result<std::optional<FoundRun>> View::find_whole(std::string_view id,
                                                 const std::vector<FoundRun>& begun) const {
  for (auto run = begun.rbegin(); run != begun.rend(); ++run) {
    if (run->id == id) return std::optional(*run);
  }
  TN_ASSIGN(const std::optional<RunNumber> chosen, find_chosen_id(*tables_, id));
  if (chosen.has_value()) return std::optional(FoundRun{*chosen, std::string(id)});
  return find_generated(*this, id);
}

Result<FoundRun> View::find_exactly(std::string_view id) const {
  if (id.empty() || id.size() > limits::kRunIdBytesMax) return nothing(id);
  TN_ASSIGN(const std::vector<FoundRun> begun, chosen_in_tail(*this, id));
  TN_ASSIGN(const std::optional<FoundRun> found, find_whole(id, begun));
  return found.has_value() ? Result<FoundRun>(*found) : nothing(id);
}

Result<FoundRun> View::find(std::string_view text) const {
  if (text.starts_with('@')) return find_by_word(*this, text);
  if (text.empty() || text.size() > limits::kRunIdBytesMax) return nothing(text);
  TN_ASSIGN(std::vector<FoundRun> found, chosen_in_tail(*this, text));
  TN_ASSIGN(const std::optional<FoundRun> whole, find_whole(text, found));
  if (whole.has_value()) return *whole;
  TN_TRY(add_chosen_in_tables(*this, text, found));
  TN_TRY(add_generated(*this, text, found));
  return the_only_one(text, found);
}

}  // namespace tenuto
