// The log of a simulated disk: in memory, slow, full or failing when the simulation says so, and known by heart to the oracle.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/journal/batch.h"
#include "core/journal/fragment.h"
#include "core/journal/record.h"
#include "core/journal/segment.h"
#include "core/machine/event.h"
#include "core/store/mem_log.h"

namespace tenuto::testing {

// Passes everything on to a MemLog. Tells of each event as soon as it was synced, in order.
class SimDisk final : public Log {
 public:
  explicit SimDisk(std::size_t segment_bytes) : log_(segment_bytes) {}

  Result<std::vector<SegmentNumber>> list() const override { return log_.list(); }
  std::size_t segment_bytes() const override { return log_.segment_bytes(); }
  Status create(SegmentNumber segment) override {
    TN_TRY(refusal());
    return log_.create(segment);
  }
  Status recycle(SegmentNumber from, SegmentNumber to) override { return log_.recycle(from, to); }
  Status remove(SegmentNumber segment) override { return log_.remove(segment); }
  Status write(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) override {
    TN_TRY(refusal());
    if (short_writes > 0) return write_short(segment, offset, pieces);
    TN_TRY(log_.write(segment, offset, pieces));
    remember(pieces);
    meanwhile();
    return {};
  }
  Status sync(SegmentNumber segment) override {
    meanwhile();
    if (!lies) TN_TRY(log_.sync(segment));
    for (const Event& event : std::exchange(written_, {})) on_durable(event);
    meanwhile();
    return {};
  }
  Status read(SegmentNumber segment, std::uint64_t offset, std::size_t size, Bytes& out) const override {
    if (failing_reads > 0 && --failing_reads == 0)
      return {Code::storage_error, "the simulated disk can't be read"};
    return log_.read(segment, offset, size, out);
  }

  // The process is gone; with it what it had not written. With `power_cut`, the disk forgets what was not synced.
  void die(bool power_cut, Random& random) {
    for (Event& event : std::exchange(written_, {})) doubt_.events.push_back(std::move(event));
    doubt_.power_cut |= power_cut;
    open_.clear();
    if (power_cut || forgets_with_the_process) log_.crash(random);
  }
  // What was written and not synced when the process ended, in order, and whether the power was cut since.
  struct Doubt {
    std::vector<Event> events = {};
    bool power_cut = false;
  };
  Doubt take_doubt() { return std::exchange(doubt_, {}); }
  MemLog& log() { return log_; }
  void heal() {
    refuses = false;
    short_writes = 0;
    failing_reads = 0;
    log_.clear_faults();
  }

  std::function<void(const Event&)> on_durable = [](const Event&) {};
  std::function<void()> meanwhile = [] {};  // in the midst of a call that takes long
  bool refuses = false;                     // writes find no space
  bool lies = false;                        // sync does nothing: a planted bug
  bool forgets_with_the_process = false;    // another one
  std::uint32_t short_writes = 0;           // so many writes put a part of their bytes and fail
  std::size_t short_of = 0;                 // how many bytes they put, at most
  Code short_code = Code::full;
  mutable std::uint32_t failing_reads = 0;  // the read that makes it 0 fails

 private:
  // Whoever waits for room in the ring would wait for ever in one thread: after so many tries there is space.
  static constexpr int kRefusalsMax = 1000;
  Status refusal() {
    if (!refuses || ++refusals_ > kRefusalsMax) {
      refusals_ = 0;
      return {};
    }
    return {Code::full, "the simulated disk is full"};
  }
  Status write_short(SegmentNumber segment, std::uint64_t offset, std::span<const ByteView> pieces) {
    --short_writes;
    Bytes bytes;
    for (const ByteView piece : pieces) bytes.append(piece);
    // Never all of it: then it would be there.
    const ByteView part = ByteView(bytes).substr(0, std::min(short_of, bytes.size() - 1));
    TN_TRY(log_.write(segment, offset, std::span(&part, 1)));
    return {short_code, "a write of the simulated disk ended early"};
  }
  // The pieces of a frame: the segment's header or nothing, the frame's header, its batches in two parts.
  void remember(std::span<const ByteView> pieces) {
    FrameHeader header;
    TN_CHECK(pieces.size() == 4 && decode_frame_header(pieces[1], header));
    Bytes batches(pieces[2]);
    batches.append(pieces[3]);
    const Status status = for_each_record_of_batches(
        batches, header.position, [&](const RecordHeader& head, ByteView record, Position) -> Status {
          TN_ASSIGN(const ByteView whole, open_.feed(head, record));
          if (whole.empty()) return {};
          Event event;
          TN_ASSIGN(const Decoded decoded, decode(whole, event));
          if (decoded == Decoded::event) written_.push_back(std::move(event));
          return {};
        });
    TN_CHECK(status.ok());
  }

  MemLog log_;
  Reassembler open_;
  std::deque<Event> written_;  // not synced yet
  Doubt doubt_;
  int refusals_ = 0;
};

}  // namespace tenuto::testing
