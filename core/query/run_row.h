// The row of one run in a list: its columns and their JSON.
//
// Thread safety: values.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "core/expr/eval.h"
#include "core/journal/live_row.h"
#include "core/journal/summary.h"
#include "core/query/replay.h"

namespace tenuto {

inline constexpr std::array<std::string_view, 12> kRunColumns = {"id",    "number",  "workflow", "hash",
                                                                 "state", "started", "ended",    "labels",
                                                                 "test",  "error",   "retries",  "tasks"};

// The number of a column.
[[nodiscard]] std::optional<std::size_t> find_column(std::string_view name);

// One row as a JSON object on one line, with the place of each column's value in it.
class RunRowText {
 public:
  void write(const SummaryRow& row);
  // A live run: its state and the counts of its tasks come from its events.
  void write(RunNumber run, const LiveRow& row, std::string_view workflow_name, const Run& state);

  [[nodiscard]] const Bytes& text() const { return text_; }
  [[nodiscard]] ByteView column(std::size_t number) const {
    return ByteView(text_).substr(columns_[number].begin, columns_[number].size);
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
