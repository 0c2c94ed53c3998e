#include "core/query/tail.h"

#include "core/journal/batch.h"
#include "core/journal/journal_meta.h"
#include "core/journal/record.h"
#include "core/journal/seal.h"

namespace tenuto {
namespace {

// The place of the watermark: as the tables have it, or the beginning of the segment that begins there, when the one before
// was recycled.
Result<JournalPlace> find_start(const Log& log, const JournalPlace& applied) {
  TN_ASSIGN(const std::vector<SegmentNumber> segments, log.list());
  for (const SegmentNumber segment : segments) {
    const Result<SegmentHeader> header = read_segment_header(log, segment);
    if (header.code() == Code::not_found) continue;
    if (!header.ok()) return header.status();
    if (segment == applied.segment && header->first <= applied.position) return applied;
    if (header->first == applied.position)
      return JournalPlace{applied.position, segment, kSegmentHeaderBytes};
  }
  // With nothing behind the watermark this is no loss: poll() says so when something should be there.
  return applied;
}

// The journal of a store begins at position 0.
Result<JournalPlace> find_beginning(const Log& log, StoreId& store) {
  TN_ASSIGN(const std::vector<SegmentNumber> segments, log.list());
  if (segments.empty()) return JournalPlace();
  const Result<SegmentHeader> header = read_segment_header(log, segments.front());
  if (header.code() == Code::not_found) return JournalPlace();
  if (!header.ok()) return header.status();
  if (header->first != Position())
    return Status(Code::not_found, "the beginning of the journal was recycled");
  store = header->store;
  return JournalPlace{header->first, segments.front(), kSegmentHeaderBytes};
}

}  // namespace

Result<TailStart> find_tail_start(const Log& log, const StateRead& state) {
  TN_ASSIGN(const std::optional<JournalMeta> meta, read_journal_meta(state));
  TailStart start;
  if (!meta.has_value()) {
    // Nothing was materialised yet: the journal begins at its first segment.
    TN_ASSIGN(start.place, find_beginning(log, start.store));
    return start;
  }
  TN_ASSIGN(start.place, find_start(log, meta->applied));
  start.store = meta->store;
  start.generation = meta->generation;
  return start;
}

Result<Tail> Tail::from_watermark(const Log& log, const StateRead& state) {
  TN_ASSIGN(const TailStart start, find_tail_start(log, state));
  Tail tail(log, start);
  ByteView value;
  TN_ASSIGN(const bool open, state.get(Table::meta, kOpenFragmentsKey, value));
  if (open) {
    TN_ASSIGN(const ByteView fragments, unseal(kOpenFragmentsKey, value, "an open record"));
    TN_TRY(tail.reassembler_.restore(fragments));
  }
  return tail;
}

Status Tail::poll(Position durable, const std::function<void(const Event&, Position)>& visit) {
  return poll_records(durable, [&](const RecordHeader&, ByteView record, Position end) -> Status {
    TN_ASSIGN(const Decoded decoded, decode(record, event_));
    if (decoded == Decoded::event) visit(event_, end);
    return {};
  });
}

Status Tail::poll_records(Position durable, const RecordVisitor& visit) {
  while (position() < durable) {
    Frame frame;
    TN_ASSIGN(const bool found, reader_->next(frame));
    if (!found) return {Code::not_found, "the journal was recycled up to a newer state of the tables"};
    TN_TRY(visit_frame(frame, visit));
  }
  return {};
}

Status Tail::visit_frame(const Frame& frame, const RecordVisitor& visit) {
  return for_each_record_of_batches(frame.batches, frame.begin,
                                    [&](const RecordHeader& header, ByteView record, Position end) -> Status {
                                      if (header.type == static_cast<std::uint8_t>(EventType::engine_opened))
                                        reassembler_.clear();
                                      TN_ASSIGN(const ByteView whole, reassembler_.feed(header, record));
                                      if (whole.empty()) return {};
                                      RecordHeader joined;
                                      if (!decode_header(whole, joined))
                                        return Status(Code::damaged, "a record in pieces is malformed");
                                      return visit(joined, whole, end);
                                    });
}

}  // namespace tenuto
