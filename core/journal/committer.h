// Makes what the ring holds durable, in groups. Committing is a role, not a thread: whoever needs durability and finds the
// role free takes it for one group; a thread takes over while groups queue up.
//
// One group: the published batches at the ring's head, as many as fit in a frame and in the segment -> one frame, written
// straight from the ring's memory -> the ring's room is given back -> sync -> durable() -> the listener. While one group is
// synced the next fills, so the size of groups follows the speed of the disk.
//
// Thread safety: all functions by any thread; run_one() is the role and does nothing while another thread has it.
//
// Invariants:
//  1. durable() only grows, and everything before it survives a crash. Nothing but a sync that returned ok moves it.
//  2. A segment is begun only after everything in the one before was synced.
//  3. A failed write (no space, or whatever else is no sync) changes nothing: the group stays in the ring and is tried again by
//     a later run_one(), to which it may have grown. Meanwhile durable() stands, so every gate stays shut.
//  4. A failed sync, or anything that the log calls poisoned, ends it for good: what the disk has is unknown. durable() never moves
//     again; health() says why.
//  5. The first group is always synced, so that no later owner takes the same generation: what this one then loses is told from
//     what the next one writes in its place.
//  6. Nobody is forgotten: when run_one() returns false and the committer is neither stalled nor poisoned, then whatever was
//     published by a thread that found the role taken has been committed, or another thread has the role and will see it
//     (core/journal/commit_role.h). Whoever gets true looks again, or sees to it that somebody does.
#pragma once

#include "core/base/sync.h"
#include "core/journal/commit_role.h"
#include "core/journal/ring.h"
#include "core/journal/segments.h"

namespace tenuto {

// Called by the thread that has the role, while it has it, so in order. Must not append to the ring and should be short.
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  // Everything before `upto` is durable.
  virtual void on_durable(Position upto) = 0;
  // Why nothing gets durable at the moment: once when a stall begins, and when the committer is poisoned.
  virtual void on_warning(const Status& status) { static_cast<void>(status); }
};

enum class Stall : std::uint8_t {
  none = 0,
  storage = 1,  // the log refused a write: no space, mostly
  window = 2,   // the journal's window is full until the materialiser has got on
};

struct CommitterOptions {
  StoreId store;
  Generation generation;
  JournalPlace start;  // where recovery ended
};

class Committer {
 public:
  // All references outlive the committer. Only this committer writes to `log`.
  Committer(Log& log, Ring& ring, Segments& segments, CommitListener& listener,
            const CommitterOptions& options);

  // Commits one group, if the role is free and something is published; true when it did, and then there may be more. With
  // `sync` false the group is written only: written() moves, durable() follows with the next sync, which a call with `sync` true
  // does even when nothing new is published.
  bool run_one(bool sync = true);

  // Everything before it survives a crash. It begins where recovery ended: the first group, which has the engine_opened event
  // that everything else waits for, makes sure of that before it is written. Acquire: the log may be read up to here.
  [[nodiscard]] Position durable() const { return Position(durable_.load(std::memory_order_acquire)); }
  // Everything before it survives the end of this process, though not a power cut.
  [[nodiscard]] Position written() const { return Position(written_.load(std::memory_order_acquire)); }

  // True while the ring has something that is not written, published or about to be.
  [[nodiscard]] bool is_behind() const { return ring_.tail() > written(); }

  // Ok, or poisoned.
  [[nodiscard]] Status health() const TN_EXCLUDES(mutex_);
  [[nodiscard]] bool is_poisoned() const { return poisoned_.load(std::memory_order_acquire); }
  [[nodiscard]] Stall stall() const { return stall_.load(std::memory_order_acquire); }
  // While stalled by the storage: how long to wait before the next run_one(); it doubles from 1 ms to 1 s.
  [[nodiscard]] Nanos retry_after() const { return retry_after_.load(std::memory_order_relaxed); }
  // While stalled: why.
  [[nodiscard]] Status warning() const TN_EXCLUDES(mutex_);

 private:
  bool commit_group(bool sync);
  [[nodiscard]] std::size_t payload_room() const;
  bool begin_segment();
  bool write(const Ring::Group& group);
  bool sync_written();
  void stalled(Stall stall, const Status& why) TN_EXCLUDES(mutex_);
  void resumed() TN_EXCLUDES(mutex_);
  void poison(const Status& why) TN_EXCLUDES(mutex_);

  Log& log_;
  Ring& ring_;
  Segments& segments_;
  CommitListener& listener_;
  const StoreId store_;
  const Generation generation_;

  CommitRole role_;
  // Of the holder of the role only.
  JournalPlace place_;           // of the next frame
  bool unsynced_start_ = false;  // what recovery read may be in the page cache only
  bool is_announced_ = false;    // a frame of this generation is durable

  alignas(128) Atomic<std::uint64_t> durable_;
  Atomic<std::uint64_t> written_;
  Atomic<bool> poisoned_{false};
  Atomic<Stall> stall_{Stall::none};
  Atomic<Nanos> retry_after_{0};
  mutable Mutex mutex_;
  Status poison_status_ TN_GUARDED_BY(mutex_);
  Status warning_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
