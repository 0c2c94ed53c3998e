// The bytes of a segment: its header and its frames.
//
// Header (64 bytes, written together with the first frame):
//   u64 magic, u32 format, u32 size of the header, u64 u64 store id, u64 number of the segment, u64 first position,
//   u64 zero, u64 XXH3 of the 56 bytes before
// Frame (8-aligned, right behind the one before):
//   u32 magic, u32 length of the payload, u64 generation, u64 position of the payload, u64 durable position, u64 XXH3 of the
//   32 bytes before and the payload; then the payload: whole batches as they stood in the ring
//
// Why so. The position makes every frame find its place in the one stream: what a recycled segment still holds has lower
// positions and can't be taken for news. The generation does the same for what an earlier owner wrote and lost: along the
// journal it never falls. The durable position is what the writer knew to be synced when it wrote the frame; so a reader that meets a
// bad frame at position p and later a good one that says "durable > p" knows that a synced frame was damaged, and
// otherwise that it stands before the unsynced tail, however many frames were written between two syncs.
//
// Thread safety: functions without state.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/store/log.h"

namespace tenuto {

// Names a store for good; random, made with it.
struct StoreId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const StoreId&, const StoreId&) = default;
  [[nodiscard]] constexpr bool is_none() const { return high == 0 && low == 0; }
};

// Where a frame begins: its position in the stream and its place in the log.
struct JournalPlace {
  Position position;
  SegmentNumber segment;  // 0: there is no segment yet
  std::uint64_t offset = 0;
  friend bool operator==(const JournalPlace&, const JournalPlace&) = default;
};
// "segment 3, offset 4096, position 81920", for messages.
[[nodiscard]] std::string to_text(const JournalPlace& place);

inline constexpr std::uint32_t kJournalFormat = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kFrameHeaderBytes = 40;
inline constexpr std::size_t kFramePayloadBytesMax = limits::kFrameBytesMax - kFrameHeaderBytes;
static_assert(limits::kFrameBytesMax + kSegmentHeaderBytes <= limits::kSegmentBytes,
              "every frame fits in a new segment");
static_assert(limits::kBatchBytesMax <= kFramePayloadBytesMax, "every batch fits in a frame");

struct SegmentHeader {
  StoreId store;
  SegmentNumber number;
  Position first;
};
using SegmentHeaderBytes = std::array<char, kSegmentHeaderBytes>;
[[nodiscard]] SegmentHeaderBytes encode(const SegmentHeader& header);
// not_found when there is no whole header; newer_format.
[[nodiscard]] Result<SegmentHeader> decode_segment_header(ByteView in);
// Reads and decodes the header of one segment; not_found also when it carries another number, as a recycled one does
// until it is written.
[[nodiscard]] Result<SegmentHeader> read_segment_header(const Log& log, SegmentNumber segment);

struct FrameHeader {
  std::uint32_t length = 0;  // of the payload, a multiple of 8
  Generation generation;
  Position position;
  Position durable;
};
using FrameHeaderBytes = std::array<char, kFrameHeaderBytes>;
// The header with the checksum of itself and the payload, which may be in pieces.
[[nodiscard]] FrameHeaderBytes encode(const FrameHeader& header, std::span<const ByteView> payload);
// False when the bytes have not the shape of a frame's header; says nothing about the checksum.
[[nodiscard]] bool decode_frame_header(ByteView in, FrameHeader& header);
// True when `frame`, header and payload, is as it was written.
[[nodiscard]] bool frame_is_whole(ByteView frame);

}  // namespace tenuto
