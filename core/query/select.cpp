#include "core/query/select.h"

#include <algorithm>
#include <map>

#include "core/payload/json.h"
#include "core/query/run_row.h"
#include "core/query/run_rows.h"

namespace tenuto {
namespace {

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

class Selection {
 public:
  Selection(const View& view, const RunFilter& filter) : view_(view), filter_(filter) {}

  Result<std::vector<SelectedRun>> run() {
    std::vector<SelectedRun> selected;
    if (filter_.limit == 0) return selected;
    TN_ASSIGN(const RunRows rows, RunRows::of(view_));
    TN_TRY(look_at_ended(rows));
    TN_TRY(look_at_live(rows));
    for (auto& [number, found] : found_) selected.push_back(std::move(found));
    return selected;
  }

 private:
  struct Block {
    RunNumber newest;
    ByteView key;
    ByteView value;
  };

  // True if no run up to `newest` can get in any more.
  [[nodiscard]] bool is_complete_down_to(RunNumber newest) const {
    return found_.size() >= filter_.limit && newest < found_.rbegin()->first;
  }

  [[nodiscard]] bool may_hold(const SummaryZone& zone) const {
    return (zone.states & filter_.states) != 0 && zone.started_max >= filter_.started_since &&
           zone.started_min < filter_.started_until;
  }

  Status look_at_ended(const RunRows& rows) {
    std::vector<Block> blocks;
    TN_TRY(rows.for_each_block([&](const SummaryZone& zone, ByteView key, ByteView value) -> Status {
      if (may_hold(zone)) blocks.push_back({zone.run_max, key, value});
      return {};
    }));
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& a, const Block& b) { return a.newest > b.newest; });
    for (const Block& block : blocks) {
      if (is_complete_down_to(block.newest)) break;
      TN_ASSIGN(const std::vector<SummaryRow> in_block, read_summary_rows(block.key, block.value));
      for (const SummaryRow& row : in_block) TN_TRY(look_at(row));
    }
    return {};
  }

  Status look_at(const SummaryRow& row) {
    if (is_complete_down_to(row.run) || !filter_.has(row.state)) return {};
    if (filter_.workflow.has_value() && row.workflow_name != *filter_.workflow) return {};
    if (!fits(row.id, row.id_chosen, row.started, row.labels)) return {};
    text_.write(row);
    return add_if_where_holds(row.run, row.id);
  }

  Status look_at_live(const RunRows& rows) {
    bool wants_live = false;
    for (const RunState state :
         {RunState::queued, RunState::running, RunState::waiting, RunState::paused, RunState::cancelling}) {
      wants_live = wants_live || filter_.has(state);
    }
    if (!wants_live) return {};
    return rows.for_each_live([&](RunNumber run, const LiveRow& row) -> Result<bool> {
      if (is_complete_down_to(run)) return false;
      if (!fits(row.id, row.id_chosen, row.started, row.labels)) return true;
      TN_ASSIGN(const ByteView workflow, view_.workflow_name(row.workflow));
      if (filter_.workflow.has_value() && workflow != *filter_.workflow) return true;
      TN_ASSIGN(const ReplayedRun replayed, replay(view_, run));
      if (!filter_.has(shown_state(replayed.run))) return true;
      text_.write(run, row, workflow, replayed.run);
      TN_TRY(add_if_where_holds(run, row.id));
      return true;
    });
  }

  bool fits(std::string_view id, bool id_chosen, WallTime started, ByteView labels) {
    if (started < filter_.started_since || started >= filter_.started_until) return false;
    if (id_chosen && filter_.generated_only) return false;
    if (!id_begins_with(id, id_chosen, filter_.id_prefix)) return false;
    return has_labels(labels);
  }

  bool has_labels(ByteView labels) {
    if (filter_.labels.empty()) return true;
    if (labels.empty()) return false;
    const auto parsed = parser_.parse(labels);
    if (!parsed.ok() || !(*parsed)->is_object()) return false;
    for (const auto& [name, wanted] : filter_.labels) {
      const json::Value* value = (*parsed)->find(name);
      if (value == nullptr || !value->is_string() || value->as_string() != wanted) return false;
    }
    return true;
  }

  // A condition that has no value for a row, such as `error.type == "x"` over a run without an error, does not hold for it.
  Result<bool> where_holds() {
    if (!filter_.where.has_value()) return true;
    operands_.clear();
    for (const std::string& name : filter_.where->names()) {
      operands_.push_back({expr::Operand::Kind::value, text_.column(*find_column(name))});
    }
    const expr::Outcome outcome = evaluator_.evaluate(*filter_.where, operands_);
    if (outcome.kind != expr::Outcome::Kind::value) return false;
    if (outcome.value.kind == expr::ValueKind::boolean) return outcome.is_true();
    return Status(Code::invalid_argument, "the query: `where` must be true or false, it is " +
                                              Bytes(expr::describe(outcome.value.kind)) + " for run " +
                                              Bytes(text_.column(*find_column("id"))));
  }

  Status add_if_where_holds(RunNumber run, std::string_view id) {
    TN_ASSIGN(const bool holds, where_holds());
    if (!holds) return {};
    found_[run] = {run, std::string(id), text_.text()};
    if (found_.size() > filter_.limit) found_.erase(std::prev(found_.end()));
    return {};
  }

  const View& view_;
  const RunFilter& filter_;
  std::map<RunNumber, SelectedRun, std::greater<>> found_;
  RunRowText text_;
  json::Parser parser_;
  expr::Evaluator evaluator_;
  std::vector<expr::Operand> operands_;
};

}  // namespace

bool id_begins_with(std::string_view id, bool chosen, std::string_view prefix) {
  if (prefix.size() > id.size()) return false;
  if (chosen) return id.substr(0, prefix.size()) == prefix;
  return std::equal(prefix.begin(), prefix.end(), id.begin(),
                    [](char a, char b) { return upper(a) == upper(b); });
}

Result<std::vector<SelectedRun>> select_runs(const View& view, const RunFilter& filter) {
  return Selection(view, filter).run();
}

}  // namespace tenuto
