// What a filter says about single columns, as tests that rule rows out before anything else of them is read.
//
// `a && b && …` holds only where each part holds, so a part over one column may be asked alone, and by a cheaper way:
//  - `column < literal` and its like over number, started and ended: as a range of numbers;
//  - over state, test, workflow, hash and retries, which have few values: once for each value;
//  - over labels and error: once for runs without any;
//  - over any other column, and these: on the text of this column alone, only where the others let the row through, and only
//    when it is not that of the row before.
// The evaluator itself gives the answers but for ranges. A row that passes must still be asked the whole condition: tests only
// rule out what it would refuse.
//
// Thread safety: one thread at a time. `filter` outlives the tests.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/expr/eval.h"
#include "core/journal/summary.h"
#include "core/query/number_range.h"
#include "core/query/run_filter.h"
#include "core/query/run_row.h"

namespace tenuto {

struct ColumnRange {
  SummaryColumn column;  // run, started or ended
  NumberRange numbers;
};

class ColumnTests {
 public:
  explicit ColumnTests(const RunFilter& filter);

  // False when no row of such a block passes.
  [[nodiscard]] bool may_hold(const SummaryZone& zone) const;
  // The rows of a block that pass the tests of its columns, ascending; valid until the next call.
  [[nodiscard]] std::span<const std::uint32_t> select(const SummaryReader& block);
  // The tests of the other columns.
  [[nodiscard]] bool may_hold(const SummaryRow& row);

 private:
  // A part of the condition, with the name of one column in it, and the text it was asked about last.
  struct Part {
    RunColumn column;
    expr::Program program;
    Bytes text = {};
    bool passed = false;
  };
  void add_condition(const expr::Program& where);
  void add_part(Part part);
  void select_workflows(const SummaryReader& block);
  // From now on rows pass only if `wanted(bits)`.
  template <class Wanted>
  void keep_bits(Wanted&& wanted);
  bool passes(Part& part, const SummaryRow& row);
  bool passes(const SummaryWorkflow& workflow);
  bool passes_retries(std::uint64_t retries);

  const RunFilter& filter_;
  std::uint16_t states_;
  std::array<bool, kSummaryBitsEnd> bits_;
  std::vector<ColumnRange> ranges_;
  std::vector<Part> of_workflow_;
  std::vector<Part> of_retries_;
  std::vector<Part> of_text_;
  std::unordered_map<WorkflowHash, bool> known_workflows_;
  std::unordered_map<std::uint64_t, bool> known_retries_;

  expr::Evaluator evaluator_;
  Bytes text_;
  std::vector<std::uint32_t> rows_;
  std::vector<char> workflow_passes_;  // by index in the block
};

}  // namespace tenuto
