// Synchronisation primitives with lock annotations, so that Clang checks what the comments claim.
//
// Code in core/sched and core/journal uses tenuto::Atomic instead of std::atomic: model tests compile the same headers
// with TENUTO_MODEL defined, where every operation is a point at which the explorer may switch threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#if defined(__clang__)
#define TN_ANNOTATE(x) __attribute__((x))
#else
#define TN_ANNOTATE(x)
#endif
#define TN_CAPABILITY TN_ANNOTATE(capability("mutex"))
#define TN_SCOPED_CAPABILITY TN_ANNOTATE(scoped_lockable)
#define TN_GUARDED_BY(m) TN_ANNOTATE(guarded_by(m))
#define TN_REQUIRES(m) TN_ANNOTATE(requires_capability(m))
#define TN_ACQUIRE(...) TN_ANNOTATE(acquire_capability(__VA_ARGS__))
#define TN_RELEASE(...) TN_ANNOTATE(release_capability(__VA_ARGS__))
#define TN_EXCLUDES(m) TN_ANNOTATE(locks_excluded(m))

#if defined(TENUTO_MODEL)
#include "tests/model/model_atomic.h"
namespace tenuto {
template <class T>
using Atomic = testing::ModelAtomic<T>;
template <class T>
using AtomicRef = testing::ModelAtomicRef<T>;
using testing::CallSite;
using testing::model_drops_wake_up;
using testing::model_plain_read;
using testing::model_plain_written;
inline constexpr bool kIsModel = true;
using NativeMutex = testing::ModelMutex;
}  // namespace tenuto
#else
namespace tenuto {
template <class T>
using Atomic = std::atomic<T>;
template <class T>
using AtomicRef = std::atomic_ref<T>;
// For model tests: where a wake-up is asked for, so that each can be left out once; and that memory is used plainly
// which AtomicRef uses, too, so that races are seen. Nothing, here.
struct CallSite {
  static constexpr CallSite here() { return {}; }
};
constexpr bool model_drops_wake_up(CallSite) {
  return false;
}
inline void model_plain_read(const void*, std::size_t) {}
inline void model_plain_written(const void*, std::size_t) {}
inline constexpr bool kIsModel = false;
using NativeMutex = std::mutex;
}  // namespace tenuto
#endif

namespace tenuto {

class TN_CAPABILITY Mutex {
 public:
  void lock() TN_ACQUIRE() { mutex_.lock(); }
  void unlock() TN_RELEASE() { mutex_.unlock(); }
  bool try_lock() TN_ANNOTATE(try_acquire_capability(true)) { return mutex_.try_lock(); }
  // For CondVar only.
  NativeMutex& native() { return mutex_; }

 private:
  NativeMutex mutex_;
};

class TN_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& m) TN_ACQUIRE(m) : mutex_(m) { mutex_.lock(); }
  ~MutexLock() TN_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition variable for Mutex. Waits take the time from the caller: no clock is read here.
class CondVar {
 public:
  // The caller holds `m`; may wake without cause, so wait in a loop over the condition.
  void wait(Mutex& m) TN_REQUIRES(m) { wait_on(m.native()); }
  // False when `timeout` passed first.
  template <class Duration>
  bool wait_for(Mutex& m, Duration timeout) TN_REQUIRES(m) {
    return wait_on(m.native(), timeout);
  }
  void notify_one(CallSite at = CallSite::here()) {
    if (!model_drops_wake_up(at)) cv_.notify_one();
  }
  void notify_all(CallSite at = CallSite::here()) {
    if (!model_drops_wake_up(at)) cv_.notify_all();
  }

 private:
#if defined(TENUTO_MODEL)
  void wait_on(testing::ModelMutex& m) {
    cv_.wait(m);
  }
  template <class Duration>
  bool wait_on(testing::ModelMutex& m, Duration) {
    cv_.wait(m);
    return true;
  }

  testing::ModelCondVar cv_;
#else
  void wait_on(std::mutex& m) {
    std::unique_lock<std::mutex> lock(m, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }
  template <class Duration>
  bool wait_on(std::mutex& m, Duration timeout) {
    std::unique_lock<std::mutex> lock(m, std::adopt_lock);
    const bool woken = cv_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }

  std::condition_variable cv_;
#endif
};

}  // namespace tenuto
