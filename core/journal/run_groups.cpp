#include "core/journal/run_groups.h"

#include <algorithm>

namespace tenuto {

void RunGroups::clear() {
  bytes_.clear();
  records_.clear();
  runs_.clear();
  std::fill(table_.begin(), table_.end(), kNone);
}

// Runs of a stretch have numbers near each other: unmixed, they lie near each other in the table too.
std::size_t RunGroups::slot_of(RunNumber run) const {
  std::size_t slot = run.value & (table_.size() - 1);
  while (table_[slot] != kNone && runs_[table_[slot]].run != run) slot = (slot + 1) & (table_.size() - 1);
  return slot;
}

void RunGroups::grow() {
  table_.assign(table_.size() * 2, kNone);
  for (std::uint32_t i = 0; i < runs_.size(); ++i) table_[slot_of(runs_[i].run)] = i;
}

void RunGroups::add(RunNumber run, ByteView record) {
  TN_CHECK(bytes_.size() + record.size() < kNone);  // the materialiser's stretches are far smaller
  const auto index = static_cast<std::uint32_t>(records_.size());
  const auto size = static_cast<std::uint32_t>(record.size());
  records_.push_back({static_cast<std::uint32_t>(bytes_.size()), size, kNone});
  bytes_.append(record);
  const std::size_t slot = slot_of(run);
  if (table_[slot] != kNone) {
    Group& group = runs_[table_[slot]];
    records_[group.last].next = index;
    group.last = index;
    group.size += size;
    return;
  }
  table_[slot] = static_cast<std::uint32_t>(runs_.size());
  runs_.push_back({run, index, index, size});
  if (runs_.size() * 2 > table_.size()) grow();
}

std::vector<RunGroups::Group> RunGroups::sorted() const {
  std::vector<Group> groups = runs_;
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.run < b.run; });
  return groups;
}

}  // namespace tenuto
