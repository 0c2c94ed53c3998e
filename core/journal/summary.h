// Blocks of table `summaries`: up to 128 rows of ended runs with a zone map, so that lists and filters scan few bytes.
//
// A block's value (docs/file-format.md has the bytes): a head of fixed size with the zone map and a checksum of its own, so
// that a scan that has no use for the rows touches nothing else; then the workflows that its rows name; then
// the rows, each with its length; then a checksum of all.
//
// Thread safety: values; functions without state.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/machine/event.h"

namespace tenuto {

inline constexpr std::uint32_t kSummaryRowsMax = 128;  // a block: about 16 KB, a few pages
inline constexpr std::size_t kSummaryErrorBytesMax =
    200;  // of an error's message in a row; the history has all of it
inline constexpr std::size_t kSummaryHeadBytes = 72;

// Where the time of a run went; 0: not known.
enum class RunClock : std::uint8_t { queue = 0, limit = 1, human = 2, timer = 3, run = 4, overhead = 5 };
inline constexpr std::size_t kRunClocks = 6;

// One ended run. Views live as long as what the row was made or read from.
struct SummaryRow {
  RunNumber run;
  RunState state = RunState::completed;
  bool id_chosen = false;
  bool test = false;
  ByteView id;
  WorkflowHash workflow;
  ByteView workflow_name;
  WallTime started;
  WallTime ended;
  ByteView labels;   // JSON object; empty: none
  RunNumber parent;  // 0: none
  RunCounts counts;
  std::array<Nanos, kRunClocks> clocks{};
  ByteView error_type;       // empty: none
  ByteView error_message;    // cut to kSummaryErrorBytesMax
  std::uint32_t chunks = 0;  // of its history: keys (run, 0) to (run, chunks - 1)
  friend bool operator==(const SummaryRow&, const SummaryRow&) = default;
};

// What the rows of a block have between them.
struct SummaryZone {
  std::uint32_t rows = 0;
  std::uint16_t states = 0;  // bit n: a row has the state with number n
  RunNumber run_min, run_max;
  WallTime started_min, started_max;
  WallTime ended_min, ended_max;
  friend bool operator==(const SummaryZone&, const SummaryZone&) = default;

  void include(const SummaryRow& row);
  [[nodiscard]] bool has(RunState state) const { return (states >> static_cast<unsigned>(state) & 1) != 0; }
};

// The zone map alone; damaged, newer_format. `key` is the block's key.
[[nodiscard]] Result<SummaryZone> read_summary_zone(ByteView key, ByteView value);
// All rows, in the order in which the runs ended. Their views live as long as `value`.
[[nodiscard]] Result<std::vector<SummaryRow>> read_summary_rows(ByteView key, ByteView value);

// Makes a block, or goes on with one.
class SummaryBlock {
 public:
  [[nodiscard]] static Result<SummaryBlock> load(ByteView key, ByteView value);

  void add(const SummaryRow& row);  // not full
  [[nodiscard]] bool is_full() const { return zone_.rows == kSummaryRowsMax; }
  [[nodiscard]] const SummaryZone& zone() const { return zone_; }
  [[nodiscard]] Bytes finish(ByteView key) const;

 private:
  struct Workflow {
    WorkflowHash hash;
    Bytes name;
  };
  std::uint64_t workflow_index(const SummaryRow& row);

  SummaryZone zone_;
  std::vector<Workflow> workflows_;
  Bytes rows_;
};

}  // namespace tenuto
