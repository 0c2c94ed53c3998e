// Tells a forked child from its parent without a system call: every fork() adds one to a count in the child.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace tenuto::fork_guard {

// Counted in the child alone, by a handler of fork().
inline std::atomic<std::uint32_t> forks{0};

// The count of this process; take it when something is made that a child must not use.
[[nodiscard]] std::uint32_t mark();
// True if this process was forked, directly or not, from the one that took `mark`.
[[nodiscard]] inline bool is_forked_child(std::uint32_t mark) {
  return forks.load(std::memory_order_relaxed) != mark;
}

// Thrown where a thread comes back, in a forked child, into what its parent's threads were doing: there is nothing that it could go on
// with. Ends the thread, or the call of the host that is at the bottom of its stack.
struct CameBack {};
inline void check(std::uint32_t mark) {
  if (is_forked_child(mark)) throw CameBack{};
}

// One T a process, made at the first use. A forked child gets one of its own, for its parent's may be locked by a thread that the
// child doesn't have. Never destroyed: hosts may need it from a destructor that runs after ours.
// Thread safety: get() by any thread.
template <class T>
class PerProcess {
 public:
  T& get() {
    const std::uint32_t now = mark();
    Kept* kept = kept_.load(std::memory_order_acquire);  // pairs with the exchange: the other sees a whole T
    while (kept == nullptr || kept->mark != now) {
      auto fresh = std::make_unique<Kept>();
      fresh->mark = now;
      if (kept_.compare_exchange_strong(kept, fresh.get(), std::memory_order_acq_rel)) kept = fresh.release();
    }
    return kept->value;
  }

 private:
  struct Kept {
    std::uint32_t mark = 0;
    T value;
  };
  std::atomic<Kept*> kept_{nullptr};
};

}  // namespace tenuto::fork_guard
