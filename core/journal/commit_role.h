// The committer's role: a lock that nobody waits for, and whose holder learns whether somebody came by.
//
// A thread that leaves work behind (publishes a batch) and finds the role taken goes away without a wait. So that its work is
// not forgotten, the holder, when it gives the role back, is told that somebody came by, and looks again.
//
//   free   -> held     try_take()
//   held   -> wanted   try_take() by another thread, which fails
//   held   -> free     give_back() = false
//   wanted -> free     give_back() = true: look again
//
// Why nothing is lost: work is left before the exchange in try_take(), and the exchange in give_back() reads what that one
// wrote (release/acquire), so the holder that looks again sees the work. If the thread came by after the role was given back, it
// got the role itself.
//
// Thread safety: any thread. tests/model/ring_model.cpp runs all interleavings.
#pragma once

#include <cstdint>

#include "core/base/sync.h"

namespace tenuto {

class CommitRole {
 public:
  // True: the caller has the role.
  [[nodiscard]] bool try_take() {
    std::uint32_t expected = kFree;
    // Acquire: pairs with give_back(); what the holder before did to the ring and its own fields is seen.
    if (state_.compare_exchange_strong(expected, kHeld, std::memory_order_acq_rel, std::memory_order_relaxed))
      return true;
    // Given back meanwhile: then it is ours, with a needless second look at the end.
    return state_.exchange(kWanted, std::memory_order_acq_rel) == kFree;
  }

  // True: somebody came by since the role was taken.
  [[nodiscard]] bool give_back() { return state_.exchange(kFree, std::memory_order_acq_rel) == kWanted; }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kWanted = 2;

  Atomic<std::uint32_t> state_{kFree};
};

}  // namespace tenuto
