#include "core/journal/record.h"
#include "core/journal/record_layout.h"

namespace tenuto {

using record_layout::add_difference;
using record_layout::kVersion;
using record_layout::PayloadTag;

namespace {

constexpr std::uint8_t kKnownFlags = kSkippable | kContinued;
constexpr std::uint64_t kNumber32Max = 0xFFFF'FFFFu;

bool is_known(const RecordHeader& header) {
  return header.version == kVersion && (header.flags & ~kKnownFlags) == 0;
}

// Reads bodies; `ok` turns false for good with the first value that no writer of this version makes.
class BodyDecoder {
 public:
  BodyDecoder(ByteReader& in, WallTime at) : in_(in), at_(at) {}

  [[nodiscard]] bool ok() const { return ok_ && in_.ok() && in_.at_end(); }

  void operator()(EngineOpened& b) {
    b.generation = Generation(in_.varint());
    b.process = number32();
    text(b.version);
  }
  void operator()(WorkflowStored& b) {
    b.hash = hash();
    text(b.name);
    text(b.definition);
  }
  void operator()(CommandApplied& b) {
    b.command = command();
    b.subject = RunNumber(in_.varint());
  }
  void operator()(CommandRefused& b) {
    b.command = command();
    b.code = static_cast<Code>(number32());
    text(b.message);
  }
  void operator()(PoolUsed& b) {
    text(b.pool);
    b.from = time();
    b.slots = number32();
    b.available_ns = static_cast<Nanos>(in_.varint());
    b.busy_ns = static_cast<Nanos>(in_.varint());
  }
  void operator()(NumbersReserved& b) { b.next = RunNumber(in_.varint()); }
  void operator()(RunStarted& b) {
    b.workflow = hash();
    const auto bits = in_.fixed<std::uint8_t>();
    require(bits < 8);
    b.id_chosen = (bits & 1) != 0;
    b.test = (bits & 2) != 0;
    text(b.id);
    b.input = payload();
    text(b.labels);
    text(b.by);
    b.command = (bits & 4) != 0 ? command() : CommandId();
  }
  void operator()(TaskDone& b) {
    b.started = time();
    b.result = payload();
  }
  void operator()(TasksDone& b) {
    b.count = number32();
    b.started = time();
  }
  void operator()(AttemptFailed& b) {
    b.kind = enumerator(FailureKind::error, FailureKind::expression);
    const auto final = in_.fixed<std::uint8_t>();
    require(final < 2);
    b.final = final != 0;
    b.started = time();
    b.retry_at = time();
    failure(b.failure);
  }
  void operator()(TaskSkipped& b) {
    b.reason = enumerator(SkipReason::arm_not_taken, SkipReason::value_skipped);
  }
  void operator()(SwitchChosen& b) {
    const std::uint64_t arm = in_.varint();
    require(arm <= SwitchChosen::kNoArm);
    b.arm = arm == 0 ? SwitchChosen::kNoArm : static_cast<std::uint32_t>(arm - 1);
  }
  void operator()(TimerFired&) {}
  void operator()(CancelRequested& b) {
    text(b.reason);
    text(b.by);
    b.command = command();
  }
  void operator()(RunEnded& b) {
    b.state = enumerator(RunState::queued, RunState::cancelled);
    b.output = payload();
    failure(b.failure);
    b.culprit = task();
    for (std::uint32_t* n : {&b.counts.done, &b.counts.skipped, &b.counts.failed, &b.counts.cancelled,
                             &b.counts.not_reached, &b.counts.retries, &b.counts.manual_actions}) {
      *n = number32();
    }
    b.counts.busy_ns = static_cast<Nanos>(in_.varint());
  }

  // A task index as index + 1; 0 is none.
  TaskIndex task() {
    const std::uint64_t next = in_.varint();
    require(next <= kNoTask.value);
    return next == 0 ? kNoTask : TaskIndex(static_cast<std::uint32_t>(next - 1));
  }
  std::uint32_t number32() {
    const std::uint64_t v = in_.varint();
    require(v <= kNumber32Max);
    return static_cast<std::uint32_t>(v);
  }

 private:
  void require(bool holds) { ok_ = ok_ && holds; }
  WallTime time() { return add_difference(at_, in_.varint()); }
  WorkflowHash hash() {
    const auto high = in_.fixed<std::uint64_t>();
    return WorkflowHash{high, in_.fixed<std::uint64_t>()};
  }
  CommandId command() {
    const auto high = in_.fixed<std::uint64_t>();
    return CommandId{high, in_.fixed<std::uint64_t>()};
  }
  void text(std::string& to) { to.assign(in_.string()); }
  void failure(Failure& f) {
    text(f.type);
    text(f.message);
    text(f.trace);
  }
  template <class Enum>
  Enum enumerator(Enum first, Enum last) {
    const auto v = in_.fixed<std::uint8_t>();
    require(v >= static_cast<std::uint8_t>(first) && v <= static_cast<std::uint8_t>(last));
    return static_cast<Enum>(v);
  }
  Payload payload() {
    switch (static_cast<PayloadTag>(in_.fixed<std::uint8_t>())) {
      case PayloadTag::null:
        return Payload();
      case PayloadTag::json:
        return Payload::json(in_.string());
      case PayloadTag::bytes:
        return Payload::make(ContentType::bytes, in_.string());
    }
    require(false);
    return Payload();
  }
  ByteReader& in_;
  WallTime at_;
  bool ok_ = true;
};

// The alternative of the variant, kept when it is there already: its strings keep their memory.
template <class Body>
bool read_body(EventBody& body, BodyDecoder& decoder) {
  Body* b = std::get_if<Body>(&body);
  if (b == nullptr) b = &body.emplace<Body>();
  decoder(*b);
  return true;
}

// False for a type outside of the list.
bool read_body(std::uint8_t type, EventBody& body, BodyDecoder& decoder) {
  switch (static_cast<EventType>(type)) {
    case EventType::engine_opened:
      return read_body<EngineOpened>(body, decoder);
    case EventType::workflow_stored:
      return read_body<WorkflowStored>(body, decoder);
    case EventType::command_applied:
      return read_body<CommandApplied>(body, decoder);
    case EventType::command_refused:
      return read_body<CommandRefused>(body, decoder);
    case EventType::pool_used:
      return read_body<PoolUsed>(body, decoder);
    case EventType::numbers_reserved:
      return read_body<NumbersReserved>(body, decoder);
    case EventType::run_started:
      return read_body<RunStarted>(body, decoder);
    case EventType::task_done:
      return read_body<TaskDone>(body, decoder);
    case EventType::attempt_failed:
      return read_body<AttemptFailed>(body, decoder);
    case EventType::task_skipped:
      return read_body<TaskSkipped>(body, decoder);
    case EventType::switch_chosen:
      return read_body<SwitchChosen>(body, decoder);
    case EventType::timer_fired:
      return read_body<TimerFired>(body, decoder);
    case EventType::cancel_requested:
      return read_body<CancelRequested>(body, decoder);
    case EventType::run_ended:
      return read_body<RunEnded>(body, decoder);
    case EventType::tasks_done:
      return read_body<TasksDone>(body, decoder);
  }
  return false;
}

Result<Decoded> unknown(const RecordHeader& header) {
  if ((header.flags & kSkippable) != 0) return Decoded::passed_over;
  return Status(Code::newer_format, "run " + std::to_string(header.run.value) + " has an event of type " +
                                        std::to_string(header.type) + " version " +
                                        std::to_string(header.version) +
                                        ", which this library doesn't know; open the store with a newer one");
}

Status malformed(const RecordHeader& header) {
  return Status(Code::damaged, "run " + std::to_string(header.run.value) + ": an event of type " +
                                   std::to_string(header.type) + " is malformed; verify the store");
}

}  // namespace

Result<Decoded> decode(ByteView record, Event& out) {
  RecordHeader header;
  if (!decode_header(record, header) || header.size != record.size()) {
    return Status(Code::damaged, "a record is cut or malformed; verify the store");
  }
  ByteReader in(record.substr(2));
  in.varint();  // length
  in.varint();  // run
  RecordPlace place;
  place.scope = in.varint();
  place.task = in.varint();
  place.attempt = in.varint();
  place.at = WallTime{in.fixed<std::int64_t>()};
  if (!in.ok()) return is_known(header) ? malformed(header) : unknown(header);
  return decode(header, place, in.rest(), out);
}

Result<Decoded> decode(const RecordHeader& header, const RecordPlace& place, ByteView body, Event& out) {
  if (!is_known(header)) return unknown(header);
  if ((header.flags & kContinued) != 0) return malformed(header);  // its beginning is missing
  if (place.scope > kNumber32Max || place.task > kNoTask.value || place.attempt > kNumber32Max)
    return malformed(header);
  out.run = header.run;
  out.scope = ScopeNumber(static_cast<std::uint32_t>(place.scope));
  out.task = place.task == 0 ? kNoTask : TaskIndex(static_cast<std::uint32_t>(place.task - 1));
  out.attempt = Attempt(static_cast<std::uint32_t>(place.attempt));
  out.at = place.at;
  ByteReader in(body);
  BodyDecoder decoder(in, place.at);
  if (!read_body(header.type, out.body, decoder)) return unknown(header);
  if (!decoder.ok()) return malformed(header);
  return Decoded::event;
}

Result<Event> decode(ByteReader& in) {
  RecordHeader header;
  if (!decode_header(in.rest(), header)) return Status(Code::damaged, "a record is cut or malformed");
  Event event;
  TN_ASSIGN(const Decoded decoded, decode(in.raw(header.size), event));
  if (decoded == Decoded::passed_over) return Status(Code::newer_format, "an event of a newer version");
  return event;
}

}  // namespace tenuto
