// One run, whole, as JSON.
//
// Thread safety: a function without state.
#pragma once

#include <functional>

#include "core/query/view.h"

namespace tenuto {

// What only the driving process knows. Both may be empty: unknown.
struct DescribeHints {
  std::function<bool(std::string_view action)> is_served;
  std::function<bool(TaskIndex)> has_begun;  // the body of a ready task runs at this moment
};

// An object with id, number, workflow, hash, state, input, output, error, started, ended, by, labels, test,
// `tasks` (how many tasks are in each state; only states that occur, switches left out) and `nodes`, one object a node in the
// order of the definition: name, path, kind, state, attempts, started, ended, result, error, and where it applies retry_at,
// arm and waits_for ({"action": …} that nobody serves, or {"nodes": […]} that have not ended). What is not there is null.
// not_found, damaged.
[[nodiscard]] Result<Bytes> describe(const View& view, RunNumber run, const DescribeHints& hints);

}  // namespace tenuto
