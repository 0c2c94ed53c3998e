// What core/base/sync.h hands out in model programs: atomics, locks and condition variables whose every operation is a point at
// which the explorer may switch threads, and plain memory that is watched for data races (see explorer.h).
//
// Outside an exploration (set-up, final checks) operations take effect at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "tests/model/site.h"

namespace tenuto::testing {

// The memory of one atomic: its value outside of explorations, and its place in the memory of the run that it belongs to.
class ModelCell {
 public:
  constexpr explicit ModelCell(std::uint64_t word = 0) : word(word) {
    if (!std::is_constant_evaluated()) made();
  }
  constexpr ~ModelCell() {
    if (!std::is_constant_evaluated()) gone();
  }
  ModelCell(const ModelCell&) = delete;
  ModelCell& operator=(const ModelCell&) = delete;

  std::uint64_t word;
  std::uint64_t run = 0;
  std::uint32_t place = 0;

 private:
  void made();
  void gone();
};

// Each returns when the explorer lets this thread go on, alone until its next call.
std::uint64_t model_load(ModelCell& cell, std::memory_order order, CallSite at);
void model_store(ModelCell& cell, std::uint64_t word, std::memory_order order, CallSite at);
// A read-modify-write in two halves; nothing comes between them.
std::uint64_t model_begin_update(ModelCell& cell, std::memory_order order, CallSite at);
void model_end_update(ModelCell& cell, std::uint64_t word);
// Returns what it read; it has stored `desired` when that is `expected`.
std::uint64_t model_compare_exchange(ModelCell& cell, std::uint64_t expected, std::uint64_t desired,
                                     std::memory_order success, std::memory_order failure, CallSite at);
// No switch of threads: a data race shows in whatever order its two accesses come.
std::uint64_t model_plain_load(ModelCell& cell);
void model_plain_store(ModelCell& cell, std::uint64_t word);
// Of memory that is also used through AtomicRef, in words of 8 bytes: before it is read, after it was written.
void model_plain_read(const void* address, std::size_t bytes);
void model_plain_written(const void* address, std::size_t bytes);
// The cell of a word of memory, for the rest of this run; nullptr outside of explorations.
ModelCell* model_cell_at(const void* address, std::uint64_t word);

// True: the wake-up that is asked for there is left out, to see who misses it.
bool model_drops_wake_up(CallSite at);

template <class T>
constexpr std::uint64_t to_word(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  if constexpr (std::is_integral_v<T>) return static_cast<std::uint64_t>(value);
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  return word;
}
template <class T>
T from_word(std::uint64_t word) {
  T value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

constexpr std::memory_order failure_order(std::memory_order order) {
  if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
  return order == std::memory_order_release ? std::memory_order_relaxed : order;
}

template <class T>
class ModelAtomic {
 public:
  static constexpr bool is_always_lock_free = true;
  static constexpr std::memory_order kDefault = std::memory_order_seq_cst;

  ModelAtomic() = default;
  constexpr ModelAtomic(T value)
      : cell_(to_word(value)) {}  // NOLINT(google-explicit-constructor): as std::atomic
  ModelAtomic(const ModelAtomic&) = delete;
  ModelAtomic& operator=(const ModelAtomic&) = delete;

  T load(std::memory_order order = kDefault, CallSite at = CallSite::here()) const {
    return from_word<T>(model_load(cell_, order, at));
  }
  void store(T value, std::memory_order order = kDefault, CallSite at = CallSite::here()) {
    model_store(cell_, to_word(value), order, at);
  }
  T exchange(T value, std::memory_order order = kDefault, CallSite at = CallSite::here()) {
    return update([value](T) { return value; }, order, at);
  }
  T fetch_add(T n, std::memory_order order = kDefault, CallSite at = CallSite::here()) {
    return update([n](T old) { return static_cast<T>(old + n); }, order, at);
  }
  T fetch_sub(T n, std::memory_order order = kDefault, CallSite at = CallSite::here()) {
    return update([n](T old) { return static_cast<T>(old - n); }, order, at);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure,
                               CallSite at = CallSite::here()) {
    const T wanted = expected;
    expected =
        from_word<T>(model_compare_exchange(cell_, to_word(wanted), to_word(desired), success, failure, at));
    return expected == wanted;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order = kDefault,
                               CallSite at = CallSite::here()) {
    return compare_exchange_strong(expected, desired, order, failure_order(order), at);
  }
  // Never fails without cause: the loops around it are the same either way.
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure,
                             CallSite at = CallSite::here()) {
    return compare_exchange_strong(expected, desired, success, failure, at);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = kDefault,
                             CallSite at = CallSite::here()) {
    return compare_exchange_strong(expected, desired, order, failure_order(order), at);
  }

  ModelCell& cell() { return cell_; }

 private:
  template <class F>
  T update(F&& f, std::memory_order order, CallSite at) {
    const T old = from_word<T>(model_begin_update(cell_, order, at));
    model_end_update(cell_, to_word(f(old)));
    return old;
  }

  mutable ModelCell cell_;
};

// Of a word in plain memory, which is written through: who reads it plainly, without a race, sees what was stored.
template <class T>
class ModelAtomicRef {
  static_assert(sizeof(T) == sizeof(std::uint64_t));

 public:
  explicit ModelAtomicRef(T& object) : object_(object) {}
  T load(std::memory_order order, CallSite at = CallSite::here()) const {
    ModelCell* cell = model_cell_at(&object_, to_word(object_));
    return cell != nullptr ? from_word<T>(model_load(*cell, order, at)) : object_;
  }
  void store(T value, std::memory_order order, CallSite at = CallSite::here()) const {
    if (ModelCell* cell = model_cell_at(&object_, to_word(object_)); cell != nullptr)
      model_store(*cell, to_word(value), order, at);
    object_ = value;
  }

 private:
  T& object_;
};

// A plain variable: two accesses that nothing orders, one of them a write, end the run as a failure.
template <class T>
class Plain {
 public:
  Plain() = default;
  Plain(T value) : cell_(to_word(value)) {}  // NOLINT(google-explicit-constructor): stands for a T
  Plain(const Plain& other) : Plain(static_cast<T>(other)) {}
  Plain& operator=(const Plain& other) { return *this = static_cast<T>(other); }
  Plain& operator=(T value) {
    model_plain_store(cell_, to_word(value));
    return *this;
  }
  operator T() const {  // NOLINT(google-explicit-constructor): stands for a T
    return from_word<T>(model_plain_load(cell_));
  }
  T operator->() const { return *this; }

 private:
  mutable ModelCell cell_;
};

// Locks with the explorer's idea of waiting.
class ModelMutex {
 public:
  void lock();
  bool try_lock();  // not defined: no model needs it
  void unlock();

 private:
  friend class ModelCondVar;
  ModelCell cell_;
};

// Wakes without cause: never. Time: never runs out.
class ModelCondVar {
 public:
  void wait(ModelMutex& mutex);
  void notify_one();
  void notify_all();

 private:
  ModelCell cell_;
};

}  // namespace tenuto::testing
