// A many-producer inbox that also settles who processes it: whoever pushes into an idle mailbox becomes
// responsible for getting it processed, so nobody ever waits for anybody and at most one thread processes at
// a time.
//
// `Node` has a public member `Node* next`. The mailbox links nodes, it doesn't own them: a node belongs to
// the mailbox from push() until take_all() returns it.
//
// One word, `head_`, holds the whole state:
//
//   value          state      meaning
//   kIdle (0)      idle       no message, no processor
//   kClaimed (1)   claimed    no message; one processor exists (scheduled or running)
//   pointer        claimed    messages, newest first; one processor exists (scheduled or running)
//
// Transitions and the function that performs each:
//
//   idle            -> claimed, 1 message    [push: true, the caller must schedule a processor]
//   idle            -> claimed, 0 messages   [try_claim: true, the caller is the processor]
//   claimed         -> claimed, +1 message   [push: false, the processor will see it]
//   claimed         -> claimed, 0 messages   [take_all, by the processor]
//   claimed, empty  -> idle                  [try_retire: true, the caller is no longer the processor]
//   claimed, filled -> unchanged             [try_retire: false, still the processor: takes again or queues up]
//
// Why no message is lost and there is one processor. The only way out of "claimed" is the swap in try_retire
// from kClaimed itself: with a message present the word differs and the swap fails. The only way in is a push
// or a claim that swaps kIdle away, and one thread wins that swap. So pushes and claims that return true and
// retirements that return true alternate.
//
// Memory order. push releases the node to take_all's acquire. try_retire releases everything the processor
// did (a run's state) to the acquire of the push or claim that next finds the mailbox idle, and from there the
// hand-over to the new processor (a deque or queue) carries it on. Reuse of node addresses is harmless: a
// push only needs `next` to be the current head, and take_all takes the whole list.
//
// Thread safety: push and try_claim by any thread; take_all and try_retire by the processor. Guarded by: unit/sched
// mailbox_test, model/mailbox.
#pragma once

#include <cstdint>

#include "core/base/check.h"
#include "core/base/sync.h"

namespace tenuto {

template <class Node>
class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // True: the mailbox was idle, and the caller must see to it that a processor runs.
  [[nodiscard]] bool push(Node* node) {
    // Relaxed: the value is only compared and linked; the swap below orders.
    std::uintptr_t head = head_.load(std::memory_order_relaxed);
    do {
      node->next = is_pointer(head) ? to_node(head) : nullptr;
    } while (!head_.compare_exchange_weak(head, reinterpret_cast<std::uintptr_t>(node),
                                          std::memory_order_acq_rel, std::memory_order_relaxed));
    return head == kIdle;
  }

  // True: the mailbox was idle, and the caller is its processor until it retires. For who has something to do with what the
  // mailbox guards and no message to leave when another is at it.
  [[nodiscard]] bool try_claim() {
    std::uintptr_t expected = kIdle;
    return head_.compare_exchange_strong(expected, kClaimed, std::memory_order_acquire,
                                         std::memory_order_relaxed);  // pairs with try_retire
  }

  // Processor. All messages, linked by `next` in the order of their arrival; nullptr when there are none.
  [[nodiscard]] Node* take_all() {
    std::uintptr_t head = head_.exchange(kClaimed, std::memory_order_acquire);  // pairs with push
    TN_DCHECK(head != kIdle);
    return is_pointer(head) ? reversed(to_node(head)) : nullptr;
  }

  // Processor. True: the mailbox is idle, the caller is no longer its processor and must not touch what it
  // guards. False: messages arrived since take_all; the caller is still the processor.
  [[nodiscard]] bool try_retire() {
    std::uintptr_t expected = kClaimed;
    const bool retired = head_.compare_exchange_strong(expected, kIdle, std::memory_order_release,
                                                       std::memory_order_relaxed);  // pairs with push
    TN_DCHECK(retired || expected != kIdle);
    return retired;
  }

  // Any thread; a moment's picture.
  [[nodiscard]] bool is_idle() const { return head_.load(std::memory_order_relaxed) == kIdle; }

 private:
  static constexpr std::uintptr_t kIdle = 0;
  static constexpr std::uintptr_t kClaimed = 1;
  static_assert(alignof(Node*) > 1, "no node has the address kClaimed");

  static bool is_pointer(std::uintptr_t head) { return head > kClaimed; }
  static Node* to_node(std::uintptr_t head) { return reinterpret_cast<Node*>(head); }

  static Node* reversed(Node* newest) {
    Node* result = nullptr;
    while (newest != nullptr) {
      Node* older = newest->next;
      newest->next = result;
      result = newest;
      newest = older;
    }
    return result;
  }

  Atomic<std::uintptr_t> head_{kIdle};
};

}  // namespace tenuto
