// The row of table `meta` that ties the state tables to the journal; written in every transaction of the materialiser.
#pragma once

#include <array>
#include <optional>

#include "core/journal/segment.h"
#include "core/machine/event.h"
#include "core/store/state.h"

namespace tenuto {

inline constexpr ByteView kJournalMetaKey = "journal";
// Fragments of large records that were not complete at the watermark (Reassembler::save()); absent when there are none.
inline constexpr ByteView kOpenFragmentsKey = "journal.fragments";

struct JournalMeta {
  StoreId store;
  JournalPlace applied;   // the watermark: all before it is in the tables, nothing behind it is
  Generation generation;  // the highest up to the watermark
  RunNumber next_run{1};
  std::uint64_t next_block = 0;  // number of the next new block of summaries; never reused
  std::uint64_t summary_rows = 0;
  std::uint64_t live_runs = 0;
  std::array<std::uint64_t, 16> ended{};  // rows by RunState

  friend bool operator==(const JournalMeta&, const JournalMeta&) = default;
};

[[nodiscard]] Bytes encode(const JournalMeta& meta);
// damaged, newer_format.
[[nodiscard]] Result<JournalMeta> decode_journal_meta(ByteView value);
// None in tables that no transaction was written to yet.
[[nodiscard]] Result<std::optional<JournalMeta>> read_journal_meta(const StateRead& state);

}  // namespace tenuto
