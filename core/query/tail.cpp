#include "core/query/tail.h"

#include "core/journal/batch.h"
#include "core/journal/journal_meta.h"
#include "core/journal/record.h"

namespace tenuto {

Result<Tail> Tail::from_watermark(const Log& log, const StateRead& state) {
  TN_ASSIGN(const std::optional<JournalMeta> meta, read_journal_meta(state));
  if (!meta.has_value()) {
    // Nothing was materialised yet: the journal begins at its first segment.
    TN_ASSIGN(const std::vector<SegmentNumber> segments, log.list());
    if (segments.empty()) return Tail(log, StoreId{}, JournalPlace{}, Generation{});
    TN_ASSIGN(const SegmentHeader header, read_segment_header(log, segments.front()));
    return Tail(log, header.store, JournalPlace{header.first, segments.front(), kSegmentHeaderBytes}, Generation{});
  }
  Tail tail(log, meta->store, meta->applied, meta->generation);
  ByteView fragments;
  TN_ASSIGN(const bool open, state.get(Table::meta, kOpenFragmentsKey, fragments));
  if (open) TN_TRY(tail.reassembler_.restore(fragments));
  return tail;
}

Status Tail::poll(Position durable, const std::function<void(const Event&, Position)>& visit) {
  while (position() < durable) {
    Frame frame;
    TN_ASSIGN(const bool found, reader_->next(frame));
    if (!found) return {Code::not_found, "the journal was recycled up to a newer state of the tables"};
    TN_TRY(visit_frame(frame, visit));
  }
  return {};
}

Status Tail::visit_frame(const Frame& frame, const std::function<void(const Event&, Position)>& visit) {
  return for_each_record_of_batches(
      frame.batches, frame.begin, [&](const RecordHeader& header, ByteView record, Position end) -> Status {
        if (header.type == static_cast<std::uint8_t>(EventType::engine_opened)) reassembler_.clear();
        TN_ASSIGN(const ByteView whole, reassembler_.feed(header, record));
        if (whole.empty()) return {};
        TN_ASSIGN(const Decoded decoded, decode(whole, event_));
        if (decoded == Decoded::event) visit(event_, end);
        return {};
      });
}

}  // namespace tenuto
