// The contract of an append-only log of segments: what survives what.
//
// The journal writes frames to it and never sees files. Two implementations: FileLog (files) and MemLog (memory, with
// crash(): forget what was not synced, also parts of it). A test suite runs the same cases on both.
//
// Contract:
//  1. write() puts bytes at an offset of a segment; they may or may not survive a crash, in whole or in part, until
//     sync() of that segment has returned ok. After that they survive.
//  2. A failed sync() leaves the outcome unknown: the caller must not go on with this log (the engine is poisoned).
//  3. A failed write() (no space, a signal) changes nothing that was synced; it may be tried again.
//  4. A segment has a fixed size from create(); its bytes start as zeros or as what it held before it was recycled.
//     Creation and recycling are durable when the call returns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/status.h"

namespace tenuto {

// Names a segment: ascending in the order of the log; a recycled segment gets a new, higher number.
using SegmentNumber = StrongId<struct SegmentNumberTag, std::uint64_t>;

// Thread safety: one writer (create, recycle, write, sync, remove) at a time; read() and list() by any number of threads, also
// at the same time as the writer.
class Log {
 public:
  virtual ~Log() = default;

  // Existing segments, ascending.
  virtual Result<std::vector<SegmentNumber>> list() const = 0;
  virtual std::size_t segment_bytes() const = 0;
  // Makes a segment of segment_bytes() prewritten bytes. full when the disk is.
  virtual Status create(SegmentNumber segment) = 0;
  // Renames `from` to `to` (a number that was never used), keeping its blocks.
  virtual Status recycle(SegmentNumber from, SegmentNumber to) = 0;
  virtual Status remove(SegmentNumber segment) = 0;
  // Writes the pieces one after the other at `offset`.
  virtual Status write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) = 0;
  virtual Status sync(SegmentNumber segment) = 0;
  // Reads `size` bytes at `offset` into `out` (resized); not_found when the segment is gone.
  virtual Status read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const = 0;
};

}  // namespace tenuto
