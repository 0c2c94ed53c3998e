// A hierarchical timer wheel: many deadlines, constant-time add and cancel, and no clock: the caller brings
// `now`.
//
// Promise: an entry never fires before its deadline, and it fires in the first advance(now) with now >=
// deadline, whatever the clock did before: stood still, jumped months ahead, or went back. Times are
// nanoseconds of one clock of the caller's choice.
//
// How it works. A tick is 2^20 ns (1.05 ms); a slot of level n spans 64^n ticks. An entry stands on the level
// of the highest base-64 digit in which its tick differs from `elapsed_`, the tick the wheel has reached, in
// the slot named by that digit; when the wheel reaches the start of a slot above level 0, its entries move to
// lower levels. So an entry moves seven times at most, and the first occupied slot of the lowest occupied
// level holds the next one.
//
// Invariants
//   1. An entry with a tick beyond elapsed_ stands on the level and in the slot given by that rule. Moving
//      elapsed_ up to, but not into, the first occupied slot keeps this true, since no digit above or in that
//      slot's level changes.
//   2. All other entries stand in the current slot, the one of elapsed_ on level 0: they wait for the rest of
//      a tick, or were added with a deadline behind elapsed_. Each is compared with `now` to the nanosecond.
//   3. Entries with the same deadline share a slot, in the order of their addition; moving keeps the order.
//   4. `earliest` of a slot is no later than the deadline of any entry in it. (Cancelling leaves it: a lower
//      bound.)
//
// When the clock goes back and a deadline then falls between the new `now` and elapsed_, the wheel is built
// anew around the new time: once per jump, linear in its size. Else those entries would crowd in the current
// slot until the old time.
//
// Thread safety: none; one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/clock.h"

namespace tenuto {

// What the caller gets back when a timer is due. The wheel never looks at it.
struct TimerPayload {
  std::uint64_t key = 0;
  std::uint64_t cookie = 0;
  friend constexpr bool operator==(const TimerPayload&, const TimerPayload&) = default;
};

// Names an entry of one wheel. Stays safe to cancel after the entry fired, until its place was reused 2^32
// times.
struct TimerHandle {
  std::uint32_t place = 0;
  std::uint32_t generation = 0;  // 0: no timer
  friend constexpr bool operator==(const TimerHandle&, const TimerHandle&) = default;
};

struct DueTimer {
  Nanos deadline = 0;
  TimerPayload payload;
};

class TimerWheel {
 public:
  static constexpr Nanos kNoDeadline = INT64_MAX;

  explicit TimerWheel(Nanos now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // A deadline that has passed is fine: it is due in the next advance.
  TimerHandle add(Nanos deadline, TimerPayload payload);

  // False: it has fired or was cancelled, or the handle is none.
  bool cancel(TimerHandle handle);

  // Appends what is due at `now`, ordered by deadline, then by addition. A `now` before the last one fires
  // only what was added since with a deadline that early.
  void advance(Nanos now, std::vector<DueTimer>& due);

  // When to call advance() next: no later than the first deadline. Exact, unless an entry was cancelled
  // since; an advance to an early answer fires nothing and makes the next answer later. kNoDeadline: nothing
  // is waiting.
  [[nodiscard]] Nanos next_deadline() const;

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  using Tick = std::uint64_t;
  static constexpr int kTickShift = 20;
  static constexpr int kDigitBits = 6;
  static constexpr std::uint32_t kSlots = 1u << kDigitBits;
  static constexpr std::uint32_t kLevels = 8;  // 48 bits of ticks; a positive Nanos has 43
  static_assert(kLevels * kDigitBits >= 63 - kTickShift, "every deadline has a place");
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint32_t kChunk = 1024;

  struct Entry {
    Nanos deadline;
    TimerPayload payload;
    std::uint32_t generation;  // odd: in use
    std::uint32_t slot;        // in use: index into slots_
    std::uint32_t next;        // in use: within the slot; else within the free list
    std::uint32_t previous;
  };
  struct Slot {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
    Nanos earliest = kNoDeadline;
  };

  static Tick tick_of(Nanos time) { return time < 0 ? 0 : static_cast<Tick>(time) >> kTickShift; }
  Entry& entry(std::uint32_t place) { return chunks_[place / kChunk][place % kChunk]; }
  [[nodiscard]] std::uint32_t current_slot() const { return static_cast<std::uint32_t>(elapsed_ % kSlots); }

  [[nodiscard]] std::uint32_t slot_for(Nanos deadline) const;
  // The first occupied slot of the lowest occupied level, kNone when there is none. `start` is its first
  // tick.
  [[nodiscard]] std::uint32_t first_occupied(Tick* start) const;

  void link(std::uint32_t place);
  void unlink(std::uint32_t place);
  void clear(std::uint32_t slot);
  // Empties the slot; its entries still hang together, from the returned one on.
  [[nodiscard]] std::uint32_t take_list(std::uint32_t slot);
  void release(std::uint32_t place);

  // Fires what is due in a slot of level 0; the rest goes back into it.
  void fire(std::uint32_t slot, Nanos now, std::vector<DueTimer>& due);
  // Gives the entries of a taken list their slots anew.
  void relink(std::uint32_t first);
  void rebuild(Tick elapsed);

  Nanos now_;     // of the last advance
  Tick elapsed_;  // the largest tick of any advance, or of the last rebuild
  std::size_t size_ = 0;
  std::array<Slot, kLevels * kSlots> slots_;
  std::array<std::uint64_t, kLevels> occupied_{};  // one bit per slot
  std::vector<std::unique_ptr<Entry[]>> chunks_;   // entries never move, and stay entries until destruction
  std::uint32_t free_ = kNone;
};

}  // namespace tenuto
