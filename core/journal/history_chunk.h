// Chunks of history: the records of one run, without what the place of the chunk and the record before say already.
//
// A chunk is entries, one per record, in order:
//
//   u8      type
//   u8      bits: 1–8 the record's flags, 16 has a scope, 32 has a task, 64 has an attempt, 128 has a version
//   varint  time, as a difference to the entry before (core/journal/record_layout.h); the first: to 0
//   varint  scope, task, attempt, u8 version: those that the bits name. Else the root scope, no task, attempt 1 of a task
//           and 0 of what has none, version 1
//   varint  length of the body, and the body
//
// Why so: a finished task takes 8 bytes here and 24 in the journal, where each record has to stand for itself.
//
// Thread safety: functions without state; a writer by one thread at a time.
#pragma once

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/journal/record.h"

namespace tenuto {

// Appends records to a chunk.
class HistoryWriter {
 public:
  // A new chunk begins.
  void begin() { last_ = WallTime(); }
  // Appends one whole record to `chunk`. Records of every type and version begin alike, up to their body.
  void add(const RecordHeader& header, ByteView record, Bytes& chunk);

 private:
  WallTime last_;
};

// Gives back the records of a chunk, as they were in the journal.
class HistoryReader {
 public:
  HistoryReader(ByteView chunk, RunNumber run) : in_(chunk), run_(run) {}

  // The next whole record, which lives until the next call; false at the end, and when what comes is cut or malformed.
  [[nodiscard]] bool next(RecordHeader& header, ByteView& record);
  // The same in parts, without putting a record together; `header.size` is not set. `body` lives as long as the chunk.
  [[nodiscard]] bool next(RecordHeader& header, RecordPlace& place, ByteView& body);
  // Ok, or what was wrong with the entry that ended it.
  [[nodiscard]] Status end() const {
    if (in_.ok()) return Status();
    return Status(Code::damaged,
                  "run " + std::to_string(run_.value) + ": a chunk of its history is cut or malformed");
  }

 private:
  ByteReader in_;
  RunNumber run_;
  WallTime last_;
  Bytes record_;
};

// Calls `visit(const RecordHeader&, ByteView record) -> Status` for each record of a chunk, in order; damaged when it is not made
// of entries. Views live as long as the call.
template <class Visit>
[[nodiscard]] Status for_each_history_record(ByteView chunk, RunNumber run, Visit&& visit) {
  HistoryReader reader(chunk, run);
  RecordHeader header;
  ByteView record;
  while (reader.next(header, record)) TN_TRY(visit(header, record));
  return reader.end();
}

// Calls `visit(const Event&) -> Status` for each event of a chunk, in order; what may be passed over is. damaged, newer_format.
// `event` keeps the memory of what is decoded, from chunk to chunk.
template <class Visit>
[[nodiscard]] Status for_each_history_event(ByteView chunk, RunNumber run, Event& event, Visit&& visit) {
  HistoryReader reader(chunk, run);
  RecordHeader header;
  RecordPlace place;
  ByteView body;
  while (reader.next(header, place, body)) {
    TN_ASSIGN(const Decoded decoded, decode(header, place, body, event));
    if (decoded == Decoded::event) TN_TRY(visit(event));
  }
  return reader.end();
}

}  // namespace tenuto
