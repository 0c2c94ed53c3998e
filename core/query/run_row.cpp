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

std::optional<std::size_t> find_column(std::string_view name) {
  const auto found = std::find(kRunColumns.begin(), kRunColumns.end(), name);
  if (found == kRunColumns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kRunColumns.begin());
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
  void id(std::string_view id, RunNumber run) {
    column([&](json::Writer& out) { out.string(id); });
    column([&](json::Writer& out) { write_count(out, run.value); });
  }
  void workflow(std::string_view name, const WorkflowHash& hash) {
    column([&](json::Writer& out) { out.string(name); });
    column([&](json::Writer& out) { out.string(to_hex(hash.high, hash.low)); });
  }
  void state(RunState state, WallTime started, WallTime ended) {
    column([&](json::Writer& out) { out.string(to_text(state)); });
    column([&](json::Writer& out) { write_time(out, started); });
    column([&](json::Writer& out) { write_time(out, ended); });
  }
  void labels(ByteView labels, bool test) {
    column([&](json::Writer& out) { write_json(out, labels, "{}"); });
    column([&](json::Writer& out) { out.boolean(test); });
  }

 private:
  RunRowText& row_;
  json::Writer out_;
  std::size_t next_ = 0;
};

void RunRowText::write(const SummaryRow& row) {
  Pen pen(*this);
  pen.id(row.id, row.run);
  pen.workflow(row.workflow_name, row.workflow);
  pen.state(row.state, row.started, row.ended);
  pen.labels(row.labels, row.test);
  pen.column([&](json::Writer& out) { write_error(out, row.error_type, row.error_message); });
  pen.column([&](json::Writer& out) { out.integer(row.counts.retries); });
  pen.column([&](json::Writer& out) { write_tasks(out, row.counts); });
}

void RunRowText::write(RunNumber run, const LiveRow& row, std::string_view workflow_name, const Run& state) {
  Pen pen(*this);
  pen.id(row.id, run);
  pen.workflow(workflow_name, row.workflow);
  pen.state(shown_state(state), row.started, WallTime());
  pen.labels(row.labels, row.test);
  pen.column([&](json::Writer& out) { out.null(); });
  pen.column([&](json::Writer& out) { out.integer(state.retries); });
  pen.column([&](json::Writer& out) { write_tasks(out, state); });
}

}  // namespace tenuto
