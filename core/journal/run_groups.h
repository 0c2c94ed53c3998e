// Sorts the records of a stretch of the journal by run, for one transaction of the materialiser.
//
// Records are copied once into one buffer and chained by run; nothing is allocated for a record or a run once the
// buffers have grown.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/journal/record.h"

namespace tenuto {

class RunGroups {
 public:
  RunGroups() : table_(1024, kNone) {}

  void clear();
  void add(RunNumber run, ByteView record);
  [[nodiscard]] bool empty() const { return runs_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  // The runs in ascending order, as arguments of for_each_record().
  struct Group {
    RunNumber run;
    std::uint32_t first = 0;  // index of the first record
    std::uint32_t last = 0;
    std::uint32_t size = 0;  // bytes of all records
  };
  [[nodiscard]] std::vector<Group> sorted() const;

  // Asks the caches for a run's records. They lie where the journal had them, each far from the others, so a loop over the sorted
  // runs spends most of its time waiting for memory unless it asks for the next ones in time.
  void prefetch(const Group& group) const {
    for (std::uint32_t i = group.first; i != kNone; i = records_[i].next) {
      __builtin_prefetch(bytes_.data() + records_[i].offset);
    }
  }
  void prefetch_first(const Group& group) const { __builtin_prefetch(&records_[group.first]); }

  // Calls `visit(ByteView record)` for each record of the run in the order in which they were added. Views live until clear().
  template <class Visit>
  void for_each_record_of(const Group& group, Visit&& visit) const {
    for (std::uint32_t i = group.first; i != kNone; i = records_[i].next) {
      visit(ByteView(bytes_).substr(records_[i].offset, records_[i].size));
    }
  }

 private:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFFu;
  struct Record {
    std::uint32_t offset;
    std::uint32_t size;
    std::uint32_t next;  // of the same run
  };
  [[nodiscard]] std::size_t slot_of(RunNumber run) const;
  void grow();

  Bytes bytes_;
  std::vector<Record> records_;
  std::vector<Group> runs_;
  std::vector<std::uint32_t> table_;  // open addressing: index into runs_; a power of two, at most half full
};

}  // namespace tenuto
