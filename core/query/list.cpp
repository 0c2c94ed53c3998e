#include "core/query/list.h"

#include "core/query/select.h"

namespace tenuto {

Result<Bytes> list_runs(const View& view, std::string_view query, WallTime) {
  TN_ASSIGN(const RunFilter filter, parse_run_filter(query));
  TN_ASSIGN(const std::vector<SelectedRun> runs, select_runs(view, filter));
  Bytes text;
  for (const SelectedRun& run : runs) {
    text += run.row;
    text += '\n';
  }
  return text;
}

}  // namespace tenuto
