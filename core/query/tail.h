// Follows the journal event by event, from the watermark on, up to what is durable.
#pragma once

#include <functional>
#include <memory>

#include "core/base/status.h"
#include "core/journal/fragment.h"
#include "core/journal/frame_reader.h"
#include "core/machine/event.h"
#include "core/store/log.h"
#include "core/store/state.h"

namespace tenuto {

// Where the journal goes on behind the watermark of a snapshot of the tables.
struct TailStart {
  StoreId store;
  JournalPlace place;
  Generation generation;  // of the frame before
};
// not_found as Tail::poll().
[[nodiscard]] Result<TailStart> find_tail_start(const Log& log, const StateRead& state);

// Thread safety: one thread at a time; the owner may write to the log meanwhile.
class Tail {
 public:
  // Everything that `state`, a snapshot of the tables, does not have. `log` outlives the tail. not_found as poll().
  static Result<Tail> from_watermark(const Log& log, const StateRead& state);

  // Calls `visit(event, end of its batch)` for every further event before `durable`, in order. not_found: the segment was
  // recycled meanwhile, so the events are in a newer snapshot of the tables; begin again from that. A segment that is
  // recycled while it is read can look damaged too.
  Status poll(Position durable, const std::function<void(const Event&, Position)>& visit);
  // The same, undecoded: every whole record. The views live as long as the call.
  using RecordVisitor = std::function<Status(const RecordHeader&, ByteView record, Position end)>;
  Status poll_records(Position durable, const RecordVisitor& visit);

  // Behind the last event that was visited.
  [[nodiscard]] Position position() const { return reader_->place().position; }

 private:
  Tail(const Log& log, const TailStart& start)
      : reader_(std::make_unique<FrameReader>(log, start.store, start.place, start.generation)) {}
  Status visit_frame(const Frame& frame, const RecordVisitor& visit);

  std::unique_ptr<FrameReader> reader_;
  Reassembler reassembler_;
  Event event_;  // keeps the memory of what is decoded
};

}  // namespace tenuto
