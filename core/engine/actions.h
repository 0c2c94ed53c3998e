// The bodies of this process, by action name.
//
// A name gets its number when a plan or a host first mentions it; a body may come later. Tickets whose action has no body
// yet wait here ("run 7 waits for `py:app.charge`").
//
// Thread safety: all functions by any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/status.h"
#include "core/base/sync.h"
#include "core/engine/slab.h"
#include "core/engine/ticket.h"
#include "core/machine/event.h"

namespace tenuto {

// What a native body reports; the strings are copied before the body's storage goes.
struct BodyReport {
  FailureKind kind = FailureKind::error;
  bool done = true;
  Payload result;
  Failure failure;
};

// What a native body sees.
struct BodyCall {
  TicketToken token;
  const Ticket* ticket;
};

// Tasks of one run in a row, of one action and with the ticket's argument: from ticket->task to `end`.
struct SpanCall {
  TicketToken token;
  Ticket* ticket;
  std::uint32_t end;
};

enum class ServedBy : std::uint8_t { nobody = 0, host = 1, native_inline = 2, native_thread = 3 };

struct NativeBody {
  std::function<void(const BodyCall&, BodyReport&)> call;
  std::function<void()> free;  // called exactly once, at the engine's end
  bool runs_inline = false;
  // The same for task after task, moving ticket->task on, while they are done without a result. False: the report is of
  // ticket->task, which has a result or failed. Optional: saves what calls have in common.
  std::function<bool(const SpanCall&, BodyReport&)> call_span;
};

// How long the bodies of an action usually take: a running median, so that one that was interrupted does not count.
//
// Thread safety: any thread. Relaxed: a hint, and an update that is lost is of no matter.
class UsualTime {
 public:
  [[nodiscard]] Nanos ns() const { return ns_.load(std::memory_order_relaxed); }
  // Steps of an eighth up and down meet at the median.
  void learn(Nanos took) {
    const Nanos usual = ns();
    const Nanos step = usual / 8 + 1;
    ns_.store(took > usual ? usual + step : std::max<Nanos>(usual - step, 1), std::memory_order_relaxed);
  }

 private:
  std::atomic<Nanos> ns_{1500};
};

struct Action {
  std::string name;
  std::atomic<ServedBy> served_by{ServedBy::nobody};  // set once, with release, after `body`
  NativeBody body;
  UsualTime usual;  // of native bodies that run inline
};

class Actions {
 public:
  Actions() = default;
  ~Actions();
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  // The number of `name`; made at first use.
  std::uint32_t intern(std::string_view name) TN_EXCLUDES(mutex_);
  [[nodiscard]] Action& at(std::uint32_t number) const { return slab_.at(number); }

  // `released` receives the tickets that waited. conflict when the action has another kind of body, or a native one
  // already; registering a hosted one again gives its number. On failure `body.free` is called.
  Result<std::uint32_t> register_hosted(std::string_view name, std::vector<Offer>& released)
      TN_EXCLUDES(mutex_);
  Result<std::uint32_t> register_native(std::string_view name, NativeBody body, std::vector<Offer>& released)
      TN_EXCLUDES(mutex_);

  // `waits(const Offer&) -> bool`, here and below: whether the ticket of an offer is still queued. It is asked under the lock,
  // so that who withdraws a ticket and calls note_withdrawn() after it is seen by park(), or sees what park() did.
  //
  // True: the ticket waits here until its action has a body, or was withdrawn. False: there is a body (by now).
  template <class Waits>
  [[nodiscard]] bool park(const Offer& offer, Waits&& waits) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (slab_.at(offer.action).served_by.load(std::memory_order_relaxed) != ServedBy::nobody) return false;
    if (waits(offer)) parked_[offer.action].offers.push_back(offer);
    return true;
  }
  // A ticket of this action was withdrawn. What is parked goes as soon as half of it was: each withdrawal costs a few steps.
  template <class Waits>
  void note_withdrawn(std::uint32_t action, Waits&& waits) TN_EXCLUDES(mutex_) {
    if (slab_.at(action).served_by.load(std::memory_order_relaxed) != ServedBy::nobody) return;
    MutexLock lock(mutex_);
    const auto parked = parked_.find(action);
    if (parked == parked_.end()) return;
    if (++parked->second.withdrawn * 2 < parked->second.offers.size()) return;
    std::erase_if(parked->second.offers, [&](const Offer& offer) { return !waits(offer); });
    parked->second.withdrawn = 0;
    if (parked->second.offers.empty()) parked_.erase(parked);
  }
  [[nodiscard]] bool is_served(std::string_view name) const TN_EXCLUDES(mutex_);
  // How many parked offers satisfy `counts(const Offer&)`.
  template <class Counts>
  [[nodiscard]] std::int64_t count_parked(Counts&& counts) const TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::int64_t count = 0;
    for (const auto& [action, parked] : parked_) {
      for (const Offer& offer : parked.offers) count += counts(offer) ? 1 : 0;
    }
    return count;
  }

 private:
  struct Parked {
    std::deque<Offer> offers;
    std::size_t withdrawn = 0;  // since the last look, at most; some had not arrived
  };
  Result<std::uint32_t> register_as(std::string_view name, ServedBy kind, NativeBody* body,
                                    std::vector<Offer>& released) TN_REQUIRES(mutex_);
  std::uint32_t intern_locked(std::string_view name) TN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> numbers_ TN_GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, Parked> parked_ TN_GUARDED_BY(mutex_);
  mutable Slab<Action> slab_;
};

}  // namespace tenuto
