// Generated run ids: 26 Crockford characters that hold time, run number and a check, so that no table is needed to find
// the run of an id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/base/store_keys.h"

namespace tenuto {

// 10 characters of milliseconds since 1970 (ids sort by time), 13 of the run number, 3 of a check. `store` differs
// between stores, so that an id of another store is told at once.
[[nodiscard]] std::string make_run_id(WallTime started, RunNumber number, const StoreKeys& store);

// The id of a run as people see it: the chosen one that is stored, or the generated one when nothing is.
[[nodiscard]] inline std::string shown_run_id(std::string_view stored, WallTime started, RunNumber number,
                                              const StoreKeys& store) {
  return stored.empty() ? make_run_id(started, number, store) : std::string(stored);
}

// The run number, if `id` is a whole generated id of this store; case does not matter.
[[nodiscard]] std::optional<RunNumber> parse_run_id(std::string_view id, const StoreKeys& store);

// invalid_argument unless `id` is [A-Za-z0-9][A-Za-z0-9._:-]{0,199}.
Status check_chosen_id(std::string_view id);

}  // namespace tenuto
