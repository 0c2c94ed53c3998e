#include "core/journal/workflow_row.h"

#include "core/journal/seal.h"

namespace tenuto {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes encode(const WorkflowRow& row, ByteView key) {
  Bytes out;
  ByteWriter w(out);
  w.fixed(kVersion);
  w.fixed(row.stored.ns);
  w.string(row.name);
  w.string(row.definition);
  seal(key, out);
  return out;
}

Result<WorkflowRow> decode_workflow_row(ByteView key, ByteView value) {
  TN_ASSIGN(const ByteView content, unseal(key, value, "a workflow"));
  ByteReader r(content);
  if (r.fixed<std::uint8_t>() > kVersion) {
    return Status(Code::newer_format, "a workflow was stored by a newer version; open the store with that");
  }
  WorkflowRow row;
  row.stored.ns = r.fixed<std::int64_t>();
  row.name = r.string();
  row.definition = r.string();
  if (!r.ok())
    return Status(Code::damaged, "a workflow in the state tables is cut; restore the store from a backup");
  return row;
}

}  // namespace tenuto
