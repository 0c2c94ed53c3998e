// A backup of a store, taken while its owner goes on.
//
// A consistent cut: the state tables as one LMDB snapshot shows them, and the frames of the journal from that snapshot's watermark up
// to a position that was durable when the backup began, or is by then. So everything that was acknowledged before the call is in it, and
// everything in it happened, in that order. Nobody is locked out and nobody waits for it:
//   1. commands that wait in the inbox are copied; who takes one from now on has its outcome durable in 2, or the copy has it
//   2. the durable position is read: the backup goes up to it
//   3. a snapshot is taken, and at once the frames behind it are copied. The owner may recycle their segment meanwhile; what it then holds
//      has other positions, so the reader notices, and 3 is done again with a newer snapshot
//   4. the tables are copied row by row from the snapshot of 3, whose pages LMDB keeps for as long as it is read
//   5. all is synced, then the manifest is written, then the directory gets its name
// A crash at any step leaves a directory TARGET.partial-…, which is no backup.
//
// Thread safety: a function; any number at the same time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/store/log.h"
#include "core/store/state.h"
#include "core/store/store_dir.h"
#include "core/upkeep/progress.h"

namespace tenuto {

struct BackupSource {
  const StoreDir& dir;
  const State& state;
  const Log& log;
  // Everything before it is durable; none when nobody owns the store, and then the backup goes to the journal's end.
  std::function<std::optional<Position>()> durable;
  std::string version;  // of the library, for people
};

// JSON {path, bytes, position, watermark, frames, live_runs, ended_runs, commands, store}. conflict: `target` exists; invalid_argument: it lies
// in the store, or has no parent directory; full; damaged: the store is, which is told with the place.
[[nodiscard]] Result<Bytes> back_up(const BackupSource& source, const std::string& target, WallTime now,
                                    const Progress& progress);

}  // namespace tenuto
