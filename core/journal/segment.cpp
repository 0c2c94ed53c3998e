#include "core/journal/segment.h"

// For the state on the stack.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace tenuto {
namespace {

constexpr std::uint64_t kSegmentMagic = 0x4745'534F'5455'4E54;  // "TNUTOSEG"
constexpr std::uint32_t kFrameMagic = 0x4D52'4654;              // "TFRM"
constexpr std::size_t kChecksumBytes = 8;

// Fields one after the other in a buffer of fixed size.
class FieldWriter {
 public:
  explicit FieldWriter(char* out) : out_(out) {}
  template <class T>
  void put(T v) {
    std::memcpy(out_, &v, sizeof v);
    out_ += sizeof v;
  }

 private:
  char* out_;
};

std::uint64_t checksum(ByteView head, std::span<const ByteView> pieces) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, head.data(), head.size());
  for (const ByteView piece : pieces) XXH3_64bits_update(&state, piece.data(), piece.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace

std::string to_text(const JournalPlace& place) {
  return "segment " + std::to_string(place.segment.value) + ", offset " + std::to_string(place.offset) +
         ", position " + std::to_string(place.position.value);
}

SegmentHeaderBytes encode(const SegmentHeader& header) {
  SegmentHeaderBytes out{};
  FieldWriter w(out.data());
  w.put(kSegmentMagic);
  w.put(kJournalFormat);
  w.put(static_cast<std::uint32_t>(kSegmentHeaderBytes));
  w.put(header.store.high);
  w.put(header.store.low);
  w.put(header.number.value);
  w.put(header.first.value);
  w.put(std::uint64_t{0});
  w.put(static_cast<std::uint64_t>(XXH3_64bits(out.data(), kSegmentHeaderBytes - kChecksumBytes)));
  return out;
}

Result<SegmentHeader> decode_segment_header(ByteView in) {
  const Status none(Code::not_found, "no segment header");
  if (in.size() < kSegmentHeaderBytes) return none;
  ByteReader r(in);
  if (r.fixed<std::uint64_t>() != kSegmentMagic) return none;
  const auto format = r.fixed<std::uint32_t>();
  r.fixed<std::uint32_t>();
  SegmentHeader header;
  header.store.high = r.fixed<std::uint64_t>();
  header.store.low = r.fixed<std::uint64_t>();
  header.number = SegmentNumber(r.fixed<std::uint64_t>());
  header.first = Position(r.fixed<std::uint64_t>());
  r.fixed<std::uint64_t>();
  if (r.fixed<std::uint64_t>() != XXH3_64bits(in.data(), kSegmentHeaderBytes - kChecksumBytes)) return none;
  if (format > kJournalFormat) {
    return Status(Code::newer_format, "segment " + std::to_string(header.number.value) +
                                          " has journal format " + std::to_string(format) +
                                          "; open the store with a newer library");
  }
  return header;
}

Result<SegmentHeader> read_segment_header(const Log& log, SegmentNumber segment) {
  Bytes bytes;
  TN_TRY(log.read(segment, 0, kSegmentHeaderBytes, bytes));
  TN_ASSIGN(const SegmentHeader header, decode_segment_header(bytes));
  if (header.number != segment) return Status(Code::not_found, "no header of this segment");
  return header;
}

FrameHeaderBytes encode(const FrameHeader& header, std::span<const ByteView> payload) {
  FrameHeaderBytes out{};
  FieldWriter w(out.data());
  w.put(kFrameMagic);
  w.put(header.length);
  w.put(header.generation.value);
  w.put(header.position.value);
  w.put(header.durable.value);
  w.put(checksum(ByteView(out.data(), kFrameHeaderBytes - kChecksumBytes), payload));
  return out;
}

bool decode_frame_header(ByteView in, FrameHeader& header) {
  ByteReader r(in);
  if (r.fixed<std::uint32_t>() != kFrameMagic) return false;
  header.length = r.fixed<std::uint32_t>();
  header.generation = Generation(r.fixed<std::uint64_t>());
  header.position = Position(r.fixed<std::uint64_t>());
  header.durable = Position(r.fixed<std::uint64_t>());
  r.fixed<std::uint64_t>();
  return r.ok() && header.length != 0 && header.length % 8 == 0 && header.length <= kFramePayloadBytesMax &&
         header.durable <= header.position;
}

bool frame_is_whole(ByteView frame) {
  constexpr std::size_t kCovered = kFrameHeaderBytes - kChecksumBytes;
  if (frame.size() < kFrameHeaderBytes) return false;
  std::uint64_t stored = 0;
  std::memcpy(&stored, frame.data() + kCovered, sizeof stored);
  const ByteView payload = frame.substr(kFrameHeaderBytes);
  return stored == checksum(frame.substr(0, kCovered), {&payload, 1});
}

}  // namespace tenuto
