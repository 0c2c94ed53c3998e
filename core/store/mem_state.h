// The tables in memory, with a crash: for stores without a directory, and for tests of what survives a power cut.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "core/base/random.h"
#include "core/base/sync.h"
#include "core/store/mem_tree.h"
#include "core/store/state.h"

namespace tenuto {

// Which call of a write transaction of MemState fails, and how. A commit that fails with poisoned may have happened.
struct StateFault {
  enum class Call : std::uint8_t { begin_write, put, erase, commit };
  Call call = Call::commit;
  std::uint64_t nth = 1;  // counts calls of this kind from set_fault() on; the first is 1
  Code code = Code::full;
  std::uint64_t times = 1;  // how many calls in a row fail
};

// Readers hold a version of persistent trees, so nobody waits for anybody.
// Thread safety: that of State; transactions must end before the state does.
class MemState final : public State {
 public:
  Result<std::unique_ptr<StateRead>> begin_read() const override TN_EXCLUDES(mutex_);
  Result<std::unique_ptr<StateWrite>> begin_write() override TN_EXCLUDES(mutex_);
  Result<StateInfo> info() const override TN_EXCLUDES(mutex_);

  // Back to the last commit that returned ok; an open write transaction can only be destroyed from then on.
  void crash() TN_EXCLUDES(mutex_);
  // The same, but a commit that failed with poisoned is there or not, as `random` says.
  void crash(Random& random) TN_EXCLUDES(mutex_);
  // Replaces the fault.
  void set_fault(const StateFault& fault) TN_EXCLUDES(mutex_);
  void clear_fault() TN_EXCLUDES(mutex_);

  // One version of all tables.
  using Tables = std::array<MemTree, kTableCount>;

 private:
  friend class MemWrite;

  Status meet_fault(StateFault::Call call) TN_EXCLUDES(mutex_);
  Status commit(const Tables& tables, std::uint64_t edit) TN_EXCLUDES(mutex_);
  void end_write(std::uint64_t edit) TN_EXCLUDES(mutex_);

  mutable Mutex mutex_;
  Tables committed_ TN_GUARDED_BY(mutex_);
  std::optional<Tables> in_doubt_ TN_GUARDED_BY(mutex_);  // of a poisoned commit
  std::uint64_t edit_ TN_GUARDED_BY(mutex_) = 0;          // number of the open write transaction; each is new
  bool writing_ TN_GUARDED_BY(mutex_) = false;
  bool poisoned_ TN_GUARDED_BY(mutex_) = false;
  mutable std::uint32_t readers_ TN_GUARDED_BY(mutex_) = 0;
  std::optional<StateFault> fault_ TN_GUARDED_BY(mutex_);

  friend class MemRead;
};

}  // namespace tenuto
