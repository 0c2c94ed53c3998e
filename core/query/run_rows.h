// All runs of a view as rows: ended ones in blocks with a zone map, live ones one by one.
//
// Runs that ended in the tail come in blocks too, just as the materialiser will write them: so whoever reads rows can't tell
// how far the tables are.
//
// Thread safety: that of View. Errors: those of View.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "core/journal/live_row.h"
#include "core/journal/summary.h"
#include "core/query/view.h"

namespace tenuto {

class RunRows {
 public:
  // `view` outlives the rows.
  static Result<RunRows> of(const View& view);

  // Blocks of ended runs, in no order that matters. The bytes live as long as the view and the rows.
  using BlockVisitor = std::function<Status(const SummaryZone& zone, ByteView key, ByteView value)>;
  Status for_each_block(const BlockVisitor& visit) const;

  // Live runs, newest first, until the visitor returns false.
  using LiveVisitor = std::function<Result<bool>(RunNumber run, const LiveRow& row)>;
  Status for_each_live(const LiveVisitor& visit) const;

 private:
  explicit RunRows(const View& view) : view_(view) {}
  Status add_ended(const TailRun& run);
  void close_block();

  const View& view_;
  std::vector<std::pair<Bytes, Bytes>> tail_blocks_;      // key, value
  std::vector<std::pair<RunNumber, LiveRow>> tail_live_;  // began in the tail, ascending
  SummaryBlock open_;
};

}  // namespace tenuto
