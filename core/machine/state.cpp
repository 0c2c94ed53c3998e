#include "core/machine/state.h"

namespace tenuto {
namespace {

bool same_row(const TaskRow& a, const TaskRow& b) {
  return a.state == b.state && a.result == b.result && a.waits_for == b.waits_for && a.attempt == b.attempt &&
         a.marks == b.marks;
}

bool same_trouble(const RunTrouble* a, const RunTrouble* b) {
  static const RunTrouble kNone;
  if (a == nullptr) a = &kNone;
  if (b == nullptr) b = &kNone;
  return a->retry_waits == b->retry_waits && a->failing == b->failing && a->culprit == b->culprit &&
         a->failed_as == b->failed_as && a->failure == b->failure && a->cancel_reason == b->cancel_reason &&
         a->cancelled_by == b->cancelled_by;
}

}  // namespace

RunCounts count_rows(const Run& run) {
  RunCounts counts;
  for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) {
    if (run.plan->row(TaskIndex{i}).kind != NodeKind::task) continue;
    switch (run.rows[i].state) {
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
  counts.retries = run.retries;
  counts.busy_ns = run.busy_ns;
  return counts;
}

bool same_state(const Run& a, const Run& b) {
  if (a.number != b.number || a.state != b.state || a.plan->hash() != b.plan->hash()) return false;
  if (a.input != b.input || a.output != b.output) return false;
  if (a.open != b.open || a.retries != b.retries || a.busy_ns != b.busy_ns) return false;
  if (!same_trouble(a.trouble.get(), b.trouble.get())) return false;
  for (std::uint32_t i = 0; i < a.plan->node_count(); ++i) {
    if (!same_row(a.rows[i], b.rows[i])) return false;
  }
  return true;
}

}  // namespace tenuto
