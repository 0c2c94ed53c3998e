#include "core/journal/committer.h"

#include <algorithm>

namespace tenuto {
namespace {

constexpr Nanos kRetryFirst = kMillisecond;
constexpr Nanos kRetryMax = kSecond;

}  // namespace

Committer::Committer(Log& log, Ring& ring, Segments& segments, CommitListener& listener,
                     const CommitterOptions& options)
    : log_(log),
      ring_(ring),
      segments_(segments),
      listener_(listener),
      store_(options.store),
      generation_(options.generation),
      place_(options.start),
      unsynced_start_(options.start.offset > kSegmentHeaderBytes),
      durable_(options.start.position.value),
      written_(options.start.position.value) {
  TN_CHECK(ring_.tail() >= options.start.position);
}

bool Committer::run_one(bool sync) {
  while (role_.try_take()) {
    const bool did = commit_group(sync);
    const bool somebody_came_by = role_.give_back();
    if (did) return true;
    if (!somebody_came_by || is_poisoned() || stall() != Stall::none) return false;
  }
  return false;
}

bool Committer::commit_group(bool sync) {
  if (is_poisoned()) return false;
  Ring::Group group = ring_.peek(kFramePayloadBytesMax);
  if (group.begin == group.end) return sync && written() > durable() && sync_written();
  if (unsynced_start_) {
    // Before: what recovery read may have survived a kill in the page cache only. After: nothing builds on what a power cut can take.
    if (const Status status = log_.sync(place_.segment); !status.ok()) {
      poison(status);
      return false;
    }
    unsynced_start_ = false;
  }
  if (const std::uint64_t room = payload_room(); group.end.value - group.begin.value > room) {
    // A part of the group may fill the segment up; a batch never straddles.
    group = ring_.peek(room);
    if (group.begin == group.end) {
      if (!begin_segment()) return false;
      group = ring_.peek(std::min(payload_room(), kFramePayloadBytesMax));
      TN_CHECK(group.begin != group.end);  // a batch is never larger than a segment
    }
  }
  if (!write(group)) return false;
  // Sync or not, the group is in the log and not in the ring: that counts as done.
  if (sync || !is_announced_) sync_written();
  return true;
}

// How many bytes the next frame of this segment can carry.
std::size_t Committer::payload_room() const {
  if (place_.segment.value == 0) return 0;
  const std::uint64_t heads = kFrameHeaderBytes + (place_.offset == 0 ? kSegmentHeaderBytes : 0);
  const std::uint64_t room = log_.segment_bytes() - place_.offset;
  return room > heads ? room - heads : 0;
}

// Moves place_ to a segment whose header and first frame are still to be written.
bool Committer::begin_segment() {
  if (written() > durable() && !sync_written()) return false;
  if (segments_.window_is_full()) {
    stalled(Stall::window, Status(Code::full,
                                  "the journal's window is full; writers wait until the state tables have "
                                  "caught up"));
    return false;
  }
  Result<SegmentNumber> segment = segments_.take(log_, place_.position);
  if (!segment.ok()) {
    if (segment.code() == Code::poisoned) {
      poison(segment.status());
    } else {
      stalled(Stall::storage, segment.status());
    }
    return false;
  }
  place_.segment = *segment;
  place_.offset = 0;
  return true;
}

bool Committer::write(const Ring::Group& group) {
  const std::size_t bytes = group.end.value - group.begin.value;
  const FrameHeaderBytes frame = encode(
      FrameHeader{static_cast<std::uint32_t>(bytes), generation_, group.begin, durable()}, group.pieces);
  const bool first = place_.offset == 0;
  const SegmentHeaderBytes header =
      first ? encode(SegmentHeader{store_, place_.segment, place_.position}) : SegmentHeaderBytes();
  const std::array<ByteView, 4> pieces = {ByteView(header.data(), first ? header.size() : 0),
                                          ByteView(frame.data(), frame.size()), group.pieces[0],
                                          group.pieces[1]};
  if (const Status status = log_.write(place_.segment, place_.offset, pieces); !status.ok()) {
    if (status.code() == Code::poisoned) {
      poison(status);
    } else {
      stalled(Stall::storage, status);
    }
    return false;
  }
  resumed();
  place_.offset += pieces[0].size() + kFrameHeaderBytes + bytes;
  place_.position = group.end;
  // Release: pairs with written(); readers of the log find the frame.
  written_.store(group.end.value, std::memory_order_release);
  ring_.release(group.end);
  return true;
}

// Before: the frames between durable() and written() may be in the page cache only. After: they survive a power cut.
bool Committer::sync_written() {
  const Position upto = written();
  if (const Status status = log_.sync(place_.segment); !status.ok()) {
    poison(status);
    return false;
  }
  is_announced_ = true;
  durable_.store(upto.value, std::memory_order_release);
  listener_.on_durable(upto);
  return true;
}

void Committer::stalled(Stall stall, const Status& why) {
  const bool begins = this->stall() != stall;
  const Nanos last = retry_after_.load(std::memory_order_relaxed);
  retry_after_.store(stall == Stall::window ? 0 : std::clamp(last * 2, kRetryFirst, kRetryMax),
                     std::memory_order_relaxed);
  {
    MutexLock lock(mutex_);
    warning_ = why;
  }
  stall_.store(stall, std::memory_order_release);
  if (begins) listener_.on_warning(why);
}

void Committer::resumed() {
  if (stall() == Stall::none) return;
  retry_after_.store(0, std::memory_order_relaxed);
  {
    MutexLock lock(mutex_);
    warning_ = Status();
  }
  stall_.store(Stall::none, std::memory_order_release);
}

void Committer::poison(const Status& why) {
  const Status status(Code::poisoned, "the journal can't be synced (" + why.message() +
                                          "); what was acknowledged is safe, open the store again");
  {
    MutexLock lock(mutex_);
    poison_status_ = status;
  }
  poisoned_.store(true, std::memory_order_release);
  listener_.on_warning(status);
}

Status Committer::health() const {
  MutexLock lock(mutex_);
  return poison_status_;
}

Status Committer::warning() const {
  MutexLock lock(mutex_);
  return warning_;
}

}  // namespace tenuto
