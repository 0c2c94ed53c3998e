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

Result<LiveRow> decode_live_row(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(key, value, "the row of a live run"));
  ByteReader r(content);
  if (r.fixed<std::uint8_t>() > kVersion) {
    return Status(Code::newer_format, "a live run was written by a newer version; open the store with that");
  }
  LiveRow row;
  const auto bits = r.fixed<std::uint8_t>();
  row.id_chosen = (bits & 1) != 0;
  row.test = (bits & 2) != 0;
  row.workflow.high = r.fixed<std::uint64_t>();
  row.workflow.low = r.fixed<std::uint64_t>();
  row.started.ns = r.fixed<std::int64_t>();
  row.chunks = static_cast<std::uint32_t>(r.varint());
  row.id = r.string();
  row.labels = r.string();
  if (!r.ok() || !r.at_end())
    return Status(Code::damaged, "the row of a live run is cut; restore the store from a backup");
  return row;
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
