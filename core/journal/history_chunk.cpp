#include "core/journal/history_chunk.h"

#include <array>

#include "core/base/check.h"
#include "core/journal/record_layout.h"

namespace tenuto {

using record_layout::add_difference;
using record_layout::difference;
using record_layout::kVersion;

namespace {

enum EntryBit : std::uint8_t {
  kFlags = 0x0F,
  kScope = 0x10,
  kTask = 0x20,
  kAttempt = 0x40,
  kVersioned = 0x80
};

std::uint64_t usual_attempt(const RecordPlace& place) {
  return place.task == 0 ? 0 : 1;
}

std::uint8_t bits_of(const RecordHeader& header, const RecordPlace& place) {
  return static_cast<std::uint8_t>(
      header.flags | (place.scope != 0 ? kScope : 0) | (place.task != 0 ? kTask : 0) |
      (place.attempt != usual_attempt(place) ? kAttempt : 0) | (header.version != kVersion ? kVersioned : 0));
}

}  // namespace

void HistoryWriter::add(const RecordHeader& header, ByteView record, Bytes& chunk) {
  ByteReader in(record.substr(2));
  in.varint();  // length
  in.varint();  // run
  RecordPlace place;
  place.scope = in.varint();
  place.task = in.varint();
  place.attempt = in.varint();
  place.at = WallTime{in.fixed<std::int64_t>()};
  TN_CHECK(in.ok());  // it came from the journal as a whole record
  const std::uint8_t bits = bits_of(header, place);
  // Most entries are a few numbers: one append of them is most of what it costs otherwise.
  std::array<char, 2 + 5 * kVarintBytesMax + 1> small;
  char* end = small.data();
  *end++ = static_cast<char>(header.type);
  *end++ = static_cast<char>(bits);
  end = put_varint(end, difference(last_, place.at));
  if ((bits & kScope) != 0) end = put_varint(end, place.scope);
  if ((bits & kTask) != 0) end = put_varint(end, place.task);
  if ((bits & kAttempt) != 0) end = put_varint(end, place.attempt);
  if ((bits & kVersioned) != 0) *end++ = static_cast<char>(header.version);
  end = put_varint(end, in.rest().size());
  chunk.append(small.data(), static_cast<std::size_t>(end - small.data()));
  chunk.append(in.rest());
  last_ = place.at;
}

bool HistoryReader::next(RecordHeader& header, RecordPlace& place, ByteView& body) {
  if (in_.at_end()) return false;
  header.type = in_.fixed<std::uint8_t>();
  const auto bits = in_.fixed<std::uint8_t>();
  place.at = last_ = add_difference(last_, in_.varint());
  place.scope = (bits & kScope) != 0 ? in_.varint() : 0;
  place.task = (bits & kTask) != 0 ? in_.varint() : 0;
  place.attempt = (bits & kAttempt) != 0 ? in_.varint() : usual_attempt(place);
  header.version = (bits & kVersioned) != 0 ? in_.fixed<std::uint8_t>() : kVersion;
  header.flags = bits & kFlags;
  header.run = run_;
  body = in_.string();
  return in_.ok();
}

bool HistoryReader::next(RecordHeader& header, ByteView& record) {
  RecordPlace place;
  ByteView body;
  if (!next(header, place, body)) return false;
  record_.clear();
  Bytes address;
  ByteWriter writer(address);
  writer.varint(run_.value);
  writer.varint(place.scope);
  writer.varint(place.task);
  writer.varint(place.attempt);
  writer.fixed(place.at.ns);
  ByteWriter out(record_);
  out.fixed(header.type);
  out.fixed(static_cast<std::uint8_t>(header.version << 4 | header.flags));
  out.varint(address.size() + body.size());
  out.raw(address);
  out.raw(body);
  header.size = record_.size();
  record = record_;
  return true;
}

}  // namespace tenuto
