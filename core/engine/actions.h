// The bodies of this process, by action name.
//
// A name gets its number when a plan or a host first mentions it; a body may come later. Runs with a task whose action has no
// body yet are listed here ("run 7 waits for `py:app.charge`"): eight bytes each, for millions may wait.
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

  // `released` receives the runs that waited. conflict when the action has another kind of body, or a native one
  // already; registering a hosted one again gives its number. On failure `body.free` is called.
  Result<std::uint32_t> register_hosted(std::string_view name, std::vector<RunRef>& released)
      TN_EXCLUDES(mutex_);
  Result<std::uint32_t> register_native(std::string_view name, NativeBody body, std::vector<RunRef>& released)
      TN_EXCLUDES(mutex_);

  // True: the run is listed until the action has a body. False: there is a body (by now). By the run's processor.
  [[nodiscard]] bool park(std::uint32_t action, RunRef run) TN_EXCLUDES(mutex_);
  // A run that was parked stopped its work. `waits(RunRef) -> bool`: whether a run that is listed still waits. The lists are
  // cleaned when half of them may not: each call costs a few steps.
  template <class Waits>
  void note_withdrawn(Waits&& waits) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (++withdrawn_ * 2 < parked_count_) return;
    withdrawn_ = 0;
    parked_count_ = 0;
    for (auto& [action, runs] : parked_) {
      std::erase_if(runs, [&](RunRef run) { return !waits(run); });
      parked_count_ += runs.size();
    }
  }
  [[nodiscard]] bool is_served(std::string_view name) const TN_EXCLUDES(mutex_);
  // How many runs are listed, a run once for each action at least. A moment's picture.
  [[nodiscard]] std::size_t parked_count() const TN_EXCLUDES(mutex_);

 private:
  Result<std::uint32_t> register_as(std::string_view name, ServedBy kind, NativeBody* body,
                                    std::vector<RunRef>& released) TN_REQUIRES(mutex_);
  std::uint32_t intern_locked(std::string_view name) TN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> numbers_ TN_GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, std::deque<RunRef>> parked_ TN_GUARDED_BY(mutex_);
  std::size_t parked_count_ TN_GUARDED_BY(mutex_) = 0;
  std::size_t withdrawn_ TN_GUARDED_BY(mutex_) = 0;  // since the last look, at most
  mutable Slab<Action> slab_;
};

}  // namespace tenuto
