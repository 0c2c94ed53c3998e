// The events that an engine wrote to its journal, in order: what every power cut may leave a beginning of.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "core/journal/fragment.h"
#include "core/machine/event.h"
#include "tests/power/record.h"

namespace tenuto::testing {

struct RecordedEvent {
  Event event;
  Position end;  // of its batch: durable is told by batches
};

// Where the events of a run end in the journal; 0: it has none.
struct RunPositions {
  WorkflowHash workflow;
  std::string id;
  Position started;
  Position ended;
  Position cancelled;
  std::vector<std::size_t> events;                   // in Reference::events
  std::unordered_map<std::uint32_t, Position> done;  // by task: done, or skipped
};

// Thread safety: one thread.
class Reference {
 public:
  // Takes up what a write to a segment brings, if it is a frame. Returns where the frame ends.
  std::optional<Position> add_write(const Bytes& bytes, std::uint64_t offset);
  // After a power cut: what is behind `end` never happened.
  void forget_after(Position end);

  [[nodiscard]] const std::vector<RecordedEvent>& events() const { return events_; }
  [[nodiscard]] const std::unordered_map<std::uint64_t, RunPositions>& runs() const { return runs_; }
  [[nodiscard]] const RunPositions* run(RunNumber number) const;

 private:
  void add(const Event& event, Position end);

  std::vector<RecordedEvent> events_;
  std::unordered_map<std::uint64_t, RunPositions> runs_;  // by number
  Reassembler open_;
};

}  // namespace tenuto::testing
