#include "core/journal/record.h"

#include <array>
#include <cstring>

#include "core/journal/record_layout.h"

namespace tenuto {

using record_layout::difference;
using record_layout::kVersion;
using record_layout::PayloadTag;

namespace {

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
    used_ = static_cast<std::size_t>(put_varint(small_.data() + used_, v) - small_.data());
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
  void operator()(const NumbersReserved& b) { w_.varint(b.next.value); }
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
  void operator()(const TasksDone& b) {
    w_.varint(b.count);
    time(b.started);
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

}  // namespace tenuto
