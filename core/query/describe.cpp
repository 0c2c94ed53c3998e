#include "core/query/describe.h"

#include <array>

#include "core/query/replay.h"
#include "core/query/value_json.h"

namespace tenuto {
namespace {

class Description {
 public:
  Description(const ReplayedRun& replayed, const DescribeHints& hints, Bytes& text)
      : replayed_(replayed), run_(replayed.run), plan_(*replayed.run.plan), hints_(hints), out_(text) {}

  void write() {
    find_open_predecessors();
    out_.begin_object();
    write_head();
    write_counts();
    out_.key("nodes").begin_array();
    for (std::uint32_t i = 0; i < plan_.node_count(); ++i) write_node(TaskIndex{i});
    out_.end_array();
    out_.end_object();
  }

 private:
  [[nodiscard]] bool has_begun(TaskIndex task) const {
    return run_.row(task).state == TaskState::ready && hints_.has_begun && hints_.has_begun(task);
  }
  [[nodiscard]] TaskState state_of(TaskIndex task) const {
    return has_begun(task) ? TaskState::running : run_.row(task).state;
  }

  // For nodes that may still be reached.
  void find_open_predecessors() {
    if (!run_.may_start_work()) return;
    open_predecessors_.resize(plan_.node_count());
    for (std::uint32_t i = 0; i < plan_.node_count(); ++i) {
      if (is_final(run_.rows[i].state)) continue;
      for (const Edge edge : plan_.edges_of(TaskIndex{i})) {
        open_predecessors_[edge.target().value].push_back(TaskIndex{i});
      }
    }
  }

  void write_head() {
    const RunStarted& started = replayed_.started;
    out_.key("id").string(started.id);
    out_.key("number");
    write_count(out_, run_.number.value);
    out_.key("workflow").string(plan_.name());
    out_.key("hash").string(to_hex(started.workflow.high, started.workflow.low));
    out_.key("state").string(to_text(shown_state(run_)));
    out_.key("input");
    write_payload(out_, run_.input);
    out_.key("output");
    write_payload(out_, run_.output());
    out_.key("error");
    write_run_error();
    out_.key("started");
    write_time(out_, replayed_.started_at);
    out_.key("ended");
    write_time(out_, replayed_.ended_at);
    out_.key("by");
    write_text_or_null(out_, started.by);
    out_.key("labels");
    write_json(out_, started.labels, "{}");
    out_.key("test").boolean(started.test);
  }

  // Of a run that ended badly, or will: the first failure decides.
  void write_run_error() {
    const bool has_error = run_.state != RunState::completed && run_.trouble != nullptr &&
                           (is_final(run_.state) || run_.failing());
    if (!has_error) {
      out_.null();
      return;
    }
    const TaskIndex culprit = run_.trouble->culprit;
    const bool known = culprit.value < plan_.node_count();
    write_failure(out_, run_.trouble->failure, known ? plan_.name_of(culprit) : std::string_view(),
                  known ? replayed_.nodes[culprit.value].attempts : 0);
  }

  void write_counts() {
    std::array<std::uint32_t, static_cast<std::size_t>(TaskState::not_reached) + 1> counts{};
    for (std::uint32_t i = 0; i < plan_.node_count(); ++i) {
      if (plan_.row(TaskIndex{i}).kind == NodeKind::task)
        ++counts[static_cast<std::size_t>(state_of(TaskIndex{i}))];
    }
    out_.key("tasks").begin_object();
    for (std::size_t state = 0; state < counts.size(); ++state) {
      if (counts[state] != 0) out_.key(to_text(static_cast<TaskState>(state))).integer(counts[state]);
    }
    out_.end_object();
  }

  void write_node(TaskIndex task) {
    const bool is_switch = plan_.row(task).kind == NodeKind::switch_node;
    const NodeTimes& times = replayed_.nodes[task.value];
    const TaskRow& row = run_.row(task);
    const TaskState state = state_of(task);
    out_.begin_object();
    out_.key("name").string(plan_.name_of(task));
    out_.key("path").string(plan_.name_of(task));
    out_.key("kind").string(is_switch ? "switch" : "task");
    out_.key("state").string(to_text(state));
    out_.key("attempts").integer(times.attempts + (state == TaskState::running ? 1 : 0));
    out_.key("started");
    write_time(out_, times.started);
    out_.key("ended");
    write_time(out_, times.ended);
    out_.key("result");
    write_payload(out_, run_.result_of(task));
    out_.key("error");
    if (times.failure.has_value()) {
      write_failure(out_, *times.failure, plan_.name_of(task), times.attempts);
    } else {
      out_.null();
    }
    if (times.retry_at.ns != 0) {
      out_.key("retry_at");
      write_time(out_, times.retry_at);
    }
    if (is_switch && state == TaskState::done) write_arm(row);
    write_waits_for(task, state);
    out_.end_object();
  }

  // The number of the arm that was taken, from 0.
  void write_arm(const TaskRow& row) {
    out_.key("arm");
    if (row.attempt == 0) {
      out_.null();
    } else {
      out_.integer(row.attempt - 1);
    }
  }

  void write_waits_for(TaskIndex task, TaskState state) {
    if (!run_.may_start_work()) return;
    if (state == TaskState::ready && hints_.is_served && !hints_.is_served(plan_.action_of(task))) {
      out_.key("waits_for").begin_object().key("action").string(plan_.action_of(task)).end_object();
    }
    if (state != TaskState::pending || open_predecessors_[task.value].empty()) return;
    out_.key("waits_for").begin_object().key("nodes").begin_array();
    for (const TaskIndex node : open_predecessors_[task.value]) out_.string(plan_.name_of(node));
    out_.end_array().end_object();
  }

  const ReplayedRun& replayed_;
  const Run& run_;
  const Plan& plan_;
  const DescribeHints& hints_;
  json::Writer out_;
  std::vector<std::vector<TaskIndex>> open_predecessors_;
};

}  // namespace

Result<Bytes> describe(const View& view, RunNumber run, const DescribeHints& hints) {
  TN_ASSIGN(const ReplayedRun replayed, replay(view, run));
  Bytes text;
  Description(replayed, hints, text).write();
  return text;
}

}  // namespace tenuto
