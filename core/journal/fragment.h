// Records larger than a batch: cut into fragments on the way in, put together again by every reader of the journal.
//
// A record is cut behind its run number. Its rest travels as
//
//   fragment   u8 240, u8 version << 4, varint length, varint run, varint series, varint index, bytes
//   …          one batch each, index 0, 1, 2 …
//   last       u8 type, u8 version << 4 | flags | kContinued, varint length, varint run, varint series, varint count of
//              fragments, bytes
//
// in batches of their own, in this order, with other batches in between. A series is one record; fragments with index 0
// begin it anew, because the number may have been used by an earlier owner of the store that died before the last piece. For the same
// reason readers forget all open series at an engine_opened event. The last piece carries the type, so that the
// record happens where it is complete. The history holds whole records only.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/journal/batch.h"
#include "core/journal/record.h"

namespace tenuto {

// Cuts one `record` into pieces of at most kBatchRecordBytesMax and calls `visit(ByteView piece)` for each in order. The
// piece lives as long as the call. `series` is used by nobody else in this process.
template <class Visit>
void for_each_piece(ByteView record, std::uint64_t series, Visit&& visit);

// Thread safety: one thread at a time.
class Reassembler {
 public:
  // What a record gives: itself, or the whole record whose last piece it is, or nothing (empty) when it is a fragment. The
  // view lives as long as `record` and until the next call. damaged when a piece is missing.
  [[nodiscard]] Result<ByteView> feed(const RecordHeader& header, ByteView record);

  // Forgets what is open: at an engine_opened event, for its writers are gone.
  void clear() { open_.clear(); }

  // The open series as fragments in a row, for a reader that goes on another day; restore() takes them back.
  [[nodiscard]] Bytes save() const;
  [[nodiscard]] Status restore(ByteView fragments);

 private:
  struct Open {
    std::uint64_t count = 0;  // fragments so far
    Bytes bytes;
  };
  [[nodiscard]] Status add(RunNumber run, ByteReader& in);
  [[nodiscard]] Result<ByteView> complete(const RecordHeader& header, ByteView record, ByteReader& in);

  std::map<std::pair<RunNumber, std::uint64_t>, Open> open_;
  Bytes whole_;
};

// The parts of a record around its run number, for cutting and joining.
struct RecordParts {
  std::uint8_t type = 0;
  std::uint8_t version_flags = 0;
  RunNumber run;
  ByteView rest;  // behind the run number
};
[[nodiscard]] RecordParts parts_of(ByteView record);  // the record is whole
// Appends a record made of a head and `middle` and `rest` behind the run number.
void append_record(std::uint8_t type, std::uint8_t version_flags, RunNumber run, ByteView middle,
                   ByteView rest, Bytes& out);

template <class Visit>
void for_each_piece(ByteView record, std::uint64_t series, Visit&& visit) {
  // The head of a piece takes at most 2 + 10 + 10 + 10 + 10 bytes.
  constexpr std::size_t kPieceBytes = kBatchRecordBytesMax - 42;
  RecordParts parts = parts_of(record);
  Bytes piece;
  piece.reserve(kBatchRecordBytesMax);
  std::uint64_t index = 0;
  Bytes middle;
  for (;; ++index) {
    middle.clear();
    ByteWriter(middle).varint(series);
    ByteWriter(middle).varint(index);
    piece.clear();
    if (parts.rest.size() <= kPieceBytes) break;
    append_record(kFragmentType, 1 << 4, parts.run, middle, parts.rest.substr(0, kPieceBytes), piece);
    visit(ByteView(piece));
    parts.rest.remove_prefix(kPieceBytes);
  }
  append_record(parts.type, parts.version_flags | kContinued, parts.run, middle, parts.rest, piece);
  visit(ByteView(piece));
}

}  // namespace tenuto
