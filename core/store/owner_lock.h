// One process owns a store: an open-file-description lock on `owner.lock`, which names the owner for people.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/status.h"

namespace tenuto {

// The kernel releases the lock when it is told to, or when the last descriptor of the open file is closed, so also after SIGKILL. A forked
// child inherits a descriptor, and would keep the store locked after its parent's death: a handler of fork() closes
// it in the child, where this object then holds nothing. exec() closes it as well.
// Thread safety: made, asked and destroyed by any thread, by one at a time.
class OwnerLock {
 public:
  // Takes the lock in `file`, which is made when missing. owned when a process has it (this one included); the
  // message names `store`, the process and the next step.
  static Result<std::unique_ptr<OwnerLock>> acquire(const std::string& store, const std::string& file);
  ~OwnerLock();
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  // False in a forked child.
  [[nodiscard]] bool held() const;

 private:
  OwnerLock() = default;
};

// Who owns the store of this lock file: a process number, or 0 when nobody does.
Result<std::int64_t> owner_of(const std::string& file);

}  // namespace tenuto
