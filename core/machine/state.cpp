#include "core/machine/state.h"

#include <algorithm>

namespace tenuto {
namespace {

bool same_row(const TaskRow& a, const TaskRow& b) {
  return a.state == b.state && a.waits_for == b.waits_for && a.attempt == b.attempt && a.marks == b.marks;
}

bool same_trouble(const RunTrouble* a, const RunTrouble* b) {
  static const RunTrouble kNone;
  if (a == nullptr) a = &kNone;
  if (b == nullptr) b = &kNone;
  return a->retry_waits == b->retry_waits && a->failing == b->failing && a->culprit == b->culprit &&
         a->failed_as == b->failed_as && a->failure == b->failure && a->cancel_reason == b->cancel_reason &&
         a->cancelled_by == b->cancelled_by;
}

bool same_results(const Run& a, const Run& b) {
  if (!a.has_results && !b.has_results) return true;
  for (std::uint32_t i = 0; i < a.plan->node_count(); ++i) {
    if (a.result_of(TaskIndex{i}) != b.result_of(TaskIndex{i})) return false;
  }
  return true;
}

}  // namespace

const Payload Run::kNull;

void Run::set_output(const Payload& output) {
  if (output.is_null_json()) return;
  if (values == nullptr) values = std::make_unique<Payload[]>(1);
  values[0] = output;
}

void Run::set_result(TaskIndex i, const Payload& result) {
  if (result.is_null_json()) return;
  if (!has_results) values = std::make_unique<Payload[]>(std::size_t{plan->node_count()} + 1);
  has_results = true;
  values[std::size_t{i.value} + 1] = result;
}

std::unique_ptr<TaskRow[]> rows_in_order(const Run& run) {
  const Plan& plan = *run.plan;
  const std::uint32_t count = plan.node_count();
  auto rows = std::make_unique<TaskRow[]>(count);
  for (std::uint32_t i = 0; i < count; ++i) rows[i].waits_for = plan.row(TaskIndex{i}).in_degree;
  for (std::uint32_t i = 0; i < run.front; ++i) {
    rows[i].state = TaskState::done;
    rows[i].attempt = 1;
    for (const Edge edge : plan.edges_of(TaskIndex{i})) --rows[edge.target().value].waits_for;
  }
  for (std::uint32_t i = run.front; i < count; ++i) {
    if (rows[i].waits_for > 0 || plan.row(TaskIndex{i}).kind == NodeKind::switch_node) continue;
    rows[i].state = TaskState::ready;
    rows[i].attempt = 1;
  }
  return rows;
}

RunCounts count_rows(const Run& run) {
  RunCounts counts;
  counts.retries = run.retries;
  counts.busy_ns = run.busy_ns;
  if (run.in_order()) {
    counts.done = run.front;
    return counts;
  }
  for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) {
    if (run.plan->row(TaskIndex{i}).kind != NodeKind::task) continue;
    switch (run.rows[i].state) {  // no branch: a row has no other state
      case TaskState::done:
        ++counts.done;
        break;
      case TaskState::skipped:
        ++counts.skipped;
        break;
      case TaskState::failed:
      case TaskState::timed_out:
        ++counts.failed;
        break;
      case TaskState::cancelled:
        ++counts.cancelled;
        break;
      case TaskState::not_reached:
        ++counts.not_reached;
        break;
      case TaskState::pending:
      case TaskState::ready:
      case TaskState::running:
      case TaskState::waiting:
        break;
    }
  }
  return counts;
}

bool same_state(const Run& a, const Run& b) {
  if (a.number != b.number || a.state != b.state || a.plan->hash() != b.plan->hash()) return false;
  if (a.input != b.input || a.output() != b.output()) return false;
  if (a.open != b.open || a.retries != b.retries || a.busy_ns != b.busy_ns) return false;
  if (!same_trouble(a.trouble.get(), b.trouble.get())) return false;
  if (!same_results(a, b)) return false;
  if (a.in_order() && b.in_order()) return a.front == b.front;
  const auto made = a.in_order() ? rows_in_order(a) : b.in_order() ? rows_in_order(b) : nullptr;
  const TaskRow* rows_a = a.in_order() ? made.get() : a.rows.get();
  const TaskRow* rows_b = b.in_order() ? made.get() : b.rows.get();
  return std::equal(rows_a, rows_a + a.plan->node_count(), rows_b, same_row);
}

}  // namespace tenuto
