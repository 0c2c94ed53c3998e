// The log in memory, with a crash: for stores without a directory, and for tests of what survives a power cut.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "core/base/limits.h"
#include "core/base/random.h"
#include "core/base/sync.h"
#include "core/store/log.h"

namespace tenuto {

// Which call of a MemLog fails, and how. A failed write leaves a part of its bytes behind, as a disk does; a failed
// sync should say poisoned, and then every later change does too, until crash().
struct LogFault {
  enum class Call : std::uint8_t { create, recycle, remove, write, sync };
  Call call = Call::write;
  std::uint64_t nth = 1;  // counts calls of this kind from set_fault() on; the first is 1
  Code code = Code::full;
  std::uint64_t times = 1;  // how many calls in a row fail
};

// Memory is taken for what was written, not for whole segments.
// Thread safety: that of Log; crash() and set_fault() while no other call runs.
class MemLog final : public Log {
 public:
  explicit MemLog(std::size_t segment_bytes = limits::kSegmentBytes) : segment_bytes_(segment_bytes) {}

  Result<std::vector<SegmentNumber>> list() const override TN_EXCLUDES(mutex_);
  std::size_t segment_bytes() const override { return segment_bytes_; }
  Status create(SegmentNumber segment) override TN_EXCLUDES(mutex_);
  Status recycle(SegmentNumber from, SegmentNumber to) override TN_EXCLUDES(mutex_);
  Status remove(SegmentNumber segment) override TN_EXCLUDES(mutex_);
  Status write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) override
      TN_EXCLUDES(mutex_);
  Status sync(SegmentNumber segment) override TN_EXCLUDES(mutex_);
  Status read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const override
      TN_EXCLUDES(mutex_);

  // A power cut: of what was not synced, each 512-byte sector survives or is what it was at the last sync, as
  // `random` says. The log then is as a new process would find it: not poisoned, all synced.
  void crash(Random& random) TN_EXCLUDES(mutex_);
  // Replaces the fault of this kind of call.
  void set_fault(const LogFault& fault) TN_EXCLUDES(mutex_);
  void clear_faults() TN_EXCLUDES(mutex_);

 private:
  // Both end at the last byte ever written; the rest of the segment is zeros.
  struct Segment {
    Bytes current;
    Bytes synced;
    std::set<std::uint64_t> dirty;  // numbers of sectors that differ, perhaps
  };

  // The status of the fault that hits this call, if one does.
  Status meet_fault(LogFault::Call call) TN_REQUIRES(mutex_);
  Result<Segment*> find(SegmentNumber segment) TN_REQUIRES(mutex_);
  static void put(Segment& segment, std::uint64_t offset, ByteView bytes);
  static void copy_sector(const Bytes& from, Bytes& to, std::uint64_t sector);

  const std::size_t segment_bytes_;
  mutable Mutex mutex_;
  std::map<SegmentNumber, Segment> segments_ TN_GUARDED_BY(mutex_);
  std::map<LogFault::Call, LogFault> faults_ TN_GUARDED_BY(mutex_);
  bool poisoned_ TN_GUARDED_BY(mutex_) = false;
};

}  // namespace tenuto
