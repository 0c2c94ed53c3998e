#include "core/query/select.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/payload/json.h"
#include "core/query/column_tests.h"
#include "core/query/run_row.h"
#include "core/query/run_rows.h"

namespace tenuto {
namespace {

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

class Selection {
 public:
  Selection(const View& view, const RunFilter& filter) : view_(view), filter_(filter), tests_(filter) {}

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

  Status look_at_ended(const RunRows& rows) {
    std::vector<Block> blocks;
    TN_TRY(rows.for_each_block([&](const SummaryZone& zone, ByteView key, ByteView value) -> Status {
      if (tests_.may_hold(zone)) blocks.push_back({zone.run_max, key, value});
      return {};
    }));
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& a, const Block& b) { return a.newest > b.newest; });
    for (const Block& block : blocks) {
      if (is_complete_down_to(block.newest)) break;
      TN_TRY(look_at(block));
    }
    return {};
  }

  Status look_at(const Block& block) {
    TN_ASSIGN(SummaryReader reader, SummaryReader::open(block.key, block.value));
    SummaryRow row;
    for (const std::uint32_t index : tests_.select(reader)) {
      if (is_complete_down_to(RunNumber(reader.column(SummaryColumn::run).at(index)))) continue;
      TN_TRY(reader.read_row(index, row));
      const std::string id = view_.id_of(row.run, row.started, row.id);
      row.id = id;
      if (!fits(row.id, row.id_chosen, row.labels) || !tests_.may_hold(row)) continue;
      TN_ASSIGN(const bool holds, where_holds(row));
      if (!holds) continue;
      text_.write(row);
      add(row.run, row.id);
    }
    return {};
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
      if (row.started < filter_.started_since || row.started >= filter_.started_until) return true;
      if (!fits(row.id, row.id_chosen, row.labels)) return true;
      TN_ASSIGN(const ByteView workflow, view_.workflow_name(row.workflow));
      if (filter_.workflow.has_value() && workflow != *filter_.workflow) return true;
      TN_ASSIGN(const ReplayedRun replayed, replay(view_, run));
      if (!filter_.has(shown_state(replayed.run))) return true;
      text_.write(run, row, workflow, replayed.run);
      TN_ASSIGN(const bool holds,
                where_holds([&](RunColumn column) { return text_.column(column); }, row.id));
      if (holds) add(run, row.id);
      return true;
    });
  }

  bool fits(std::string_view id, bool id_chosen, ByteView labels) {
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

  // Of an ended run; writes no more columns than the condition names.
  Result<bool> where_holds(const SummaryRow& row) {
    return where_holds(
        [&](RunColumn column) {
          Bytes& text = columns_[static_cast<std::size_t>(column)];
          text.clear();
          json::Writer out(text);
          write_column(out, column, row);
          return ByteView(text);
        },
        row.id);
  }

  // `text_of(column)` is valid until the evaluation. A condition that has no value for a row, such as `error.type == "x"` over a run
  // without an error, does not hold for it.
  template <class TextOf>
  Result<bool> where_holds(TextOf&& text_of, std::string_view id) {
    if (!filter_.where.has_value()) return true;
    operands_.clear();
    for (const std::string& name : filter_.where->names()) {
      operands_.push_back({expr::Operand::Kind::value, text_of(*find_column(name))});
    }
    const expr::Outcome outcome = evaluator_.evaluate(*filter_.where, operands_);
    if (outcome.kind != expr::Outcome::Kind::value) return false;
    if (outcome.value.kind == expr::ValueKind::boolean) return outcome.is_true();
    return Status(Code::invalid_argument, "the query: `where` must be true or false, it is " +
                                              Bytes(expr::describe(outcome.value.kind)) + " for run `" +
                                              Bytes(id) + "`");
  }

  // A run that the filter lets through, with its row in text_.
  void add(RunNumber run, std::string_view id) {
    found_[run] = {run, std::string(id), text_.text()};
    if (found_.size() > filter_.limit) found_.erase(std::prev(found_.end()));
  }

  const View& view_;
  const RunFilter& filter_;
  ColumnTests tests_;
  std::map<RunNumber, SelectedRun, std::greater<>> found_;
  RunRowText text_;
  std::array<Bytes, kRunColumns.size()> columns_;  // as far as a condition names them
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
