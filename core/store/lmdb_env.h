// One open LMDB environment: its map, its tables and what its errors mean. Used by lmdb_state.cpp only.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/base/sync.h"
#include "core/store/directory_claim.h"
#include "core/store/lmdb_state.h"
#include "core/store/map_gate.h"

struct MDB_env;
struct MDB_txn;

namespace tenuto {

// The map: LMDB reads through a mapping of fixed size and moves it only while this process has no transaction.
// It grows
//   - in begin_write(), when three quarters are in use and this thread has no read transaction,
//   - after MDB_MAP_FULL in a write transaction, which is aborted for it,
//   - after MDB_MAP_RESIZED in any begin: another process made it larger.
// A larger map is address space only, neither memory nor disk.
//
// Beginning to read: LMDB 0.9.24 takes the number of the last finished commit, N, and then copies the meta page of N.
// When two commits come in between, it copies the page of N + 2, perhaps before that commit is finished or durable,
// or half of it. So a read transaction counts only if after its begin N was still the last finished commit: then N +
// 2 had not begun.
//
// Slots of readers: LMDB gives and takes back a slot under a mutex that all processes share, and a process that is stopped while
// it holds it stops everybody who needs a slot. So ended read transactions are kept with their slots and begun again, which needs no
// mutex: a client takes it a few times in its life, and an owner has kOwnerSlots before it answers anybody.
//
// A forked child must not touch the environment: LMDB would clear its parent's reader slots. There every begin gives
// forked, and ends and destruction only forget.
// Thread safety: that of State.
class LmdbEnv {
 public:
  static Result<std::unique_ptr<LmdbEnv>> open(const std::string& directory, const LmdbOptions& options);
  ~LmdbEnv();
  LmdbEnv(const LmdbEnv&) = delete;
  LmdbEnv& operator=(const LmdbEnv&) = delete;

  // A transaction is inside the gate until end_read(), end_write() or commit(), which get the id of the thread that
  // began it.
  Result<MDB_txn*> begin_read();
  Result<MDB_txn*> begin_write();
  void end_read(MDB_txn* txn, std::thread::id maker);
  void end_write(MDB_txn* txn, std::thread::id maker);
  // Ends the transaction in any case.
  Status commit(MDB_txn* txn, std::thread::id maker);
  // The status of an error of a write transaction that the caller has ended; grows the map if that is what was full.
  Status write_failed(int error);

  // A map that is large enough for so many bytes more; it doesn't grow early then either. wrong_state, no_memory.
  Status make_room(std::uint64_t bytes);

  // The status of an error that has no special meaning where it came up.
  Status status(int error, std::string_view action) const;
  // ok, forked or poisoned.
  Status check_usable() const;
  [[nodiscard]] MDB_env* get() const { return env_; }
  [[nodiscard]] unsigned table(Table table) const { return tables_[static_cast<std::size_t>(table)]; }
  struct Facts {
    std::uint64_t map_bytes = 0;
    std::uint64_t used_bytes = 0;
    std::uint64_t last_commit = 0;  // LMDB's transaction number
  };
  [[nodiscard]] Facts facts();

 private:
  LmdbEnv(std::string directory, bool read_only, std::unique_ptr<DirectoryClaim> claim);

  // Opens it, and sees that the data file and the lock file are those that belong together: a compaction puts others in their
  // place (lmdb_swap.h), perhaps between LMDB's look at the one and its look at the other.
  Status open_settled(const std::string& directory, const LmdbOptions& options);
  Status open_env(const std::string& directory, const LmdbOptions& options);
  Status open_tables(bool create);
  Result<MDB_txn*> begin(unsigned flags);
  // LMDB's begin of a read transaction, in a kept slot when there is one. LMDB's error, 0 for none.
  [[nodiscard]] int start_read(MDB_txn** txn) TN_EXCLUDES(spare_mutex_);
  void stop_read(MDB_txn* txn) TN_EXCLUDES(spare_mutex_);
  // A writer may have died when its meta page was written and the commit not yet noted for readers. While other processes have the
  // tables open, LMDB notes it only when the next write transaction takes over the dead one's lock: until then reads would give the
  // commit before, and writes go on from this one. So the first one begins before anything is read.
  Status settle_last_commit();
  // Takes the slots that an owner has from then on.
  Status keep_slots();
  // Whether a read transaction has the commit that it claims; a caller inside the gate.
  [[nodiscard]] bool is_settled(MDB_txn* txn);
  // Maps `bytes`; 0 stands for the size another process chose. wrong_state when this thread holds a transaction.
  Status resize(std::uint64_t bytes);
  Status grow();
  [[nodiscard]] bool in_child() const;
  [[nodiscard]] bool has_panicked();
  [[nodiscard]] bool disk_is_full() const;
  Status poison(int error);

  const std::string directory_;
  const bool read_only_;
  const std::unique_ptr<DirectoryClaim> claim_;
  const pid_t pid_;
  MDB_env* env_ = nullptr;
  std::array<unsigned, kTableCount> tables_{};
  MapGate gate_;
  std::atomic<bool> writing_{false};
  // A thread that misses a new value is told the same by LMDB.
  std::atomic<bool> poisoned_{false};
  Mutex spare_mutex_;
  std::vector<MDB_txn*> spare_
      TN_GUARDED_BY(spare_mutex_);  // read transactions that have ended and keep their slots

  // Makes the files of a new environment, whole or not at all.
  static Status create(const std::string& directory, const LmdbOptions& options);
};

}  // namespace tenuto
