// Who polls and who runs bodies, among the threads that serve one pool.
//
// One thread leads: it polls a batch and runs it. While bodies are short it stays the leader from batch to batch, so that
// the GIL stays where it is. A standby looks once a millisecond whether the leader is stuck in a body; then it takes
// over: it runs the rest of the batch and polls on. While bodies are long the leader hands over before it runs each one.
//
// Thread safety: all methods. None is called with the GIL.
//
// Invariants:
//   1. At most one thread polls: the leader of the current term, or nobody (led_ is false).
//   2. A thread whose term has passed is no leader; it finishes what it took and comes back through lead().
//   3. Nothing wakes up periodically while nothing is run: the standby dozes after a few idle looks, and begin() wakes it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace tenuto::python {

template <class Batch>
class Crew {
 public:
  explicit Crew(std::uint32_t slots) : slots_(slots) {}

  struct Turn {
    std::uint64_t term;
    std::shared_ptr<Batch> batch;  // of the leader that is stuck: run its rest first. Or null
  };

  // One more thread is about to come. False: there are enough, or the crew is dismissed.
  bool hire() {
    std::lock_guard locked(mutex_);
    if (dismissed_ || members_ >= slots_) return false;
    ++members_;
    return true;
  }

  // A thread has left, or could not be started.
  void leave() {
    std::lock_guard locked(mutex_);
    --members_;
    left_.notify_all();
  }

  // Waits until the caller is the leader; nothing when the crew is dismissed.
  std::optional<Turn> lead() {
    std::unique_lock locked(mutex_);
    ++idle_;
    std::optional<Turn> turn;
    while (!dismissed_ && !turn) {
      if (!led_) {
        turn = take_over(nullptr);
      } else if (!standby_) {
        turn = stand_by(locked);
      } else {
        bench_.wait(locked);
      }
    }
    --idle_;
    if (turn && idle_ > 0) bench_.notify_one();  // The next standby.
    return turn;
  }

  struct Begun {
    bool go;       // false: the crew is dismissed, and the batch goes back
    bool missing;  // one more thread would help
  };

  // The leader is about to run a batch; `hand_over`: others lead on at once. After `go`, end() follows.
  Begun begin(std::shared_ptr<Batch> batch, bool hand_over) {
    std::lock_guard locked(mutex_);
    if (dismissed_) return {false, false};
    ++batches_;
    ++busy_;
    if (hand_over) {
      led_ = false;
    } else {
      running_ = std::move(batch);
    }
    if (standby_ && (hand_over || dozing_)) look_.notify_one();
    return {true, idle_ == 0 && members_ < slots_};
  }

  // The batch is done. True: the caller still leads.
  bool end(std::uint64_t term) {
    std::lock_guard locked(mutex_);
    if (--busy_ == 0) left_.notify_all();
    if (!led_ || term != term_ || dismissed_) return false;
    running_ = nullptr;
    return true;
  }

  // Lets everybody go: lead() returns nothing from now on, and no batch begins.
  void dismiss() {
    std::lock_guard locked(mutex_);
    dismissed_ = true;
    running_ = nullptr;
    look_.notify_all();
    bench_.notify_all();
  }

  // Whether everybody was let go; for those that are in the middle of a batch.
  [[nodiscard]] bool is_dismissed() const { return dismissed_.load(std::memory_order_relaxed); }

  // Waits until no thread runs a batch; false when one still does.
  bool wait_idle(std::chrono::nanoseconds time) {
    std::unique_lock locked(mutex_);
    return left_.wait_for(locked, time, [this] { return busy_ == 0; });
  }

  // Waits until all threads have left; false when they have not in time.
  bool wait_left(std::chrono::nanoseconds time) {
    std::unique_lock locked(mutex_);
    return left_.wait_for(locked, time, [this] { return members_ == 0; });
  }

 private:
  static constexpr std::chrono::milliseconds kLook{1};  // Long against a batch (0.4 ms), short for people.
  static constexpr int kIdleLooksMax = 10;              // Not critical.

  Turn take_over(std::shared_ptr<Batch> batch) {
    led_ = true;
    running_ = nullptr;
    return Turn{++term_, std::move(batch)};
  }

  std::optional<Turn> stand_by(std::unique_lock<std::mutex>& locked) {
    standby_ = true;
    std::optional<Turn> turn;
    std::uint64_t seen = batches_;
    for (int idle_looks = 0; led_ && !dismissed_ && !turn;) {
      if (idle_looks >= kIdleLooksMax) {
        dozing_ = true;
        look_.wait(locked);
        dozing_ = false;
        idle_looks = 0;
      } else if (look_.wait_for(locked, kLook) == std::cv_status::timeout && batches_ == seen) {
        if (running_) turn = take_over(running_);
        ++idle_looks;
      } else {
        idle_looks = 0;
      }
      seen = batches_;
    }
    standby_ = false;
    return turn;
  }

  std::mutex mutex_;
  std::condition_variable look_, bench_, left_;
  const std::uint32_t slots_;
  std::uint32_t members_ = 0;
  std::uint32_t idle_ = 0;  // Within lead().
  std::uint32_t busy_ = 0;  // Between begin() and end().
  std::uint64_t term_ = 0;
  std::uint64_t batches_ = 0;
  bool led_ = false;
  bool standby_ = false;
  bool dozing_ = false;
  std::atomic<bool> dismissed_{false};  // Written under the mutex. Relaxed: without it, a hint.
  std::shared_ptr<Batch> running_;      // What the leader runs, while it keeps the lead.
};

}  // namespace tenuto::python
