#include "core/journal/frame_reader.h"

#include <algorithm>

namespace tenuto {
namespace {

constexpr std::size_t kBlockBytes = 1u << 20;  // of one read; not critical

Status damaged(const JournalPlace& place, const std::string& what) {
  return Status(Code::damaged, "journal " + to_text(place) + ": " + what +
                                   "; restore the store from a backup, or keep a copy and verify it");
}

// A whole frame in one segment that proves that everything before `limit` of it had been synced once.
bool holds_proof(ByteView segment, std::size_t from, Position bad, Generation generation) {
  for (std::size_t at = from; at + kFrameHeaderBytes <= segment.size(); at += 8) {
    FrameHeader header;
    if (!decode_frame_header(segment.substr(at), header)) continue;
    if (header.position <= bad || header.durable <= bad || header.generation < generation) continue;
    if (header.length > segment.size() - at - kFrameHeaderBytes) continue;
    if (frame_is_whole(segment.substr(at, kFrameHeaderBytes + header.length))) return true;
  }
  return false;
}

}  // namespace

Result<bool> FrameReader::next(Frame& frame) {
  for (;;) {
    TN_ASSIGN(bool found, read_frame(frame));
    if (!found) {
      // The block may be older than what was written behind its last frame.
      block_.clear();
      TN_ASSIGN(const bool found_now, read_frame(frame));
      found = found_now;
    }
    if (found) return true;
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
  Bytes content;
  std::size_t from = place_.offset;
  for (SegmentNumber segment = place_.segment; segment.value <= place_.segment.value + 1;
       ++segment.value, from = 0) {
    const Status read = log_.read(segment, 0, log_.segment_bytes(), content);
    if (read.code() == Code::not_found) continue;
    TN_TRY(read);
    if (holds_proof(content, from, place_.position, generation_)) {
      return damaged(place_, "a frame that had been synced is damaged");
    }
  }
  return Status();
}

}  // namespace tenuto
