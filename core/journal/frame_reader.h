// Walks the frames of a log in order of their positions, from segment to segment, and tells the tail from damage.
//
// Thread safety: one thread at a time; the committer may write to the log meanwhile. A reader that must not see what is
// not yet synced stops at the durable position by itself.
#pragma once

#include "core/journal/segment.h"

namespace tenuto {

struct Frame {
  Generation generation;
  Position begin;
  Position end;
  ByteView batches;  // lives until the next call of the reader
};

class FrameReader {
 public:
  // Frames from `start` on. `generation` is that of the frame before, where it is known. `log` outlives the reader.
  FrameReader(const Log& log, StoreId store, const JournalPlace& start, Generation generation = Generation())
      : log_(log), store_(store), place_(start), generation_(generation) {}

  // The next frame, or false where the log ends: at the first bad frame. damaged, with the place, when a later frame proves that the bad
  // one had been synced, or when a segment is missing in between; newer_format.
  [[nodiscard]] Result<bool> next(Frame& frame);

  // Behind the last frame that was read.
  [[nodiscard]] const JournalPlace& place() const { return place_; }
  [[nodiscard]] Generation generation() const { return generation_; }

 private:
  // Bytes of the segment of place(), from a block that is read at once; not ok: the segment can't be read.
  [[nodiscard]] Result<ByteView> bytes(std::uint64_t offset, std::size_t size);
  [[nodiscard]] Result<bool> read_frame(Frame& frame);
  [[nodiscard]] bool is_at_next_segment() const;
  [[nodiscard]] Result<bool> step_to_next_segment();
  [[nodiscard]] Status prove_tail() const;

  const Log& log_;
  const StoreId store_;
  JournalPlace place_;
  Generation generation_;
  Bytes block_;
  SegmentNumber block_segment_;
  std::uint64_t block_offset_ = 0;
};

}  // namespace tenuto
