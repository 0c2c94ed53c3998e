// How a thread with one duty sleeps until there is something to do, and how everybody else wakes it only when it sleeps: a look at
// one word, and a system call for the first who comes.
//
//   sleeper                          bringer
//     does what there is               makes work visible
//     about_to_sleep()                 ring()
//     looks once more; finds some:
//     goes on; finds none: sleep()
//
// No work is forgotten. ring() and about_to_sleep() both exchange one word, so one of the two is first. If about_to_sleep() is, the
// first ring() behind it sees that and wakes; a later one doesn't, but the sleeper that was woken is about to sleep again only behind it.
// If ring() is first, about_to_sleep() reads from its release sequence (nobody ever writes the word but by a
// read-modify-write), so the look sees the work. A store in place of either exchange would lose that: the two threads could each
// miss what the other wrote.
//
// Thread safety: ring and wake by any thread, the others by the sleeper. Guarded by: model/doorbell.
#pragma once

#include "core/base/clock.h"
#include "core/base/sync.h"
#include "core/sched/parker.h"

namespace tenuto {

class Doorbell {
 public:
  // After work became visible.
  void ring() {
    // Release: pairs with about_to_sleep().
    if (sleeps_.exchange(false, std::memory_order_release)) wake();
  }
  // Whatever the sleeper does: its next sleep ends at once.
  void wake(CallSite at = CallSite::here()) { parker_.unpark(at); }

  void about_to_sleep() {
    sleeps_.exchange(true, std::memory_order_acquire);  // pairs with ring()
  }
  // After about_to_sleep(): something was found, but its time comes by itself, and nobody need ring until then.
  void will_wake_by_itself() {
    sleeps_.exchange(false, std::memory_order_relaxed);  // an exchange, for the release sequences
  }
  void sleep() { parker_.park(); }
  // For `timeout_ns` at most.
  void sleep_for(Nanos timeout_ns) { (void)parker_.park_for(timeout_ns); }

 private:
  Parker parker_;
  Atomic<bool> sleeps_{false};
};

}  // namespace tenuto
