// The std::atomic of model programs: every operation is a point at which the explorer may switch threads, and
// a store that isn't seq_cst may stay in its thread's store buffer for a while (see explorer.h).
//
// Outside an exploration (set-up, final checks) operations take effect at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tenuto::testing {

// The memory of one atomic.
struct ModelCell {
  std::uint64_t word = 0;
};

// Called before an operation on `cell`; return when the explorer lets this thread go on, alone until its next
// call. The value that this thread sees: its own youngest buffered store, or the memory.
std::uint64_t model_load(const ModelCell& cell);
// Into the store buffer, or past it.
void model_store(ModelCell& cell, std::uint64_t word, bool is_buffered);
// The caller then reads and writes cell.word: a read-modify-write, which sees and leaves an empty store
// buffer.
void model_before_update(ModelCell& cell);

template <class T>
class ModelAtomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

 public:
  static constexpr bool is_always_lock_free = true;

  ModelAtomic() = default;
  ModelAtomic(T value) {
    cell_.word = to_word(value);
  }  // NOLINT(google-explicit-constructor): as std::atomic
  ModelAtomic(const ModelAtomic&) = delete;
  ModelAtomic& operator=(const ModelAtomic&) = delete;

  T load(std::memory_order = std::memory_order_seq_cst) const { return from_word(model_load(cell_)); }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) {
    model_store(cell_, to_word(value), order != std::memory_order_seq_cst);
  }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst) {
    return update([value](T) { return value; });
  }
  T fetch_add(T n, std::memory_order = std::memory_order_seq_cst) {
    return update([n](T old) { return static_cast<T>(old + n); });
  }
  T fetch_sub(T n, std::memory_order = std::memory_order_seq_cst) {
    return update([n](T old) { return static_cast<T>(old - n); });
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order = std::memory_order_seq_cst,
                               std::memory_order = std::memory_order_seq_cst) {
    const T wanted = expected;
    expected = update([&](T old) { return old == wanted ? desired : old; });
    return expected == wanted;
  }
  // Never fails without cause: the loops around it are the same either way.
  bool compare_exchange_weak(T& expected, T desired, std::memory_order = std::memory_order_seq_cst,
                             std::memory_order = std::memory_order_seq_cst) {
    return compare_exchange_strong(expected, desired);
  }

  ModelCell& cell() { return cell_; }

 private:
  static std::uint64_t to_word(T value) {
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    return word;
  }
  static T from_word(std::uint64_t word) {
    T value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }

  template <class F>
  T update(F&& f) {
    model_before_update(cell_);
    const T old = from_word(cell_.word);
    cell_.word = to_word(f(old));
    return old;
  }

  ModelCell cell_;
};

}  // namespace tenuto::testing
