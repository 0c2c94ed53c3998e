#include "core/query/run_row.h"

#include <algorithm>

#include "core/query/value_json.h"

namespace tenuto {
namespace {

// In the order of TaskState, as lists show them: a task that timed out counts as failed.
void write_task_counts(json::Writer& out, std::span<const std::pair<TaskState, std::uint32_t>> counts) {
  out.begin_object();
  for (const auto& [state, count] : counts) {
    if (count != 0) out.key(to_text(state)).integer(count);
  }
  out.end_object();
}

void write_tasks(json::Writer& out, const RunCounts& c) {
  const std::pair<TaskState, std::uint32_t> counts[] = {{TaskState::done, c.done},
                                                        {TaskState::skipped, c.skipped},
                                                        {TaskState::failed, c.failed},
                                                        {TaskState::cancelled, c.cancelled},
                                                        {TaskState::not_reached, c.not_reached}};
  write_task_counts(out, counts);
}

void write_tasks(json::Writer& out, const Run& run) {
  std::array<std::pair<TaskState, std::uint32_t>, static_cast<std::size_t>(TaskState::not_reached) + 1>
      counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i].first = static_cast<TaskState>(i);
  for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) {
    if (run.plan->row(TaskIndex{i}).kind != NodeKind::task) continue;
    const TaskState state = run.rows[i].state == TaskState::timed_out ? TaskState::failed : run.rows[i].state;
    ++counts[static_cast<std::size_t>(state)].second;
  }
  write_task_counts(out, counts);
}

void write_error(json::Writer& out, ByteView type, ByteView message) {
  if (type.empty() && message.empty()) {
    out.null();
    return;
  }
  out.begin_object().key("type").string(type).key("message").string(message).end_object();
}

}  // namespace

static_assert(static_cast<std::size_t>(RunColumn::tasks) + 1 == kRunColumns.size());

std::optional<RunColumn> find_column(std::string_view name) {
  const auto found = std::find(kRunColumns.begin(), kRunColumns.end(), name);
  if (found == kRunColumns.end()) return std::nullopt;
  return static_cast<RunColumn>(found - kRunColumns.begin());
}

void write_column(json::Writer& out, RunColumn column, const SummaryRow& row) {
  switch (column) {
    case RunColumn::id:
      out.string(row.id);
      return;
    case RunColumn::number:
      return write_count(out, row.run.value);
    case RunColumn::workflow:
      out.string(row.workflow_name);
      return;
    case RunColumn::hash:
      out.string(to_hex(row.workflow.high, row.workflow.low));
      return;
    case RunColumn::state:
      out.string(to_text(row.state));
      return;
    case RunColumn::started:
      return write_time(out, row.started);
    case RunColumn::ended:
      return write_time(out, row.ended);
    case RunColumn::labels:
      return write_json(out, row.labels, "{}");
    case RunColumn::test:
      out.boolean(row.test);
      return;
    case RunColumn::error:
      return write_error(out, row.error_type, row.error_message);
    case RunColumn::retries:
      out.integer(row.counts.retries);
      return;
    case RunColumn::tasks:
      return write_tasks(out, row.counts);
  }
}

// Writes the columns one after the other, in the order of kRunColumns.
class RunRowText::Pen {
 public:
  explicit Pen(RunRowText& row) : row_(row), out_(row.text_) {
    row_.text_.clear();
    out_.begin_object();
  }
  ~Pen() {
    TN_CHECK(next_ == kRunColumns.size());
    out_.end_object();
  }
  template <class Write>
  void column(Write&& write) {
    out_.key(kRunColumns[next_]);
    Column& column = row_.columns_[next_++];
    column.begin = row_.text_.size();
    write(out_);
    column.size = row_.text_.size() - column.begin;
  }

 private:
  RunRowText& row_;
  json::Writer out_;
  std::size_t next_ = 0;
};

void RunRowText::write(const SummaryRow& row) {
  Pen pen(*this);
  for (std::size_t i = 0; i < kRunColumns.size(); ++i) {
    pen.column([&](json::Writer& out) { write_column(out, static_cast<RunColumn>(i), row); });
  }
}

void RunRowText::write(RunNumber run, const LiveRow& row, std::string_view workflow_name, const Run& state) {
  // What a live run has in common with one that ended.
  SummaryRow known;
  known.run = run;
  known.state = shown_state(state);
  known.test = row.test;
  known.id = row.id;
  known.workflow = row.workflow;
  known.workflow_name = workflow_name;
  known.started = row.started;
  known.labels = row.labels;
  known.counts.retries = state.retries;
  Pen pen(*this);
  for (std::size_t i = 0; i < kRunColumns.size(); ++i) {
    const auto column = static_cast<RunColumn>(i);
    pen.column([&](json::Writer& out) {
      if (column == RunColumn::tasks) {
        write_tasks(out, state);
      } else {
        write_column(out, column, known);
      }
    });
  }
}

}  // namespace tenuto
