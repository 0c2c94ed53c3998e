// Puts one thread to sleep and wakes it: a token that one thread waits for and any thread may hand over.
//
// Semantics: unpark() makes the token available (at most one: a second unpark() before the park() adds
// nothing); park() takes it, waiting until there is one. So unpark() before park() is not lost, and park()
// never returns without cause: each return consumed an unpark(). What was written before that unpark() is
// visible after park().
//
// States of `state_` and the function that changes each:
//
//   kEmpty    -> kNotified   [unpark: nobody sleeps, no system call]
//   kEmpty    -> kParked     [park, park_for: about to sleep]
//   kParked   -> kNotified   [unpark: wakes the sleeper]
//   kNotified -> kEmpty      [park, park_for: token consumed]
//   kParked   -> kEmpty      [park_for: time ran out and no token came]
//
// Every change is a read-modify-write: a plain store that consumed a token could hide a second unpark() and
// what was written before it.
//
// No wake-up is lost between "about to sleep" and asleep: the kernel compares the word with kParked under its
// own lock before it sleeps, and unpark() changes the word before it wakes.
//
// Thread safety: park and park_for by one thread at a time; unpark by any. Guarded by: unit/sched
// parker_test, model/idle.
#pragma once

#include <cstdint>

#include "core/base/clock.h"
#include "core/base/sync.h"

namespace tenuto {

class Parker {
 public:
  Parker() = default;
  Parker(const Parker&) = delete;
  Parker& operator=(const Parker&) = delete;

  void park();
  // Waits for `timeout_ns` at most (0 or less: only takes a token that is there). True: a token was consumed.
  [[nodiscard]] bool park_for(Nanos timeout_ns);
  void unpark(CallSite at = CallSite::here());

 private:
  // In this order, so that one subtraction is both "take the token" and "announce the sleep".
  static constexpr std::uint32_t kNotified = 1;
  static constexpr std::uint32_t kEmpty = 0;
  static constexpr std::uint32_t kParked = kEmpty - 1;

  // True: took a token. False: the state is kParked.
  bool take_token_or_announce();

  Atomic<std::uint32_t> state_{kEmpty};
};

}  // namespace tenuto
