// Who sleeps and who searches: decides whom to wake for new work, and who must look again before sleeping.
//
// The idea is tokio's (runtime/scheduler/multi_thread/idle.rs). A wake-up costs as much as thousands of small
// items, so: nobody is woken while a worker searches (it will find the work, and wakes the next one), and a
// batch wakes one worker.
//
// A worker is in one of three states:
//
//   working     runs items; takes from its own deque and the injection queue
//   searching   has nothing; steals from others. At most about half of the workers at a time.
//   parked      sleeps, or is about to, until another thread picks it
//
// Transitions and the function that performs each (the caller is the worker itself, but for the last):
//
//   working   -> searching   [working_to_searching]   may refuse
//   searching -> working     [searching_to_working]   the last searcher must wake another worker (it found
//                                                     work: there may be more) or look again (it found none)
//   working   -> parked      [working_to_parked]      if it returns true: look again
//   searching -> parked      [searching_to_parked]    if it returns true: look again
//   parked    -> searching   [parked_to_searching]    by the bringer of work, which then unparks the worker
//
// All state is one word: how many search, how many don't sleep, the top of a stack of sleepers (last in,
// first out: the warmest cache; links in `below_`), and a tag that grows with every push on the stack, so
// that the pop's swap can't mistake a stack for an older one with the same top (2^28 parkings would have to
// fit between its load and its swap).
//
// Promise. When work was made visible and its bringer has called parked_to_searching(), then the bringer got
// a worker to wake, or nobody sleeps, or some worker will look at all queues after the work became visible.
//
// Proof. Let P be the bringer's access to the word and suppose it neither got a worker nor found the stack
// empty: so it read searching > 0. The count returns to 0 only by a transition of some worker, D, later than
// P in the word's order of changes. If D is searching_to_working after work was found, that worker wakes
// another, which searches all queues: the same argument starts again with that wake-up in place of P.
// Otherwise D's caller looks at all queues after D, and if there is something goes on as a searcher, for there may be more than it
// can take: whoever finds the first wakes the next. It remains that this look sees the work.
//   a. P is a read-modify-write (Visible::by_release). All changes of the word are read-modify-writes, so D,
//      later in their order, reads from P's release sequence: P synchronises with D, and what was visible
//      before P is seen after D.
//   b. P is a seq_cst load, and the work became visible by a seq_cst store S (Visible::by_seq_cst_store: a
//      push into a deque). S < P in the total order; P read a value older than D's, so P < D; the look L
//      loads seq_cst after D. S < P < D < L, so L reads S or something newer. Release and acquire alone would
//      not give P < D.
// And if P found the stack empty while a worker W is on its way to sleep: W's parking change comes after P in
// the word's order. Should it leave the count at 0, W looks again and by (a) or (b) sees the work; should
// others search, the first case applies to them. This is why working_to_parked() too asks for a second look.
//
// What "look again" has to see: everything that may have been announced by parked_to_searching(), without
// taking it (a failed attempt to take proves nothing; see InjectQueue::is_empty). If there is something, the
// worker, parked by now in the eyes of the others, calls parked_to_searching() like any bringer; it may well
// get its own index, and its park() then returns at once.
//
// Thread safety: all functions by any thread, within the states above. Guarded by: unit/sched idle_test,
// model/idle.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/sync.h"

namespace tenuto {

// How the bringer made its work visible before it asks whom to wake.
enum class Visible : std::uint8_t { by_seq_cst_store, by_release };

class Idle {
 public:
  static constexpr std::uint32_t kWorkersMax = 1023;

  // All workers begin as working.
  explicit Idle(std::uint32_t worker_count);

  // False: enough others search; the caller stays working.
  [[nodiscard]] bool working_to_searching();

  // True: the caller was the last searcher.
  [[nodiscard]] bool searching_to_working();

  // The worker counts as asleep from here on: it must call park() on its parker next, whatever it finds in
  // between. True: nobody searches now; the caller must look again at all queues before park().
  [[nodiscard]] bool searching_to_parked(std::uint32_t worker);
  [[nodiscard]] bool working_to_parked(std::uint32_t worker);

  // To be called once after work became visible. A worker that now counts as searching, and that the caller
  // must unpark; or nothing, when a searcher will find the work or nobody sleeps.
  [[nodiscard]] std::optional<std::uint32_t> parked_to_searching(Visible how);

  // A moment's picture, for metrics and tests.
  [[nodiscard]] std::uint32_t searching_count() const;
  [[nodiscard]] std::uint32_t parked_count() const;

 private:
  [[nodiscard]] bool to_parked(std::uint32_t worker, std::uint32_t was_searching);

  const std::uint32_t worker_count_;
  alignas(64) Atomic<std::uint64_t> word_;
  // Per worker: who was on top of the stack when it went to sleep, as index + 1; 0 is the bottom.
  std::unique_ptr<Atomic<std::uint32_t>[]> below_;
};

}  // namespace tenuto
