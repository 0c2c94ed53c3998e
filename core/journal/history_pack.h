// Packs: the histories of several short runs in one value of table `packs`.
//
// A run that starts and ends between two transactions of the materialiser is written once and never again, and mostly its history
// is shorter than what the tables keep for an entry of its own. So a few such runs share an entry. Its key is that of the
// last of them, so the pack of a run is the first whose key is not below the run's.
//
// A pack is:
//
//   varint  number of runs
//   ...     per run, ascending: varint difference of its number to the one before (the first: to 0), varint bytes of its chunk
//   ...     the chunks (core/journal/history_chunk.h), one behind the other
//
// Invariant: packs don't overlap: every run of a pack is above the key of the pack before. After runs were taken out the key
// may be above the last run.
//
// Thread safety: values.
#pragma once

#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/status.h"

namespace tenuto {

// With its key and LMDB's own, two packs are a page of 4 KiB.
inline constexpr std::size_t kPackBytesMax = 2020;
// A run with more takes chunks of its own: it would be nearly alone in a pack.
inline constexpr std::size_t kPackedChunkBytesMax = kPackBytesMax / 4;

class HistoryPackWriter {
 public:
  [[nodiscard]] bool empty() const { return runs_ == 0; }
  // Whether `chunk` goes in beside what is there already.
  [[nodiscard]] bool has_room_for(ByteView chunk) const;
  // `run` is above all before; `chunk` has at most kPackedChunkBytesMax bytes.
  void add(RunNumber run, ByteView chunk);
  // The last run that was added.
  [[nodiscard]] RunNumber last() const { return last_; }
  // The value under `key`, with its seal; after it the writer is empty.
  [[nodiscard]] Bytes finish(ByteView key);

 private:
  std::uint64_t runs_ = 0;
  RunNumber last_;
  Bytes directory_;
  Bytes chunks_;
};

struct PackedHistory {
  RunNumber run;
  ByteView chunk;
};

// The histories in a pack, ascending by run; damaged. Views live as long as `value`.
[[nodiscard]] Result<std::vector<PackedHistory>> read_pack(ByteView key, ByteView value);
// The chunk of `run`, or none; damaged.
[[nodiscard]] Result<std::optional<ByteView>> find_in_pack(ByteView key, ByteView value, RunNumber run);

}  // namespace tenuto
