#include "tests/power/reference.h"

#include <utility>

#include "core/base/check.h"
#include "core/journal/batch.h"
#include "core/journal/segment.h"

namespace tenuto::testing {

std::optional<Position> Reference::add_write(const Bytes& bytes, std::uint64_t offset) {
  ByteView frame = bytes;
  if (offset == 0 && frame.size() > kSegmentHeaderBytes) frame.remove_prefix(kSegmentHeaderBytes);
  FrameHeader header;
  if (frame.size() < kFrameHeaderBytes || !decode_frame_header(frame, header)) return std::nullopt;
  TN_CHECK(frame_is_whole(frame));
  const Status status =
      for_each_record_of_batches(frame.substr(kFrameHeaderBytes), header.position,
                                 [&](const RecordHeader& head, ByteView record, Position end) {
                                   TN_ASSIGN(const ByteView whole, open_.feed(head, record));
                                   if (whole.empty()) return Status();
                                   Event event;
                                   TN_ASSIGN(const Decoded decoded, decode(whole, event));
                                   TN_CHECK(decoded == Decoded::event);
                                   add(event, end);
                                   return Status();
                                 });
  TN_CHECK(status.ok());
  return Position(header.position.value + header.length);
}

void Reference::add(const Event& event, Position end) {
  if (event.type() == EventType::engine_opened) open_.clear();
  TN_CHECK(events_.empty() || events_.back().end <= end);
  events_.push_back({event, end});
  if (event.run.value == 0) return;
  RunPositions& run = runs_[event.run.value];
  run.events.push_back(events_.size() - 1);
  if (const auto* started = std::get_if<RunStarted>(&event.body)) {
    TN_CHECK(run.started == Position());  // no number is given twice
    run.started = end;
    run.workflow = started->workflow;
    run.id = started->id;
  } else if (const auto* many = std::get_if<TasksDone>(&event.body)) {
    for (std::uint32_t i = 0; i < many->count; ++i) run.done[event.task.value + i] = end;
  } else if (event.type() == EventType::task_done || event.type() == EventType::task_skipped) {
    run.done[event.task.value] = end;
  } else if (event.type() == EventType::cancel_requested) {
    run.cancelled = end;
  } else if (event.type() == EventType::run_ended) {
    run.ended = end;
  }
}

void Reference::forget_after(Position end) {
  std::vector<RecordedEvent> events = std::exchange(events_, {});
  runs_.clear();
  open_.clear();
  for (const RecordedEvent& recorded : events) {
    if (recorded.end <= end) add(recorded.event, recorded.end);
  }
}

const RunPositions* Reference::run(RunNumber number) const {
  const auto found = runs_.find(number.value);
  return found == runs_.end() ? nullptr : &found->second;
}

}  // namespace tenuto::testing
