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
// Why nothing is lost: work is left before the mark that try_take() makes (release), and the exchange in give_back() reads that
// mark, so the holder that takes the role again (acquire) and looks sees the work. A thread that finds the role free has it, and looks itself.
// A mark is made only by a thread that then goes away, so two threads can't make each other look again for ever.
//
// Thread safety: any thread. tests/model/ring_model.cpp runs all interleavings.
#pragma once

#include <cstdint>

#include "core/base/sync.h"

namespace tenuto {

class CommitRole {
 public:
  // True: the caller has the role. Never waits: each turn of the loop means that another thread got on.
  [[nodiscard]] bool try_take() {
    std::uint32_t seen = kFree;
    for (;;) {
      const std::uint32_t next = seen == kFree ? kHeld : kWanted;
      // Also from wanted to wanted: a mark that is there already is somebody else's, and give_back() must read ours.
      // Acquire: pairs with give_back(); what the holder before did to the ring and its own fields is seen.
      if (state_.compare_exchange_strong(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed)) {
        return next == kHeld;
      }
    }
  }

  // True: somebody came by since the role was taken. Release: pairs with try_take(). Whoever looks again takes the role first, and so
  // reads from the release sequence of the mark, which goes through this exchange.
  [[nodiscard]] bool give_back() { return state_.exchange(kFree, std::memory_order_release) == kWanted; }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kWanted = 2;

  Atomic<std::uint32_t> state_{kFree};
};

}  // namespace tenuto
