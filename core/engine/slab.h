// Objects at stable addresses, named by small numbers, used again for ever: a stale name never reaches freed memory.
//
// Objects are constructed once and never destroyed before the slab; who releases one resets it, and a generation in the
// object itself tells its uses apart.
//
// Thread safety: acquire, release and at by any thread. at() of a number that acquire returned is lock-free: chunks are
// published by a release store that pairs with the acquire load in at().
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/check.h"
#include "core/base/sync.h"

namespace tenuto {

template <class T, std::uint32_t kObjects = 1u << 10, std::uint32_t kChunks = 1u << 14>
class Slab {
 public:
  static constexpr std::uint32_t kChunkObjects = kObjects;
  static constexpr std::uint32_t kChunksMax = kChunks;

  Slab() : chunks_(std::make_unique<std::array<Atomic<T*>, kChunksMax>>()) {}
  ~Slab() {
    for (std::uint32_t i = 0; i < chunk_count_; ++i) delete[](*chunks_)[i].load(std::memory_order_relaxed);
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // The number of an object that nobody uses; kNone when kChunksMax chunks are in use.
  static constexpr std::uint32_t kNone = 0xFFFF'FFFFu;
  [[nodiscard]] std::uint32_t acquire() {
    MutexLock lock(mutex_);
    if (free_.empty() && !grow()) return kNone;
    const std::uint32_t number = free_.back();
    free_.pop_back();
    return number;
  }
  // As acquire(), for many at once; how many there were. Ascending where they never were in use.
  [[nodiscard]] std::size_t acquire(std::span<std::uint32_t> numbers) {
    MutexLock lock(mutex_);
    std::size_t count = 0;
    while (count < numbers.size() && (!free_.empty() || grow())) {
      numbers[count++] = free_.back();
      free_.pop_back();
    }
    return count;
  }
  void release(std::uint32_t number) { release(std::span(&number, 1)); }
  void release(std::span<const std::uint32_t> numbers) {
    MutexLock lock(mutex_);
    free_.insert(free_.end(), numbers.begin(), numbers.end());
  }
  // How many numbers are acquired and not released; a moment's picture.
  [[nodiscard]] std::size_t in_use() const {
    MutexLock lock(mutex_);
    return std::size_t{chunk_count_} * kChunkObjects - free_.size();
  }
  // Any number that acquire() ever returned.
  [[nodiscard]] T& at(std::uint32_t number) const {
    T* chunk = (*chunks_)[number / kChunkObjects].load(std::memory_order_acquire);
    TN_DCHECK(chunk != nullptr);
    return chunk[number % kChunkObjects];
  }
  // True if acquire() may have returned `number`: for names that come from outside.
  [[nodiscard]] bool contains(std::uint32_t number) const {
    // Relaxed: at() acquires.
    return number / kChunkObjects < kChunksMax &&
           (*chunks_)[number / kChunkObjects].load(std::memory_order_relaxed) != nullptr;
  }

 private:
  bool grow() TN_REQUIRES(mutex_) {
    if (chunk_count_ == kChunksMax) return false;
    (*chunks_)[chunk_count_].store(new T[kChunkObjects], std::memory_order_release);  // pairs with at()
    const std::uint32_t first = chunk_count_++ * kChunkObjects;
    for (std::uint32_t i = kChunkObjects; i > 0; --i) free_.push_back(first + i - 1);
    return true;
  }

  mutable Mutex mutex_;
  std::vector<std::uint32_t> free_ TN_GUARDED_BY(mutex_);
  std::uint32_t chunk_count_ TN_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<std::array<Atomic<T*>, kChunksMax>> chunks_;
};

}  // namespace tenuto
