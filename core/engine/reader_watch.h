// Readers that keep the tables from freeing what newer commits replaced: dead ones are cleared, those that stay are named.
//
// A reader is short: it sees one commit of the tables and is done in milliseconds. One that was stopped, or whose process died in the
// middle, holds that commit, and the file of the tables grows by everything that later commits replace. The slot of a dead one is
// given back before the next commit. A living one can't be put out, for it would read what others write over; so it is named, with
// its process and with what it costs, for as long as it stays.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/clock.h"
#include "core/store/lmdb_state.h"
#include "core/store/shared_page.h"

namespace tenuto {

// Seen in two looks that are so far apart, with the same snapshot: it holds the tables. Named well within a minute of being
// stopped, and later than any list or metric takes.
inline constexpr Nanos kReaderHeldNs = 20 * kSecond;

class ReaderWatch {
 public:
  // `readers` as they are now, `used_bytes` of the file of the tables. At most SharedPage::kHeldReaders are kept, the oldest.
  void look(std::span<const StateReader> readers, std::uint64_t used_bytes, WallTime wall, MonoTime now);
  // Those that were held for kReaderHeldNs at the last look, the oldest first.
  [[nodiscard]] std::vector<HeldReader> held() const;

 private:
  struct Seen {
    HeldReader reader;
    std::uint64_t used_bytes;  // when it was seen first
    MonoTime first;
  };
  std::vector<Seen> seen_;  // behind by a commit or more, by age
  MonoTime last_;
};

}  // namespace tenuto
