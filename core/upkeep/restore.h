// A store out of a backup.
//
// The new store has an identity of its own (core/base/store_keys.h says what that means for ids and idempotency keys), and
// begins where the backup ends. Every byte of the backup is checked before anything believes it, the frames of the journal are
// checked once more one by one, and the store is verified as a whole, before the directory gets its name. A crash at any step leaves a
// directory TARGET.restoring-…, which is no store.
//
// Thread safety: functions.
#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/upkeep/progress.h"

namespace tenuto {

// JSON {path, store, origin, made, position, bytes, live_runs, ended_runs, commands}. not_found: `backup` is none; damaged, with the
// place; newer_format; conflict: `target` is no new or empty directory; owned: it is a store that a process owns; full.
[[nodiscard]] Result<Bytes> restore(const std::string& backup, const std::string& target,
                                    const Progress& progress);

// Checks the manifest and every checksum of a backup, and its frames; the same report without path and store.
[[nodiscard]] Result<Bytes> check_backup(const std::string& backup, const Progress& progress);

}  // namespace tenuto
