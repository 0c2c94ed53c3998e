#include "core/journal/record.h"

#include <array>
#include <cstring>

namespace tenuto {
namespace {

constexpr std::uint8_t kVersion = 1;  // of the layout of every body so far
constexpr std::uint8_t kKnownFlags = kSkippable | kContinued;
constexpr std::size_t kVarintBytesMax = 10;

// The first byte of a stored payload. null has no more bytes.
enum class PayloadTag : std::uint8_t { null = 0, json = 1, bytes = 2 };

// ByteWriter with a small buffer in front: a record of numbers is one append to `out`, which is most of the cost otherwise.
class RecordWriter {
 public:
  explicit RecordWriter(Bytes& out) : out_(out) {}

  void byte(std::uint8_t v) {
    make_room();
    small_[used_++] = static_cast<char>(v);
  }
  void varint(std::uint64_t v) {
    make_room();
    while (v >= 0x80) {
      small_[used_++] = static_cast<char>(v | 0x80);
      v >>= 7;
    }
    small_[used_++] = static_cast<char>(v);
  }
  void fixed64(std::uint64_t v) {
    make_room();
    std::memcpy(small_.data() + used_, &v, sizeof v);
    used_ += sizeof v;
  }
  void string(ByteView s) {
    varint(s.size());
    if (s.size() <= small_.size() - used_) {
      if (!s.empty()) std::memcpy(small_.data() + used_, s.data(), s.size());
      used_ += s.size();
    } else {
      flush();
      out_.append(s);
    }
  }
  void flush() {
    out_.append(small_.data(), used_);
    used_ = 0;
  }

 private:
  void make_room() {
    if (used_ + kVarintBytesMax > small_.size()) flush();
  }
  Bytes& out_;
  std::array<char, 120> small_;  // holds a task_done with a short result
  std::size_t used_ = 0;
};

// Differences of times wrap, so that every pair of times comes back; zigzag keeps small ones of both signs short.
std::uint64_t difference(WallTime from, WallTime to) {
  const std::uint64_t d = static_cast<std::uint64_t>(to.ns) - static_cast<std::uint64_t>(from.ns);
  return (d << 1) ^ (d >> 63 != 0 ? ~std::uint64_t{0} : 0);
}
WallTime add_difference(WallTime from, std::uint64_t zigzag) {
  const std::uint64_t d = (zigzag >> 1) ^ ((zigzag & 1) != 0 ? ~std::uint64_t{0} : 0);
  return WallTime{static_cast<Nanos>(static_cast<std::uint64_t>(from.ns) + d)};
}

class BodyEncoder {
 public:
  BodyEncoder(RecordWriter& w, WallTime at) : w_(w), at_(at) {}

  void operator()(const EngineOpened& b) {
    w_.varint(b.generation.value);
    w_.varint(b.process);
    w_.string(b.version);
  }
  void operator()(const WorkflowStored& b) {
    hash(b.hash);
    w_.string(b.name);
    w_.string(b.definition);
  }
  void operator()(const CommandApplied& b) {
    command(b.command);
    w_.varint(b.subject.value);
  }
  void operator()(const CommandRefused& b) {
    command(b.command);
    w_.varint(static_cast<std::uint32_t>(b.code));
    w_.string(b.message);
  }
  void operator()(const PoolUsed& b) {
    w_.string(b.pool);
    time(b.from);
    w_.varint(b.slots);
    w_.varint(static_cast<std::uint64_t>(b.available_ns));
    w_.varint(static_cast<std::uint64_t>(b.busy_ns));
  }
  void operator()(const RunStarted& b) {
    hash(b.workflow);
    w_.byte(
        static_cast<std::uint8_t>((b.id_chosen ? 1 : 0) | (b.test ? 2 : 0) | (b.command.is_none() ? 0 : 4)));
    w_.string(b.id);
    payload(b.input);
    w_.string(b.labels);
    w_.string(b.by);
    if (!b.command.is_none()) command(b.command);
  }
  void operator()(const TaskDone& b) {
    time(b.started);
    payload(b.result);
  }
  void operator()(const AttemptFailed& b) {
    w_.byte(static_cast<std::uint8_t>(b.kind));
    w_.byte(b.final ? 1 : 0);
    time(b.started);
    time(b.retry_at);
    failure(b.failure);
  }
  void operator()(const TaskSkipped& b) { w_.byte(static_cast<std::uint8_t>(b.reason)); }
  void operator()(const SwitchChosen& b) {
    w_.varint(b.arm == SwitchChosen::kNoArm ? 0 : std::uint64_t{b.arm} + 1);
  }
  void operator()(const TimerFired&) {}
  void operator()(const CancelRequested& b) {
    w_.string(b.reason);
    w_.string(b.by);
    command(b.command);
  }
  void operator()(const RunEnded& b) {
    w_.byte(static_cast<std::uint8_t>(b.state));
    payload(b.output);
    failure(b.failure);
    w_.varint(b.culprit == kNoTask ? 0 : std::uint64_t{b.culprit.value} + 1);
    for (std::uint32_t n : {b.counts.done, b.counts.skipped, b.counts.failed, b.counts.cancelled,
                            b.counts.not_reached, b.counts.retries, b.counts.manual_actions}) {
      w_.varint(n);
    }
    w_.varint(static_cast<std::uint64_t>(b.counts.busy_ns));
  }

 private:
  void time(WallTime t) { w_.varint(difference(at_, t)); }
  void hash(const WorkflowHash& h) {
    w_.fixed64(h.high);
    w_.fixed64(h.low);
  }
  void command(const CommandId& c) {
    w_.fixed64(c.high);
    w_.fixed64(c.low);
  }
  void failure(const Failure& f) {
    w_.string(f.type);
    w_.string(f.message);
    w_.string(f.trace);
  }
  void payload(const Payload& p) {
    if (p.is_null_json()) {
      w_.byte(static_cast<std::uint8_t>(PayloadTag::null));
      return;
    }
    w_.byte(static_cast<std::uint8_t>(p.content_type() == ContentType::json ? PayloadTag::json
                                                                            : PayloadTag::bytes));
    w_.string(p.view());
  }
  RecordWriter& w_;
  WallTime at_;
};

// Puts the length of a record at `start` into its place: one byte was left for it, which is enough for nearly all.
void patch_length(Bytes& out, std::size_t start) {
  constexpr std::size_t kPrefix = 3;  // type, version and flags, the byte of the length
  std::size_t length = out.size() - start - kPrefix;
  if (length < 0x80) {
    out[start + 2] = static_cast<char>(length);
    return;
  }
  Bytes varint;
  ByteWriter(varint).varint(length);
  out.replace(start + 2, 1, varint);
}

}  // namespace

void encode(const Event& event, Bytes& out) {
  const std::size_t start = out.size();
  RecordWriter w(out);
  w.byte(static_cast<std::uint8_t>(event.type()));
  w.byte(kVersion << 4);
  w.byte(0);
  w.varint(event.run.value);
  w.varint(event.scope.value);
  w.varint(event.task == kNoTask ? 0 : std::uint64_t{event.task.value} + 1);
  w.varint(event.attempt.value);
  w.fixed64(static_cast<std::uint64_t>(event.at.ns));
  std::visit(BodyEncoder(w, event.at), event.body);
  w.flush();
  patch_length(out, start);
}

namespace {

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
    require(v <= 0xFFFF'FFFFu);
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

bool decode_header(ByteView in, RecordHeader& header) {
  // Most records are short: one look at three bytes serves them.
  if (in.size() < 4) return false;
  const auto versions = static_cast<std::uint8_t>(in[1]);
  header.type = static_cast<std::uint8_t>(in[0]);
  header.version = versions >> 4;
  header.flags = versions & 0x0F;
  ByteReader reader(in.substr(2));
  const std::uint64_t length = reader.varint();
  const std::size_t before = in.size() - reader.rest().size();
  if (!reader.ok() || length > reader.rest().size()) return false;
  ByteReader rest(reader.rest().substr(0, length));
  header.run = RunNumber(rest.varint());
  header.size = before + length;
  return rest.ok();
}

Result<Decoded> decode(ByteView record, Event& out) {
  RecordHeader header;
  if (!decode_header(record, header) || header.size != record.size()) {
    return Status(Code::damaged, "a record is cut or malformed; verify the store");
  }
  if (header.version != kVersion || (header.flags & ~kKnownFlags) != 0) return unknown(header);
  if ((header.flags & kContinued) != 0) return malformed(header);  // its beginning is missing
  ByteReader in(record.substr(2));
  in.varint();  // length
  in.varint();  // run
  out.run = header.run;
  BodyDecoder numbers(in, WallTime());
  out.scope = ScopeNumber(numbers.number32());
  out.task = numbers.task();
  out.attempt = Attempt(numbers.number32());
  out.at = WallTime{in.fixed<std::int64_t>()};
  BodyDecoder body(in, out.at);
  if (!read_body(header.type, out.body, body)) return unknown(header);
  if (!body.ok() || !numbers.ok()) return malformed(header);
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
