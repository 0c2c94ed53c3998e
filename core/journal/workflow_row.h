// The row of table `workflows`: a definition under its hash.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/status.h"

namespace tenuto {

// Views live as long as what the row was made or read from.
struct WorkflowRow {
  WallTime stored;
  ByteView name;
  ByteView definition;  // canonical JSON
  friend bool operator==(const WorkflowRow&, const WorkflowRow&) = default;
};

// `key` is the key of the row, which the value is sealed with.
[[nodiscard]] Bytes encode(const WorkflowRow& row, ByteView key);
[[nodiscard]] Result<WorkflowRow> decode_workflow_row(ByteView key, ByteView value);  // damaged, newer_format

}  // namespace tenuto
