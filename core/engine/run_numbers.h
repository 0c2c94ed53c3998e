// Numbers of new runs. None is given twice in the life of a store, whatever a kill or a power cut takes.
//
// A run's number is out in the world before its start is durable where effects don't wait for the disk: the idempotency keys
// of its tasks come from it. So numbers are reserved ahead, a block at a time, by an event of the journal
// (numbers_reserved), and only numbers below a mark that is durable are given. The next block is asked for when half of the last
// one is used up: by the time it is needed a commit that was due anyway has made it durable, and nobody waits.
//
// Thread safety: all functions by any thread, begin() before all others.
//
// Invariants:
//  1. A number that take() returned is below the mark of an event that was durable then.
//  2. Marks stand in the journal in the order in which they were asked for (mutex_), so the last one that recovery finds counts: it
//     is the highest, or that of give_back(), behind which the journal has no more numbers in use.
#pragma once

#include <cstdint>

#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/base/sync.h"

namespace tenuto {

class RunNumbers {
 public:
  // The journal, as far as it matters here.
  class Reservations {
   public:
    virtual ~Reservations() = default;
    // Appends the event and returns its end.
    virtual Position append(RunNumber mark) = 0;
    [[nodiscard]] virtual Position durable() const = 0;
    // Waits until everything before `end` is durable. full, storage_error, poisoned when that can't be now.
    virtual Status await(Position end) = 0;
  };

  // `block` is how many numbers are reserved at once, at least 1: as many are passed over by a crash.
  explicit RunNumbers(std::uint64_t block);

  // `next` is free, and the mark `next` + block is durable.
  void begin(RunNumber next);
  [[nodiscard]] RunNumber first_mark(RunNumber next) const { return RunNumber{next.value + block_}; }

  // The first of `count` numbers in a row. What Reservations::await() returns, when numbers had to be waited for.
  [[nodiscard]] Result<RunNumber> take(std::uint64_t count, Reservations& journal) TN_EXCLUDES(mutex_);
  // At close: what was reserved and not given is free again. Nobody takes numbers at the same time.
  void give_back(Reservations& journal) TN_EXCLUDES(mutex_);
  // No number from here on was given.
  [[nodiscard]] RunNumber next() const { return RunNumber{next_.load(std::memory_order_relaxed)}; }

 private:
  Status reserve(std::uint64_t end, Reservations& journal) TN_EXCLUDES(mutex_);
  void set_mark(std::uint64_t mark) TN_REQUIRES(mutex_);

  const std::uint64_t block_;
  Atomic<std::uint64_t> next_{1};
  // Below it there is no need to look at the mark. Release in set_mark(), acquire in take(): who gets a number sees that the
  // mark above it is durable.
  Atomic<std::uint64_t> ample_{0};
  Mutex mutex_;
  std::uint64_t mark_ TN_GUARDED_BY(mutex_) = 0;   // durable
  std::uint64_t asked_ TN_GUARDED_BY(mutex_) = 0;  // the mark that was appended last; 0: it is durable
  Position asked_end_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
