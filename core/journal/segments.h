// The list of segments in use, and where the next one comes from.
//
// A segment is, in ascending order of its number:
//   released   all its frames are at or before the watermark; it will be recycled
//   live       it holds frames after the watermark, or is the one being written
//   spare      made or recycled but not begun; its number is above that of the segment being written
//
// The live ones are at most a window: writers wait for the materialiser when it is full, so the journal never takes more than
// the window on disk, and recovery never reads more.
//
// Thread safety: release_before() and the readers by any thread; take() by the holder of the committer's role.
#pragma once

#include <vector>

#include "core/base/sync.h"
#include "core/journal/segment.h"

namespace tenuto {

struct LiveSegment {
  SegmentNumber number;
  Position first;  // of its frames
  friend bool operator==(const LiveSegment&, const LiveSegment&) = default;
};

class Segments {
 public:
  // `live` as recovery found them, ascending, the last being written; `spares` behind it, ascending. `window_bytes` is at
  // least two segments.
  Segments(std::vector<LiveSegment> live, std::vector<SegmentNumber> spares, std::size_t segment_bytes,
           std::size_t window_bytes = limits::kJournalWindowBytes);

  // Everything before `watermark` is durable elsewhere.
  void release_before(Position watermark) TN_EXCLUDES(mutex_);

  // True when take() would exceed the window.
  [[nodiscard]] bool window_is_full() const TN_EXCLUDES(mutex_);
  // A segment for frames from `first` on: a spare, a recycled one, or a new one. What was written before is synced. The status
  // is the log's; nothing changes then.
  [[nodiscard]] Result<SegmentNumber> take(Log& log, Position first) TN_EXCLUDES(mutex_);

  [[nodiscard]] std::vector<LiveSegment> in_use() const TN_EXCLUDES(mutex_);  // released ones included

 private:
  [[nodiscard]] bool first_is_released() const TN_REQUIRES(mutex_);

  const std::size_t window_segments_;
  mutable Mutex mutex_;
  std::vector<LiveSegment> live_ TN_GUARDED_BY(mutex_);
  std::vector<SegmentNumber> spares_ TN_GUARDED_BY(mutex_);
  Position released_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
