// Blocks of table `summaries`: up to 128 rows of ended runs with a zone map, so that lists and filters scan few bytes.
//
// A block's value (docs/file-format.md has the bytes) is read as far as it is of use: a head of fixed size with the zone map and
// a checksum; then what filters ask for, column by column, and the workflows that the rows name, with a checksum of all up to
// there; then the rest of each row; then a checksum of all.
//
// Thread safety: values; functions without state.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/journal/packed_column.h"
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
  std::uint32_t chunks = 0;  // of its history: keys (run, 0) to (run, chunks - 1); 0: it is in a pack
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

// What a block has in columns.
enum class SummaryColumn : std::uint8_t {
  run = 0,       // its number
  started = 1,   // column_number() of the time
  ended = 2,     // column_number() of the time
  state = 3,     // the number of the state
  bits = 4,      // kSummaryIdChosen | kSummaryTest | …
  workflow = 5,  // index into the block's workflows
  retries = 6,
  row_end = 7,  // where the rest of the row ends, counted from the first row's beginning
};
inline constexpr std::size_t kSummaryColumns = 8;
inline constexpr std::uint64_t kSummaryIdChosen = 1;
inline constexpr std::uint64_t kSummaryTest = 2;
inline constexpr std::uint64_t kSummaryLabels = 4;  // it has labels
inline constexpr std::uint64_t kSummaryError = 8;   // it has an error
inline constexpr std::size_t kSummaryBitsEnd = 16;  // all of them are below; other bits are 0

// Times as numbers in the same order.
[[nodiscard]] inline std::uint64_t column_number(WallTime time) {
  return static_cast<std::uint64_t>(time.ns) ^ std::uint64_t{1} << 63;
}
[[nodiscard]] inline WallTime column_time(std::uint64_t number) {
  return WallTime{static_cast<Nanos>(number ^ std::uint64_t{1} << 63)};
}

[[nodiscard]] std::uint64_t summary_bits(const SummaryRow& row);

struct SummaryWorkflow {
  WorkflowHash hash;
  ByteView name;
};

// The zone map alone; damaged, newer_format. `key` is the block's key.
[[nodiscard]] Result<SummaryZone> read_summary_zone(ByteView key, ByteView value);

// A block, read as far as it is asked for. Views live as long as `key` and `value`.
class SummaryReader {
 public:
  // Reads and checks the columns; damaged, newer_format.
  [[nodiscard]] static Result<SummaryReader> open(ByteView key, ByteView value);

  [[nodiscard]] std::uint32_t rows() const { return zone_.rows; }
  [[nodiscard]] const SummaryZone& zone() const { return zone_; }
  [[nodiscard]] const PackedColumn& column(SummaryColumn column) const {
    return columns_[static_cast<std::size_t>(column)];
  }
  [[nodiscard]] std::span<const SummaryWorkflow> workflows() const { return workflows_; }
  // What is not in the columns, of all rows; the first call checks it. damaged.
  [[nodiscard]] Result<ByteView> rest();
  // All of a row; `index` < rows(). damaged.
  [[nodiscard]] Status read_row(std::size_t index, SummaryRow& row);

 private:
  SummaryReader(ByteView key, ByteView value) : key_(key), value_(value) {}
  [[nodiscard]] Status read_columns(ByteView section);

  ByteView key_;
  ByteView value_;
  SummaryZone zone_;
  std::array<PackedColumn, kSummaryColumns> columns_;
  std::vector<SummaryWorkflow> workflows_;
  std::size_t rest_begin_ = 0;
  ByteView rest_;
  bool rest_checked_ = false;
};

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
  std::array<std::vector<std::uint64_t>, kSummaryColumns> columns_;
  std::vector<Workflow> workflows_;
  Bytes rest_;
};

}  // namespace tenuto
