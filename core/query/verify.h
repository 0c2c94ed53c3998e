// Reads everything in a store and checks it.
//
// Thread safety: a function; an owner may work on the store meanwhile.
#pragma once

#include "core/base/status.h"
#include "core/store/log.h"
#include "core/store/state.h"

namespace tenuto {

// {ok, checked: {…}, problems: [{where, what}], more_problems}: the frames of the journal and their order, the watermark, workflows
// under their hashes, histories, replay of every live run, summaries against histories, ids, outcomes of commands and
// statistics. `sound` says whether there is no problem. Total: whatever the bytes are, it ends with a report.
[[nodiscard]] Result<Bytes> verify(const State& state, const Log& log, bool& sound);

}  // namespace tenuto
