#include "core/journal/journal_meta.h"

#include "core/journal/seal.h"

namespace tenuto {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes encode(const JournalMeta& meta) {
  Bytes out;
  ByteWriter w(out);
  w.fixed(kVersion);
  w.fixed(meta.store.high);
  w.fixed(meta.store.low);
  w.varint(meta.applied.position.value);
  w.varint(meta.applied.segment.value);
  w.varint(meta.applied.offset);
  w.varint(meta.generation.value);
  w.varint(meta.next_run.value);
  w.varint(meta.next_block);
  w.varint(meta.summary_rows);
  w.varint(meta.live_runs);
  for (const std::uint64_t count : meta.ended) w.varint(count);
  seal(kJournalMetaKey, out);
  return out;
}

Result<JournalMeta> decode_journal_meta(ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(kJournalMetaKey, value, "the journal's row"));
  ByteReader r(content);
  if (r.fixed<std::uint8_t>() > kVersion) {
    return Status(Code::newer_format,
                  "the state tables were written by a newer version; open the store with that");
  }
  JournalMeta meta;
  meta.store.high = r.fixed<std::uint64_t>();
  meta.store.low = r.fixed<std::uint64_t>();
  meta.applied.position = Position(r.varint());
  meta.applied.segment = SegmentNumber(r.varint());
  meta.applied.offset = r.varint();
  meta.generation = Generation(r.varint());
  meta.next_run = RunNumber(r.varint());
  meta.next_block = r.varint();
  meta.summary_rows = r.varint();
  meta.live_runs = r.varint();
  for (std::uint64_t& count : meta.ended) count = r.varint();
  if (!r.ok())
    return Status(Code::damaged,
                  "the journal's row in the state tables is cut; restore the store from a backup");
  return meta;
}

Result<std::optional<JournalMeta>> read_journal_meta(const StateRead& state) {
  ByteView value;
  TN_ASSIGN(const bool found, state.get(Table::meta, kJournalMetaKey, value));
  if (!found) return std::optional<JournalMeta>();
  TN_ASSIGN(const JournalMeta meta, decode_journal_meta(value));
  return std::optional<JournalMeta>(meta);
}

}  // namespace tenuto
