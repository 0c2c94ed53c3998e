// One hand-out of one task body.
//
// The token (generation, slot) is the attempt token: an outcome counts only while its ticket is the one whose outcome is
// awaited. It is made anew at every hand-out, so what comes late (after a time-out, a cancel, or from an earlier life of the
// slot) is told from what is current by one compare-and-swap.
//
//   from       to          by                                                     function
//   free       queued      the run's processor                                    issue
//   queued     running     whoever takes it from a queue                          try_begin
//   queued     returned    the run's processor: it fails or is cancelled          try_withdraw
//   running    returned    whoever reports its outcome                            try_return -> current
//   running    abandoned   the time-out of the attempt                            try_abandon
//   abandoned  returned    whoever reports its outcome                            try_return -> late
//   returned   free        the run's processor, when it hears of it               make_free
//   free       lent        a processor that runs bodies by itself (in_order.cpp)  lend
//   lent       free        the same                                               make_free
//
// Fields are written by the processor before issue() (release) and read after a transition (acquire); only `started` and
// the time-out's timer are written in between, by whoever made the transition to running.
#pragma once

#include <cstdint>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/sync.h"
#include "core/engine/slab.h"
#include "core/payload/payload.h"
#include "core/timer/wheel.h"

namespace tenuto {

class Pool;
struct PlanBinding;

// Names a run's slot in the run table at one of its uses.
struct RunRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend bool operator==(RunRef, RunRef) = default;
};

enum class TicketState : std::uint32_t {
  free = 0,
  queued = 1,
  returned = 2,
  running = 3,
  abandoned = 4,
  lent = 5
};

class Ticket {
 public:
  // Set by the processor before issue(); constant until free.
  RunRef run;
  RunNumber number;
  TaskIndex task;
  Attempt attempt;
  const PlanBinding* binding = nullptr;  // lives as long as the engine
  Payload argument;
  // Set by whoever begins the body, before its outcome is reported.
  WallTime started;
  TimerHandle timeout_timer;  // none, unless it was armed
  // The other tickets of the same run: of the processor alone.
  std::uint32_t previous = Slab<Ticket>::kNone;
  std::uint32_t next = Slab<Ticket>::kNone;

  // free -> queued. Returns the generation of this use.
  std::uint32_t issue() {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    word_.store(pack(generation_of(word), TicketState::queued),
                std::memory_order_release);  // pairs with transition()
    return generation_of(word);
  }
  // free -> lent. The outcome of a body comes back by its return alone: no report of this token counts.
  std::uint32_t lend() {
    const std::uint32_t generation = generation_of(word_.load(std::memory_order_relaxed));
    word_.store(pack(generation, TicketState::lent), std::memory_order_release);
    return generation;
  }
  bool try_begin(std::uint32_t generation) {
    return transition(generation, TicketState::queued, generation, TicketState::running);
  }
  bool try_withdraw(std::uint32_t generation) {
    return transition(generation, TicketState::queued, generation, TicketState::returned);
  }
  bool try_abandon(std::uint32_t generation) {
    return transition(generation, TicketState::running, generation, TicketState::abandoned);
  }
  enum class Return { current, late, unknown };
  Return try_return(std::uint32_t generation) {
    if (transition(generation, TicketState::running, generation, TicketState::returned))
      return Return::current;
    if (transition(generation, TicketState::abandoned, generation, TicketState::returned))
      return Return::late;
    return Return::unknown;
  }
  // Lets go of what the ticket refers to; its slot may be released to the slab then.
  void make_free() {
    argument = Payload();
    timeout_timer = TimerHandle();
    const std::uint32_t generation = generation_of(word_.load(std::memory_order_relaxed)) + 1;
    word_.store(pack(generation == 0 ? 1 : generation, TicketState::free), std::memory_order_release);
  }
  // True if this use of the ticket has begun; a moment's picture.
  [[nodiscard]] bool is_running(std::uint32_t generation) const {
    return word_.load(std::memory_order_acquire) == pack(generation, TicketState::running);
  }
  // True while the body of this use has not come back.
  [[nodiscard]] bool is_out(std::uint32_t generation) const {
    const std::uint64_t word = word_.load(std::memory_order_acquire);
    return generation_of(word) == generation &&
           (word & kStateMask) >= static_cast<std::uint64_t>(TicketState::running);
  }
  [[nodiscard]] std::uint32_t generation() const {
    return generation_of(word_.load(std::memory_order_relaxed));
  }

 private:
  static constexpr std::uint64_t kStateMask = 7;
  static constexpr std::uint64_t pack(std::uint32_t generation, TicketState state) {
    return std::uint64_t{generation} << 3 | static_cast<std::uint64_t>(state);
  }
  static constexpr std::uint32_t generation_of(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 3);
  }
  bool transition(std::uint32_t generation, TicketState from, std::uint32_t to_generation, TicketState to) {
    std::uint64_t expected = pack(generation, from);
    return word_.compare_exchange_strong(expected, pack(to_generation, to), std::memory_order_acq_rel);
  }

  Atomic<std::uint64_t> word_{1u << 3};  // generation 1: the token 0 is never valid
};

// A token in one word: what hosts hold.
struct TicketToken {
  std::uint64_t word = 0;
  TicketToken() = default;
  explicit TicketToken(std::uint64_t w) : word(w) {}
  TicketToken(std::uint32_t generation, std::uint32_t slot) : word(std::uint64_t{generation} << 32 | slot) {}
  [[nodiscard]] std::uint32_t slot() const { return static_cast<std::uint32_t>(word); }
  [[nodiscard]] std::uint32_t generation() const { return static_cast<std::uint32_t>(word >> 32); }
  friend bool operator==(TicketToken, TicketToken) = default;
};

// A ticket on its way to who runs its body. What routing needs is here, not read from the ticket: by the time the offer
// arrives the ticket may have been withdrawn and be in another use.
struct Offer {
  TicketToken token;
  std::uint32_t action = 0;
  Pool* pool = nullptr;
};

}  // namespace tenuto
