// Puts another data file in the place of an LMDB environment's, while no process has it open.
#pragma once

#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/store/directory_claim.h"
#include "core/store/files.h"

namespace tenuto {

// Keeps an environment to itself: whoever opens it waits, and those that wait notice what happened (LmdbEnv::open()).
//
// LMDB keeps what processes tell each other in lock.mdb, and locks its first byte: shared by all that have the environment open,
// alone by the first while it prepares the file. Whoever has that byte alone knows that nobody has the environment open. The lock is
// of the open file description, so that it does not matter which thread or process closes which descriptor.
// Thread safety: one thread at a time.
class LmdbAlone {
 public:
  // owned when a process has the environment in `directory` open; the message names it and `store`.
  static Result<LmdbAlone> take(const std::string& store, const std::string& directory);

  // Renames `data` to the environment's data file, durably; lock.mdb goes, for it speaks of the old file.
  Status replace(const std::string& data);

 private:
  LmdbAlone(std::string directory, std::unique_ptr<DirectoryClaim> claim, OwnedFile lock)
      : directory_(std::move(directory)), claim_(std::move(claim)), lock_(std::move(lock)) {}
  std::string directory_;
  std::unique_ptr<DirectoryClaim> claim_;
  OwnedFile lock_;
};

}  // namespace tenuto
