// The row of one run in a list: its columns and their JSON.
//
// Thread safety: values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/expr/eval.h"
#include "core/journal/live_row.h"
#include "core/journal/summary.h"
#include "core/payload/json_writer.h"
#include "core/query/replay.h"

namespace tenuto {

inline constexpr std::array<std::string_view, 12> kRunColumns = {"id",    "number",  "workflow", "hash",
                                                                 "state", "started", "ended",    "labels",
                                                                 "test",  "error",   "retries",  "tasks"};

// Their numbers, in the order of kRunColumns.
enum class RunColumn : std::uint8_t {
  id,
  number,
  workflow,
  hash,
  state,
  started,
  ended,
  labels,
  test,
  error,
  retries,
  tasks,
};

[[nodiscard]] std::optional<RunColumn> find_column(std::string_view name);

// One column of an ended run as JSON.
void write_column(json::Writer& out, RunColumn column, const SummaryRow& row);

// One row as a JSON object on one line, with the place of each column's value in it.
class RunRowText {
 public:
  void write(const SummaryRow& row);
  // A live run: its state and the counts of its tasks come from its events.
  void write(RunNumber run, const LiveRow& row, std::string_view workflow_name, const Run& state);

  [[nodiscard]] const Bytes& text() const { return text_; }
  [[nodiscard]] ByteView column(RunColumn column) const {
    const Column& at = columns_[static_cast<std::size_t>(column)];
    return ByteView(text_).substr(at.begin, at.size);
  }

 private:
  struct Column {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  class Pen;

  Bytes text_;
  std::array<Column, kRunColumns.size()> columns_;
};

}  // namespace tenuto
