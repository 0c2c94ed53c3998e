// Whose turn it is to process a run that waits in a queue: that of whoever takes the turn first, a worker that comes to its item
// or a thread that waits for the run and goes past the queue.
//
// An item in a queue can't be taken out of its middle, so an item is a hint and the turn is the truth:
//
//   none    -> offered   [offer: by the run's processor, which then pushes an item and is the processor no longer]
//   offered -> none      [try_take = true: the caller is the processor now]
//
// Why every turn is taken: an item is pushed after each offer, and whoever pops that item tries to take the turn. It sees the offer
// (the queue hands it over with the item) or something newer; and what is newer is a taking. An item whose turn was taken by
// somebody else is dropped, unless the turn was offered again meanwhile: then the older item stands for the newer offer, and it
// is the newer item that finds nothing.
//
// Why there is one processor: an offer is made by the processor alone, and one exchange wins it.
//
// Thread safety: offer by the processor; try_take by any thread. Guarded by: unit/engine attendant_test, model/turn.
#pragma once

#include "core/base/sync.h"

namespace tenuto {

class Turn {
 public:
  void offer() { offered_.store(true, std::memory_order_release); }  // pairs with try_take()
  [[nodiscard]] bool try_take() {
    // Relaxed: a hint that saves a write of the line; who pops an item is sure to see its offer or what came after it.
    return offered_.load(std::memory_order_relaxed) && offered_.exchange(false, std::memory_order_acquire);
  }

 private:
  Atomic<bool> offered_{false};
};

}  // namespace tenuto
