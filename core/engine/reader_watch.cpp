#include "core/engine/reader_watch.h"

#include <algorithm>

namespace tenuto {

void ReaderWatch::look(std::span<const StateReader> readers, std::uint64_t used_bytes, WallTime wall,
                       MonoTime now) {
  last_ = now;
  const auto is_same = [](const StateReader& reader, const Seen& seen) {
    return reader.pid == seen.reader.pid && reader.snapshot == seen.reader.snapshot;
  };
  // One that reads the newest commit holds nothing. It is counted from the first look at which it is behind.
  const auto holds = [](const StateReader& reader) {
    return reader.in_transaction && reader.commits_behind > 0;
  };
  std::erase_if(seen_, [&](const Seen& seen) {
    return std::none_of(readers.begin(), readers.end(),
                        [&](const StateReader& reader) { return holds(reader) && is_same(reader, seen); });
  });
  for (const StateReader& reader : readers) {
    if (!holds(reader)) continue;
    const auto known =
        std::find_if(seen_.begin(), seen_.end(), [&](const Seen& seen) { return is_same(reader, seen); });
    if (known != seen_.end()) {
      known->reader.grown_bytes = used_bytes > known->used_bytes ? used_bytes - known->used_bytes : 0;
    } else if (seen_.size() < SharedPage::kHeldReaders) {
      seen_.push_back({{reader.pid, reader.snapshot, wall, 0}, used_bytes, now});
    }
  }
}

std::vector<HeldReader> ReaderWatch::held() const {
  std::vector<HeldReader> held;
  for (const Seen& seen : seen_) {
    if (last_.ns - seen.first.ns >= kReaderHeldNs) held.push_back(seen.reader);
  }
  return held;
}

}  // namespace tenuto
