// The rows that find a run: of table `live`, what must be known of a run between its start and its end without reading its
// history; of table `keys`, the number behind an id that the caller chose.
#pragma once

#include <string>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"

namespace tenuto {

struct LiveRow {
  WorkflowHash workflow;
  std::string id;
  bool id_chosen = false;
  bool test = false;
  WallTime started;
  std::string labels;        // JSON object; empty: none
  std::uint32_t chunks = 0;  // of its history so far
  friend bool operator==(const LiveRow&, const LiveRow&) = default;
};

// `key` is the key of the row, which the value is sealed with.
[[nodiscard]] Bytes encode(const LiveRow& row, ByteView key);
[[nodiscard]] Result<LiveRow> decode_live_row(ByteView key, ByteView value);  // damaged, newer_format
// `chunks` alone: recovery asks for no more, of every run that waits.
[[nodiscard]] Result<std::uint32_t> decode_live_chunks(ByteView key, ByteView value);

// The value of table `keys`.
[[nodiscard]] Bytes encode_run_number(RunNumber run, ByteView key);
[[nodiscard]] Result<RunNumber> decode_run_number(ByteView key, ByteView value);  // damaged

}  // namespace tenuto
