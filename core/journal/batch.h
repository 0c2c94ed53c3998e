// The batch: what one processor appends at once, as it stands in the ring and, unchanged, in a frame.
//
//   u32     length of the records, at least 1
//   u32     low half of the position of this batch
//   …       records
//   …       zeros up to a multiple of 8
//
// Why so: the first eight bytes are one word, so that a batch is published by one store; the batch begins at a multiple of
// eight, so that the word never straddles the ring's end. The position in it tells a batch from leftovers in memory and from a
// frame that was put in the wrong place.
//
// Thread safety: functions without state.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/limits.h"
#include "core/journal/record.h"

namespace tenuto {

inline constexpr std::size_t kBatchHeaderBytes = 8;
inline constexpr std::size_t kBatchAlign = 8;
// The most bytes of records that one batch holds.
inline constexpr std::size_t kBatchRecordBytesMax = limits::kBatchBytesMax - kBatchHeaderBytes;
static_assert(limits::kBatchBytesMax % kBatchAlign == 0);

// The size of a batch in the stream: header, records and padding.
[[nodiscard]] constexpr std::size_t batch_bytes(std::size_t record_bytes) {
  return kBatchHeaderBytes + (record_bytes + kBatchAlign - 1) / kBatchAlign * kBatchAlign;
}
// The first word of a batch; never 0, because a batch has records.
[[nodiscard]] constexpr std::uint64_t batch_word(std::size_t record_bytes, Position at) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(at.value)) << 32 | record_bytes;
}
[[nodiscard]] constexpr std::size_t record_bytes_of(std::uint64_t word) {
  return word & 0xFFFF'FFFFu;
}
// True for a word that a batch at `at` can have.
[[nodiscard]] constexpr bool is_batch_word(std::uint64_t word, Position at) {
  return word >> 32 == (at.value & 0xFFFF'FFFFu) && record_bytes_of(word) != 0 &&
         record_bytes_of(word) <= kBatchRecordBytesMax;
}

// Calls `visit(const RecordHeader&, ByteView record, Position end_of_batch) -> Status` for each record of a row of batches that
// begins at `at`, in order; damaged when the bytes are no such row. Views live as long as `batches`.
template <class Visit>
[[nodiscard]] Status for_each_record_of_batches(ByteView batches, Position at, Visit&& visit) {
  ByteReader in(batches);
  while (!in.at_end()) {
    const auto word = in.fixed<std::uint64_t>();
    if (!in.ok() || !is_batch_word(word, at)) {
      return Status(Code::damaged, "no batch at position " + std::to_string(at.value));
    }
    const std::size_t bytes = batch_bytes(record_bytes_of(word));
    const ByteView records = in.raw(bytes - kBatchHeaderBytes).substr(0, record_bytes_of(word));
    if (!in.ok())
      return Status(Code::damaged, "the batch at position " + std::to_string(at.value) + " is cut");
    at.value += bytes;
    TN_TRY(for_each_record(
        records, [&](const RecordHeader& header, ByteView record) { return visit(header, record, at); }));
  }
  return Status();
}

}  // namespace tenuto
