#include "core/journal/live_row.h"

#include "core/journal/seal.h"

namespace tenuto {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes encode(const LiveRow& row, ByteView key) {
  Bytes out;
  ByteWriter w(out);
  w.fixed(kVersion);
  w.fixed(static_cast<std::uint8_t>((row.id_chosen ? 1 : 0) | (row.test ? 2 : 0)));
  w.fixed(row.workflow.high);
  w.fixed(row.workflow.low);
  w.fixed(row.started.ns);
  w.varint(row.chunks);
  w.string(row.id);
  w.string(row.labels);
  seal(key, out);
  return out;
}

namespace {

// The parts of a row; `id` and `labels` live as long as `value`.
struct RowParts {
  LiveRow numbers;  // without texts
  ByteView id;
  ByteView labels;
};

Result<RowParts> parts_of_row(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(key, value, "the row of a live run"));
  ByteReader r(content);
  if (r.fixed<std::uint8_t>() > kVersion) {
    return Status(Code::newer_format, "a live run was written by a newer version; open the store with that");
  }
  RowParts parts;
  LiveRow& row = parts.numbers;
  const auto bits = r.fixed<std::uint8_t>();
  row.id_chosen = (bits & 1) != 0;
  row.test = (bits & 2) != 0;
  row.workflow.high = r.fixed<std::uint64_t>();
  row.workflow.low = r.fixed<std::uint64_t>();
  row.started.ns = r.fixed<std::int64_t>();
  row.chunks = static_cast<std::uint32_t>(r.varint());
  parts.id = r.string();
  parts.labels = r.string();
  if (!r.ok() || !r.at_end())
    return Status(Code::damaged, "the row of a live run is cut; restore the store from a backup");
  return parts;
}

}  // namespace

Result<LiveRow> decode_live_row(ByteView key, ByteView value) {
  TN_ASSIGN(RowParts parts, parts_of_row(key, value));
  parts.numbers.id = parts.id;
  parts.numbers.labels = parts.labels;
  return std::move(parts.numbers);
}

Result<std::uint32_t> decode_live_chunks(ByteView key, ByteView value) {
  TN_ASSIGN(const RowParts parts, parts_of_row(key, value));
  return parts.numbers.chunks;
}

Bytes encode_run_number(RunNumber run, ByteView key) {
  Bytes out;
  ByteWriter(out).fixed(run.value);
  seal(key, out);
  return out;
}

Result<RunNumber> decode_run_number(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(key, value, "the row of a run's id"));
  ByteReader r(content);
  const RunNumber run(r.fixed<std::uint64_t>());
  if (!r.ok()) return Status(Code::damaged, "the row of a run's id is cut; restore the store from a backup");
  return run;
}

}  // namespace tenuto
