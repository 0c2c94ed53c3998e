#include "core/query/verify_journal.h"

#include "core/journal/batch.h"
#include "core/journal/fragment.h"
#include "core/journal/frame_reader.h"

namespace tenuto {
namespace {

constexpr int kTries = 3;  // an owner may recycle the first segment meanwhile

struct Walk {
  std::uint64_t segments = 0;
  std::uint64_t frames = 0;
  std::uint64_t events = 0;
  Position end;
};

Status missing_start(Position watermark) {
  return {Code::damaged, "no segment holds position " + std::to_string(watermark.value) +
                             ", where the state tables end; restore the store from a backup"};
}

// The first segment that was begun.
Result<std::optional<SegmentHeader>> first_segment(const Log& log, Walk& walk) {
  TN_ASSIGN(const std::vector<SegmentNumber> segments, log.list());
  std::optional<SegmentHeader> first;
  for (const SegmentNumber segment : segments) {
    const Result<SegmentHeader> header = read_segment_header(log, segment);
    if (header.code() == Code::not_found) continue;
    if (!header.ok()) return header.status();
    ++walk.segments;
    if (!first.has_value()) first = *header;
  }
  return first;
}

Status read_records(const Frame& frame, Reassembler& open, Walk& walk) {
  Event event;
  return for_each_record_of_batches(
      frame.batches, frame.begin, [&](const RecordHeader& header, ByteView record, Position) -> Status {
        if (header.type == static_cast<std::uint8_t>(EventType::engine_opened)) open.clear();
        TN_ASSIGN(const ByteView whole, open.feed(header, record));
        if (whole.empty()) return {};
        ++walk.events;
        return decode(whole, event).ok() ? Status() : decode(whole, event).status();
      });
}

// The last piece of a record whose first ones stood in a segment that is gone is no damage; View reads those from the tables.
bool is_before(const Frame& frame, const std::optional<JournalMeta>& meta) {
  return meta.has_value() && frame.end <= meta->applied.position;
}

Result<Walk> walk_frames(const Log& log, const std::optional<JournalMeta>& meta) {
  Walk walk;
  TN_ASSIGN(const std::optional<SegmentHeader> first, first_segment(log, walk));
  const Position watermark = meta.has_value() ? meta->applied.position : Position();
  if (!first.has_value()) {
    if (watermark != Position()) return missing_start(watermark);
    return walk;
  }
  if (meta.has_value() && first->store != meta->store) {
    return Status(Code::damaged, "the journal belongs to another store than the state tables");
  }
  if (first->first > watermark) return missing_start(watermark);
  FrameReader reader(log, first->store, {first->first, first->number, kSegmentHeaderBytes});
  Reassembler open;
  Frame frame;
  for (;;) {
    TN_ASSIGN(const bool found, reader.next(frame));
    if (!found) break;
    ++walk.frames;
    const Status status = read_records(frame, open, walk);
    if (!status.ok() && !is_before(frame, meta)) return status;
  }
  walk.end = reader.place().position;
  if (walk.end >= watermark) return walk;
  return Status(Code::damaged, "journal " + to_text(reader.place()) + ": it ends before position " +
                                   std::to_string(watermark.value) +
                                   ", which was in the state tables already");
}

}  // namespace

std::optional<Position> verify_journal(const Log& log, const std::optional<JournalMeta>& meta,
                                       VerifyReport& report) {
  Result<Walk> walk = walk_frames(log, meta);
  for (int i = 1; !walk.ok() && i < kTries; ++i) walk = walk_frames(log, meta);
  if (!walk.ok()) {
    report.problem("journal", walk.status().message());
    return std::nullopt;
  }
  report.checked("segments") = walk->segments;
  report.checked("frames") = walk->frames;
  report.checked("events") = walk->events;
  return walk->end;
}

}  // namespace tenuto
