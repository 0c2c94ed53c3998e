// The journal's part of verify().
//
// Thread safety: a function; an owner may write and recycle meanwhile.
#pragma once

#include <optional>

#include "core/journal/journal_meta.h"
#include "core/query/verify_report.h"
#include "core/store/log.h"

namespace tenuto {

// Walks every frame from the first segment on and gives back where the journal ends; none when that is not known. `meta` is
// the row of the tables, if there is one.
[[nodiscard]] std::optional<Position> verify_journal(const Log& log, const std::optional<JournalMeta>& meta,
                                                     VerifyReport& report);

}  // namespace tenuto
