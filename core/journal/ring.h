// The log ring: where processors leave their records, in one total order, for the committer.
//
// It is a window on an endless stream of batches (core/journal/batch.h); the batch at position p stands at p modulo the ring's
// size. Three places move through the stream, in this order: `head` (all before it is written to the log and its bytes here
// are zero again), the committer's group, `tail` (all before it is reserved).
//
// An appender (a) reserves by one fetch_add on `tail`, (b) waits until its room is free, (c) copies its records, (d) publishes
// by storing the first word of its batch. Between (a) and (d) it takes no lock and allocates nothing. The
// committer looks at the word at its place, which is zero until (d), takes what is published in a row, and after writing it
// puts zeros there and moves `head`.
//
// Thread safety: append() and tail() by any number of threads; peek() and release() by one at a time, whoever has
// the committer's role.
//
// Invariants:
//  1. Every free byte is zero, so a word is never taken for published because of what stood there a lap ago: release() zeroes
//     before it moves `head`, and appenders write only after they have seen `head` far enough (release/acquire on `head`).
//  2. Every published prefix is causally closed: a message leaves its sender after its records' reservation, so whoever acts on
//     the message reserves later (one modification order of `tail`) and stands behind it in the stream.
//  3. Nobody waits in a circle. Let q be the lowest position that is reserved and not published. All before q is published,
//     so the committer can bring `head` up to q without anybody's help; q's owner needs `head` >= q + n - size, and n <= size. So q's
//     owner gets its room, publishes, and the next lowest takes its turn. What this asks for: while appenders
//     wait, somebody commits (FullWaiter::wait() does, where nobody else may), and committing never appends.
//  4. An appender that gives up (FullWaiter::wait() returned false: the committer is poisoned or closed for good) leaves a hole
//     that is never published. The committer never passes it, so nothing behind it becomes durable.
//
// Reserving before there is room, and not after, keeps the order of (2) a matter of one instruction, and bounds how far work
// runs ahead of the disk: at most one batch an appender waits outside of the ring.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/ids.h"
#include "core/base/limits.h"
#include "core/base/sync.h"
#include "core/journal/batch.h"

namespace tenuto {

// What an appender does while the ring is full.
class FullWaiter {
 public:
  virtual ~FullWaiter() = default;
  // Lets the committer get on: commits inline, or yields to the thread that does. Must not append. False: nothing will
  // ever be committed again, give up.
  [[nodiscard]] virtual bool wait() = 0;
};

// The ring over some memory. Memory has `size()`, a power of two, and for offsets that are multiples of 8 and below size():
// `load(offset)` (acquire) and `publish(offset, word)` (release) of words, `write(offset, ByteView)`, `zero(offset, bytes)` and
// `view(offset, bytes)` of ranges that don't wrap. The model test brings its own.
template <class Memory>
class BasicRing {
 public:
  // A part of the stream in at most two pieces of memory; the second is empty unless it wraps.
  struct Group {
    Position begin;
    Position end;
    std::array<ByteView, 2> pieces;
  };

  // `start` is the first position that will be appended, a multiple of 8.
  BasicRing(Memory memory, Position start)
      : memory_(std::move(memory)), head_(start.value), tail_(start.value) {
    TN_CHECK(memory_.size() >= kBatchHeaderBytes && (memory_.size() & (memory_.size() - 1)) == 0);
    TN_CHECK(start.value % kBatchAlign == 0);
  }

  // Appends one batch of at least one record. Returns the position of the batch's end: it is durable when the committer's
  // durable() has reached that. Position 2^64 - 1, which nothing reaches, when the waiter gave up.
  Position append(ByteView records, FullWaiter& waiter) {
    const std::size_t bytes = batch_bytes(records.size());
    TN_CHECK(!records.empty() && records.size() <= kBatchRecordBytesMax);
    TN_CHECK(bytes <= memory_.size());  // or it would wait for ever
    // Relaxed: its modification order alone makes the total order; the records are handed over by publish().
    const std::uint64_t at = tail_.fetch_add(bytes, std::memory_order_relaxed);
    // Acquire: pairs with the store in release(); the zeros there happen before our writes.
    while (at + bytes > head_.load(std::memory_order_acquire) + memory_.size()) {
      if (!waiter.wait()) return kNever;
    }
    copy(at + kBatchHeaderBytes, records);
    // Release: pairs with the load in peek(); the records are there when the word is.
    memory_.publish(offset(at), batch_word(records.size(), Position(at)));
    return Position(at + bytes);
  }

  // The published batches from the head on, at most `bytes_max` in whole batches; empty when the first is not published or
  // larger. The views live until release().
  [[nodiscard]] Group peek(std::size_t bytes_max) const {
    // Relaxed: only the holder of the role moves it.
    const std::uint64_t begin = head_.load(std::memory_order_relaxed);
    std::uint64_t end = begin;
    while (end - begin < memory_.size()) {
      const std::uint64_t word = memory_.load(offset(end));
      if (word == 0) break;
      TN_CHECK(is_batch_word(word, Position(end)));
      const std::size_t bytes = batch_bytes(record_bytes_of(word));
      if (end + bytes - begin > bytes_max) break;
      end += bytes;
    }
    return Group{Position(begin), Position(end), pieces(begin, end - begin)};
  }

  // Gives the room up to `upto` back: the end of a group of peek() that needs its bytes no longer.
  void release(Position upto) {
    const std::uint64_t begin = head_.load(std::memory_order_relaxed);
    TN_CHECK(upto.value >= begin);
    const std::uint64_t bytes = upto.value - begin;
    const std::size_t first = before_wrap(begin, bytes);
    memory_.zero(offset(begin), first);
    memory_.zero(0, bytes - first);
    // Release: pairs with the load in append().
    head_.store(upto.value, std::memory_order_release);
  }

  // The end of all that was reserved.
  [[nodiscard]] Position tail() const { return Position(tail_.load(std::memory_order_relaxed)); }
  [[nodiscard]] std::size_t size() const { return memory_.size(); }
  // A number that no other caller got from this ring.
  [[nodiscard]] std::uint64_t next_series() { return series_.fetch_add(1, std::memory_order_relaxed); }

  static constexpr Position kNever{~std::uint64_t{0}};

 private:
  [[nodiscard]] std::size_t offset(std::uint64_t at) const { return at & (memory_.size() - 1); }
  [[nodiscard]] std::size_t before_wrap(std::uint64_t at, std::size_t bytes) const {
    const std::size_t room = memory_.size() - offset(at);
    return bytes < room ? bytes : room;
  }
  void copy(std::uint64_t at, ByteView from) {
    const std::size_t first = before_wrap(at, from.size());
    memory_.write(offset(at), from.substr(0, first));
    memory_.write(0, from.substr(first));
  }
  [[nodiscard]] std::array<ByteView, 2> pieces(std::uint64_t at, std::size_t bytes) const {
    const std::size_t first = before_wrap(at, bytes);
    return {memory_.view(offset(at), first), memory_.view(0, bytes - first)};
  }

  Memory memory_;
  // On cache lines of their own: appenders write one, the committer the other. 128, for lines are fetched in pairs.
  alignas(128) Atomic<std::uint64_t> head_;
  alignas(128) Atomic<std::uint64_t> tail_;
  alignas(128) Atomic<std::uint64_t> series_{0};
};

// Plain memory: pages are zero and take room only once they are used.
class RingMemory {
 public:
  explicit RingMemory(std::size_t bytes);
  RingMemory(RingMemory&& other) noexcept;
  RingMemory& operator=(RingMemory&&) = delete;
  ~RingMemory();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint64_t load(std::size_t offset) const {
    return word(offset).load(std::memory_order_acquire);
  }
  void publish(std::size_t offset, std::uint64_t v) { word(offset).store(v, std::memory_order_release); }
  void write(std::size_t offset, ByteView bytes) {
    std::memcpy(bytes_ + offset, bytes.data(), bytes.size());
    model_plain_written(bytes_ + offset, bytes.size());
  }
  void zero(std::size_t offset, std::size_t bytes) {
    std::memset(bytes_ + offset, 0, bytes);
    model_plain_written(bytes_ + offset, bytes);
  }
  [[nodiscard]] ByteView view(std::size_t offset, std::size_t bytes) const {
    model_plain_read(bytes_ + offset, bytes);
    return {bytes_ + offset, bytes};
  }

 private:
  [[nodiscard]] AtomicRef<std::uint64_t> word(std::size_t offset) const {
    return AtomicRef<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(bytes_ + offset));
  }
  char* bytes_;
  std::size_t size_;
};

class Ring : public BasicRing<RingMemory> {
 public:
  explicit Ring(Position start = Position(0), std::size_t bytes = limits::kRingBytes)
      : BasicRing(RingMemory(bytes), start) {}
};

}  // namespace tenuto
