// Event <-> bytes: the record, the smallest thing that the journal and the history hold.
//
//   u8      type of the event
//   u8      version of the body's layout << 4 | flags
//   varint  length of all that follows
//   varint  run
//   varint  scope, task + 1 (0: none), attempt
//   i64     time, nanoseconds since 1970
//   …       body
//
// Why so: type, length and run come first and alike for every type, so that the materialiser and a reader of one run sort
// and skip records without looking into them. Numbers are varints because nearly all are small (a finished task with
// a null result takes 24 bytes); the time is fixed, for as a varint it would be longer. Times in bodies are differences
// to the record's time. There is no checksum a record: the frame and the history chunk around it have one.
//
// Rule for what is newer: a record whose type, version or flags a reader doesn't know is passed over when it carries
// kSkippable, and otherwise the store is refused as newer. A body must be used up to its last byte, so that a
// new field always means a new version.
//
// Thread safety: functions without state.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/machine/event.h"

namespace tenuto {

// The journal's own type, outside of EventType: a piece of a record that is larger than a batch (core/journal/fragment.h).
inline constexpr std::uint8_t kFragmentType = 240;

enum RecordFlag : std::uint8_t {
  kSkippable = 1,  // readers that don't know the type or the version may pass it over
  kContinued = 2,  // the body began in fragments of the same run
};

struct RecordHeader {
  std::uint8_t type = 0;
  std::uint8_t version = 0;
  std::uint8_t flags = 0;
  RunNumber run;
  std::size_t size = 0;  // of the whole record
};

// What a record has between its run and its body, as it stands there.
struct RecordPlace {
  std::uint64_t scope = 0;
  std::uint64_t task = 0;  // index + 1; 0: none
  std::uint64_t attempt = 0;
  WallTime at;
};

// Appends the record of `event` to `out`.
void encode(const Event& event, Bytes& out);

// Reads type, run and size of the record at the front of `in`; false when it is cut or malformed.
[[nodiscard]] bool decode_header(ByteView in, RecordHeader& header);

enum class Decoded : std::uint8_t { event, passed_over };

// Decodes exactly one whole record into `out`, reusing its memory where it can. Fragments are not events: a reader gives them to
// a Reassembler first. damaged, newer_format.
[[nodiscard]] Result<Decoded> decode(ByteView record, Event& out);
// The same of a record that lies elsewhere in parts: all of it but its length.
[[nodiscard]] Result<Decoded> decode(const RecordHeader& header, const RecordPlace& place, ByteView body,
                                     Event& out);

// Decodes the record at the front of `in` and moves past it. passed_over is an error here: for tests and single records.
[[nodiscard]] Result<Event> decode(ByteReader& in);

// Calls `visit(const RecordHeader&, ByteView record) -> Status` for each record of `records`, in order; damaged when they
// don't end where the last record does. Views live as long as `records`.
template <class Visit>
[[nodiscard]] Status for_each_record(ByteView records, Visit&& visit) {
  while (!records.empty()) {
    RecordHeader header;
    if (!decode_header(records, header)) return Status(Code::damaged, "a record is cut or malformed");
    TN_TRY(visit(header, records.substr(0, header.size)));
    records.remove_prefix(header.size);
  }
  return Status();
}

}  // namespace tenuto
