#include "core/engine/run_numbers.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace tenuto {

RunNumbers::RunNumbers(std::uint64_t block) : block_(block) {
  TN_CHECK(block > 0);
}

void RunNumbers::begin(RunNumber next) {
  next_.store(next.value, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  set_mark(first_mark(next).value);
}

Result<RunNumber> RunNumbers::take(std::uint64_t count, Reservations& journal) {
  const std::uint64_t first = next_.fetch_add(count, std::memory_order_relaxed);
  if (first + count > ample_.load(std::memory_order_acquire)) TN_TRY(reserve(first + count, journal));
  return RunNumber{first};
}

void RunNumbers::give_back(Reservations& journal) {
  MutexLock lock(mutex_);
  if (asked_ == 0 && mark_ == next().value) return;
  asked_ = next().value;
  asked_end_ = journal.append(next());
  set_mark(std::min(mark_, asked_));
}

// Sees to it that the numbers before `end` may be given, and that those behind them will be.
Status RunNumbers::reserve(std::uint64_t end, Reservations& journal) {
  for (;;) {
    Position awaited;
    {
      MutexLock lock(mutex_);
      if (asked_ != 0 && journal.durable() >= asked_end_) set_mark(std::exchange(asked_, 0));
      if (asked_ == 0 && end + block_ / 2 > mark_) {
        asked_ = std::max(mark_, end) + block_;
        asked_end_ = journal.append(RunNumber{asked_});
      }
      if (end <= mark_) return {};
      awaited = asked_end_;
    }
    TN_TRY(journal.await(awaited));
  }
}

void RunNumbers::set_mark(std::uint64_t mark) {
  mark_ = mark;
  ample_.store(mark - std::min(mark, block_ / 2), std::memory_order_release);
}

}  // namespace tenuto
