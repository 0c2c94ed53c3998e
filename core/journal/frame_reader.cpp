#include "core/journal/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace tenuto {
namespace {

constexpr std::size_t kBlockBytes = 1u << 20;  // of one read; not critical

Status damaged(const JournalPlace& place, const std::string& what) {
  return Status(Code::damaged, "journal " + to_text(place) + ": " + what +
                                   "; restore the store from a backup, or keep a copy and verify it");
}

// How much of a segment is looked at together in the search for a proof. Not critical.
constexpr std::size_t kProofBlockBytes = 1u << 20;

bool is_all_zero(ByteView bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// A later frame that proves that everything before `limit` of it had been synced once.
class ProofSearch {
 public:
  ProofSearch(const Log& log, Position bad, Generation generation)
      : log_(log), bad_(bad), generation_(generation) {}

  // Looks through a segment from `from`, a multiple of 8, to its end.
  Result<bool> search(SegmentNumber segment, std::uint64_t from) {
    const std::uint64_t end = log_.segment_bytes();
    // Blocks overlap by what a header needs, so that each is whole in one of them.
    for (std::uint64_t at = from; at + kFrameHeaderBytes <= end; at += kProofBlockBytes) {
      const std::uint64_t size = std::min<std::uint64_t>(kProofBlockBytes + kFrameHeaderBytes, end - at);
      TN_TRY(log_.read(segment, at, size, block_));
      if (is_all_zero(block_)) continue;
      for (std::uint64_t i = 0; i + kFrameHeaderBytes <= size && i < kProofBlockBytes; i += 8) {
        TN_ASSIGN(const bool proof, is_proof(segment, at + i, ByteView(block_).substr(i)));
        if (proof) return true;
      }
    }
    return false;
  }

 private:
  Result<bool> is_proof(SegmentNumber segment, std::uint64_t at, ByteView bytes) {
    FrameHeader header;
    if (!decode_frame_header(bytes, header)) return false;
    if (header.position <= bad_ || header.durable <= bad_ || header.generation < generation_) return false;
    if (header.length > log_.segment_bytes() - at - kFrameHeaderBytes) return false;
    TN_TRY(log_.read(segment, at, kFrameHeaderBytes + header.length, frame_));
    return frame_is_whole(frame_);
  }

  const Log& log_;
  const Position bad_;
  const Generation generation_;
  Bytes block_;
  Bytes frame_;
};

}  // namespace

Result<bool> FrameReader::next(Frame& frame) {
  for (;;) {
    Result<bool> found = read_frame(frame);
    if (found.ok() && !*found) {
      // The block may be older than what was written behind its last frame.
      block_.clear();
      found = read_frame(frame);
    }
    if (found.code() == Code::not_found && is_at_next_segment()) {
      // The segment was recycled when all of it had been read: our place is where the next one begins.
      place_.segment = SegmentNumber(place_.segment.value + 1);
      place_.offset = kSegmentHeaderBytes;
      continue;
    }
    if (!found.ok()) return found.status();
    if (*found) return true;
    TN_ASSIGN(const bool stepped, step_to_next_segment());
    if (stepped) continue;
    TN_TRY(prove_tail());
    return false;
  }
}

Result<ByteView> FrameReader::bytes(std::uint64_t offset, std::size_t size) {
  const std::uint64_t end = log_.segment_bytes();
  if (offset > end || size > end - offset) return ByteView();
  const bool held = block_segment_ == place_.segment && offset >= block_offset_ &&
                    offset + size <= block_offset_ + block_.size();
  if (!held) {
    block_.clear();
    TN_TRY(log_.read(place_.segment, offset,
                     std::min<std::uint64_t>(end - offset, std::max(size, kBlockBytes)), block_));
    block_segment_ = place_.segment;
    block_offset_ = offset;
  }
  return ByteView(block_).substr(offset - block_offset_, size);
}

Result<bool> FrameReader::read_frame(Frame& frame) {
  if (place_.segment.value == 0) return false;
  TN_ASSIGN(const ByteView head, bytes(place_.offset, kFrameHeaderBytes));
  FrameHeader header;
  if (!decode_frame_header(head, header)) return false;
  if (header.position != place_.position || header.generation < generation_) return false;
  TN_ASSIGN(const ByteView whole, bytes(place_.offset, kFrameHeaderBytes + header.length));
  if (!frame_is_whole(whole)) return false;
  frame.generation = header.generation;
  frame.begin = header.position;
  frame.end = Position(header.position.value + header.length);
  frame.batches = whole.substr(kFrameHeaderBytes);
  place_.position = frame.end;
  place_.offset += whole.size();
  generation_ = header.generation;
  return true;
}

bool FrameReader::is_at_next_segment() const {
  const Result<SegmentHeader> header = read_segment_header(log_, SegmentNumber(place_.segment.value + 1));
  return header.ok() && header->store == store_ && header->first == place_.position;
}

// The frames go on in the next segment when its header says that it begins at our position.
Result<bool> FrameReader::step_to_next_segment() {
  const SegmentNumber next(place_.segment.value + 1);
  const Result<SegmentHeader> header = read_segment_header(log_, next);
  if (header.code() == Code::not_found) return false;
  if (!header.ok()) return header.status();
  if (header->store != store_) {
    return damaged({header->first, next, 0}, "the segment belongs to another store");
  }
  // A segment is begun only after all before it was synced.
  if (header->first > place_.position) {
    return damaged(place_,
                   "a frame is missing, the next segment begins at " + std::to_string(header->first.value));
  }
  if (header->first < place_.position) return false;
  place_.segment = next;
  place_.offset = kSegmentHeaderBytes;
  return true;
}

Status FrameReader::prove_tail() const {
  ProofSearch proof(log_, place_.position, generation_);
  std::uint64_t from = place_.offset;
  for (SegmentNumber segment = place_.segment; segment.value <= place_.segment.value + 1;
       ++segment.value, from = 0) {
    const Result<bool> found = proof.search(segment, from);
    if (found.code() == Code::not_found) continue;
    if (!found.ok()) return found.status();
    if (*found) return damaged(place_, "a frame that had been synced is damaged");
  }
  return Status();
}

}  // namespace tenuto
