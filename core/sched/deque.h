// A work-stealing deque: one owner pushes and pops at the bottom, any number of thieves take single items at
// the top.
//
// Chase and Lev (SPAA 2005), in the form for weak memory by Lê, Pop, Cohen and Zappa Nardelli (PPoPP 2013),
// with one change: no stand-alone fences (ThreadSanitizer doesn't model them). Where theirs has a seq_cst
// fence between two accesses, ours makes the accesses themselves seq_cst.
//
// Thread safety: push, push_bulk and pop by the owner only; steal, steal_up_to_half, is_empty and size by any
// thread.
//
// Invariants
//   1. Indices only grow in `top_`, by compare-and-swap from t to t+1: each index is given to one thief at
//      most.
//   2. The items are those of the indices [top_, bottom_). Index i lives in slot i mod capacity of the newest
//      ring.
//   3. A slot is overwritten only after the owner saw top_ beyond its index; the compare-and-swap of a thief
//      that read the old index then fails, so what it read from the slot is never used.
//   4. Rings only grow. Old rings stay until destruction, since a thief may still read one: each is half the
//      next, so together they are smaller than the newest. (A ring never shrinks: the deque holds spans, not
//      tasks, and what a run may offer is bounded.)
//
// Why no item is handed out twice. Only the owner can take an index without the compare-and-swap: pop() of
// index b after it read top_ = t < b. Suppose a thief takes index b as well: it read top_ = b, bottom_ > b,
// and its swap from b succeeded. Write P1 for pop's store bottom_ = b, P2 for pop's load of top_, T1 and T2
// for the thief's loads of top_ and bottom_; all four are seq_cst, so they stand in one total order S. P2 read
// an older value of top_ than T1, so P2 < T1 in S. Hence P1 < P2 < T1 < T2, and T2 reads P1's value b or a
// newer one. b is not > b, so it was newer: the owner pushed again at index b, and that push is what the thief
// got: its slot, too, since the newer bottom_ was stored with release after the slot and T2 acquired it.
//   Were any of the four weaker, the chain would break: a store buffer delays P1 past P2, and T2 may be early.
// Acquire for T1 would do on x86 and ARM, but in C++20 it puts nothing before T2 in S. The swaps need not be
// seq_cst: what they store is read by T1. Taking several indices with one swap breaks the argument at its root:
// the owner may take an index inside the range without a swap. model/deque finds that double hand-out, and each
// order that is weaker.
//
// Why no item is lost. Where t = b both sides need the swap on top_, and one wins. A failed steal has taken
// nothing.
//
// Visibility. push stores bottom_ with seq_cst: Idle's proof that no wake-up is lost needs "work is visible"
// and "who sleeps?" in one total order (idle.h). Guarded by: unit/sched deque_test, model/deque.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/check.h"
#include "core/base/sync.h"
#include "core/sched/work_item.h"

namespace tenuto {

class Deque {
 public:
  // `capacity` is where the ring starts; a power of two.
  explicit Deque(std::size_t capacity = 256) {
    TN_CHECK(capacity > 0 && (capacity & (capacity - 1)) == 0);
    rings_.push_back(std::make_unique<Ring>(capacity));
    ring_.store(rings_.back().get(), std::memory_order_relaxed);
  }
  Deque(const Deque&) = delete;
  Deque& operator=(const Deque&) = delete;

  // Owner.
  void push(WorkItem item) { push_bulk(std::span<const WorkItem>(&item, 1)); }

  // Owner. All items become visible at once; the last of `items` is popped first.
  void push_bulk(std::span<const WorkItem> items) {
    const std::int64_t b = bottom_.load(std::memory_order_relaxed);  // only the owner writes it
    // Pairs with the swap in steal(): what a thief read from slots below t, it read before we overwrite them.
    const std::int64_t t = top_.load(std::memory_order_acquire);
    Ring* ring = ring_.load(std::memory_order_relaxed);  // only the owner writes it
    const auto count = static_cast<std::int64_t>(items.size());
    if (b - t + count > ring->capacity()) ring = grow(*ring, t, b, count);
    for (std::int64_t i = 0; i < count; ++i) ring->put(b + i, items[static_cast<std::size_t>(i)]);
    // Release: pairs with the loads of bottom_ by thieves, which then see the slots and the ring. Seq_cst:
    // for Idle.
    bottom_.store(b + count, std::memory_order_seq_cst);
  }

  // Owner. The youngest item, or none.
  [[nodiscard]] WorkItem pop() {
    const std::int64_t b = bottom_.load(std::memory_order_relaxed) - 1;
    const Ring* ring = ring_.load(std::memory_order_relaxed);
    bottom_.store(b, std::memory_order_seq_cst);            // P1 of the proof
    std::int64_t t = top_.load(std::memory_order_seq_cst);  // P2 of the proof
    if (t < b) return ring->get(b);
    WorkItem item;
    // Relaxed: it hands nothing over; that one side wins is a matter of the swap alone.
    if (t == b && top_.compare_exchange_strong(t, t + 1, std::memory_order_relaxed)) item = ring->get(b);
    // Empty now. Relaxed: top_ is b + 1, so a thief that reads this value finds nothing, or its swap from an older top fails.
    bottom_.store(b + 1, std::memory_order_relaxed);
    return item;
  }

  // Any thread, the owner included (it then takes its oldest item). None when the deque is empty or when
  // somebody else took the item first: the caller looks elsewhere and comes back, it doesn't spin here.
  [[nodiscard]] WorkItem steal() {
    std::int64_t t = top_.load(std::memory_order_seq_cst);           // T1 of the proof
    const std::int64_t b = bottom_.load(std::memory_order_seq_cst);  // T2 of the proof
    if (t >= b) return WorkItem();
    // After the load of bottom_: a bottom_ that covers index t came after the ring that holds it.
    const Ring* ring = ring_.load(std::memory_order_acquire);
    const WorkItem item = ring->get(t);
    // Release: pairs with the load in push_bulk().
    if (!top_.compare_exchange_strong(t, t + 1, std::memory_order_release, std::memory_order_relaxed)) {
      return WorkItem();
    }
    return item;
  }

  // Any thread. Hands up to half of the items (rounded up, `count_max` at most), oldest first, to
  // take(WorkItem). Single steals, each with its own swap; stops at the first that fails. Returns how many
  // were taken.
  template <class Take>
  std::size_t steal_up_to_half(std::size_t count_max, Take&& take) {
    std::size_t wanted = (size() + 1) / 2;
    if (wanted > count_max) wanted = count_max;
    std::size_t taken = 0;
    while (taken < wanted) {
      const WorkItem item = steal();
      if (item.is_none()) break;
      take(item);
      ++taken;
    }
    return taken;
  }

  // Any thread; a moment's picture. The load of bottom_ pairs with the store in push_bulk: see idle.h. That of top_ is relaxed: top_
  // is not beyond an item that nobody has taken, however new it is, so such an item is counted.
  [[nodiscard]] std::size_t size() const {
    const std::int64_t t = top_.load(std::memory_order_relaxed);
    const std::int64_t b = bottom_.load(std::memory_order_seq_cst);
    return b > t ? static_cast<std::size_t>(b - t) : 0;
  }
  [[nodiscard]] bool is_empty() const { return size() == 0; }

 private:
  class Ring {
   public:
    explicit Ring(std::size_t capacity) : mask_(capacity - 1), slots_(new Atomic<std::uint64_t>[capacity]) {}

    [[nodiscard]] std::int64_t capacity() const { return static_cast<std::int64_t>(mask_ + 1); }
    // Relaxed: bottom_ publishes the slot, and a read that races with an overwrite is thrown away (invariant
    // 3).
    [[nodiscard]] WorkItem get(std::int64_t index) const {
      return WorkItem(slots_[static_cast<std::size_t>(index) & mask_].load(std::memory_order_relaxed));
    }
    void put(std::int64_t index, WorkItem item) {
      slots_[static_cast<std::size_t>(index) & mask_].store(item.word, std::memory_order_relaxed);
    }

   private:
    std::size_t mask_;
    std::unique_ptr<Atomic<std::uint64_t>[]> slots_;
  };

  // Owner. A ring with room for `count` more, holding [t, b); thieves that still use the old one find the
  // same items there, since only the new one is written from now on.
  Ring* grow(const Ring& old, std::int64_t t, std::int64_t b, std::int64_t count) {
    auto capacity = static_cast<std::size_t>(old.capacity());
    while (static_cast<std::int64_t>(capacity) < b - t + count) capacity *= 2;
    rings_.push_back(std::make_unique<Ring>(capacity));
    Ring* ring = rings_.back().get();
    for (std::int64_t i = t; i < b; ++i) ring->put(i, old.get(i));
    ring_.store(ring, std::memory_order_release);  // pairs with the load in steal(): the slots are copied
    return ring;
  }

  alignas(64) Atomic<std::int64_t> top_{0};     // written by thieves, and by the owner for the last item
  alignas(64) Atomic<std::int64_t> bottom_{0};  // written by the owner
  Atomic<Ring*> ring_{nullptr};
  std::vector<std::unique_ptr<Ring>> rings_;  // owner; the newest is last
};

}  // namespace tenuto
