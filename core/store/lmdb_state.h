// The tables in one LMDB environment: a directory with data.mdb and lock.mdb.
//
// Durability: LMDB's own commit, with a sync of the data before and of the meta page with the write of it. MDB_NOSYNC
// and MDB_WRITEMAP are never used: the first corrupts a store in a power cut, the second makes a full disk a SIGBUS.
//
// Errors of a write transaction:
//   full            no space on the disk, or the map was full and has grown ("…has grown…; retry"). The transaction is
//                   over, nothing has changed, and the whole transaction may be done again: at once after a growth.
//   poisoned        a sync or the write of the meta page failed: the outcome is unknown. Every later begin gives it too.
//   storage_error, no_memory   nothing has changed; it may be tried again.
// Opening: not_found (no directory, or nothing to read yet), damaged (not an LMDB file, or one that was damaged),
// conflict (open in this process already: LMDB's locks would break). After fork() the child gets forked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/limits.h"
#include "core/store/state.h"

namespace tenuto {

class LmdbEnv;

struct LmdbOptions {
  bool read_only = false;
  // Address space, not memory. Not critical: it doubles when it is full.
  std::size_t initial_map_bytes = 256u << 20;
  // Taken from whoever makes the lock file.
  unsigned max_readers = limits::kReadersMax;
};

// A reader of any process. A slot stays with its process between transactions.
struct StateReader {
  std::int64_t pid = 0;
  bool in_transaction = false;
  // The commit that its transaction sees.
  std::uint64_t snapshot = 0;
  // How many commits happened since its transaction began: what they replaced cannot be freed.
  std::uint64_t commits_behind = 0;
};

// Thread safety: that of State; transactions must end before the state does. A thread that holds a read transaction
// may begin another, but keeps the map from growing meanwhile: readers are short.
class LmdbState final : public State {
 public:
  using Options = LmdbOptions;

  static Result<std::unique_ptr<LmdbState>> open(const std::string& directory, const Options& options = {});
  ~LmdbState() override;

  Result<std::unique_ptr<StateRead>> begin_read() const override;
  Result<std::unique_ptr<StateWrite>> begin_write() override;
  Result<StateInfo> info() const override;
  Status make_room(std::uint64_t bytes) override;

  // Frees the slots of readers whose process died, and returns how many those were. What a dead reader saw is kept
  // from being freed until then.
  Result<int> clear_dead_readers();
  // Slots in use, of all processes.
  Result<std::vector<StateReader>> readers() const;

 private:
  explicit LmdbState(std::unique_ptr<LmdbEnv> env);
  std::unique_ptr<LmdbEnv> env_;
};

}  // namespace tenuto
