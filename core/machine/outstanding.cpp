#include "core/machine/outstanding.h"

namespace tenuto {

void outstanding(const Run& run, Changes& changes) {
  if (is_final(run.state)) {
    changes.ended = true;
    return;
  }
  if (!run.may_start_work()) {
    changes.stop_work = true;
    return;
  }
  const auto made = run.in_order() ? rows_in_order(run) : nullptr;
  const TaskRow* rows = run.in_order() ? made.get() : run.rows.get();
  for (std::uint32_t i = 0; i < run.plan->node_count(); ++i) {
    const TaskIndex node{i};
    const TaskRow& row = rows[i];
    const bool is_switch = run.plan->row(node).kind == NodeKind::switch_node;
    if (row.state == TaskState::ready) changes.ready.push_back(node);
    if (row.state == TaskState::pending && (row.must_skip() || (is_switch && row.waits_for == 0))) {
      changes.decidable.push_back(node);
    }
  }
  if (run.trouble == nullptr) return;
  for (const RetryWait& wait : run.trouble->retry_waits) changes.timers.push_back({wait.task, wait.at});
}

}  // namespace tenuto
