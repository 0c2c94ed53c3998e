#include "core/journal/history_pack.h"

#include "core/base/check.h"
#include "core/journal/seal.h"
#include "core/store/keys.h"

namespace tenuto {
namespace {

constexpr std::size_t kEntryBytesMax = 2 * kVarintBytesMax;

Status cut() {
  return Status(Code::damaged, "a pack of histories is cut or malformed; restore the store from a backup");
}

}  // namespace

bool HistoryPackWriter::has_room_for(ByteView chunk) const {
  return kVarintBytesMax + directory_.size() + kEntryBytesMax + chunks_.size() + chunk.size() + kSealBytes <=
         kPackBytesMax;
}

void HistoryPackWriter::add(RunNumber run, ByteView chunk) {
  TN_CHECK(run > last_ || runs_ == 0);
  TN_CHECK(chunk.size() <= kPackedChunkBytesMax);
  ByteWriter w(directory_);
  w.varint(run.value - (runs_ == 0 ? 0 : last_.value));
  w.varint(chunk.size());
  chunks_.append(chunk);
  last_ = run;
  ++runs_;
}

Bytes HistoryPackWriter::finish(ByteView key) {
  Bytes value;
  value.reserve(kVarintBytesMax + directory_.size() + chunks_.size() + kSealBytes);
  ByteWriter w(value);
  w.varint(runs_);
  w.raw(directory_);
  w.raw(chunks_);
  seal(key, value);
  runs_ = 0;
  directory_.clear();
  chunks_.clear();
  return value;
}

Result<std::vector<PackedHistory>> read_pack(ByteView key, ByteView value) {
  const std::optional<RunNumber> bound = parse_run_key(key);
  if (!bound.has_value()) return Status(Code::damaged, "the key of a pack of histories is malformed");
  TN_ASSIGN(const ByteView content, unseal(key, value, "a pack of histories"));
  ByteReader r(content);
  const std::uint64_t count = r.varint();
  if (count == 0 || count > content.size()) return cut();
  std::vector<PackedHistory> histories(count);
  std::vector<std::uint64_t> sizes(count);
  std::uint64_t run = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t step = r.varint();
    if (step == 0 || step > bound->value - run) return cut();
    histories[i].run = RunNumber(run += step);
    sizes[i] = r.varint();
  }
  ByteView chunks = r.rest();
  for (std::size_t i = 0; i < count; ++i) {
    if (sizes[i] > chunks.size()) return cut();
    histories[i].chunk = chunks.substr(0, sizes[i]);
    chunks.remove_prefix(sizes[i]);
  }
  if (!r.ok() || !chunks.empty()) return cut();
  return histories;
}

Result<std::optional<ByteView>> find_in_pack(ByteView key, ByteView value, RunNumber run) {
  TN_ASSIGN(const std::vector<PackedHistory> histories, read_pack(key, value));
  for (const PackedHistory& history : histories) {
    if (history.run == run) return std::optional(history.chunk);
  }
  return std::optional<ByteView>();
}

}  // namespace tenuto
