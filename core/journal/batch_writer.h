// Collects the records of one step of a processor and appends them to the ring in as few batches as they fit in.
//
// Thread safety: one thread at a time; each worker has one and its buffer keeps its memory.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/bytes.h"
#include "core/journal/ring.h"
#include "core/machine/event.h"

namespace tenuto {

class BatchWriter {
 public:
  void add(const Event& event);
  [[nodiscard]] bool empty() const { return records_.empty(); }
  // Appends what was added since the last flush, in order. Returns the position that must be durable before anything that follows
  // from these events may leave the engine; Ring::kNever when the waiter gave up. There must be something.
  Position flush(Ring& ring, FullWaiter& waiter);

 private:
  Bytes records_;
  std::vector<std::size_t> cuts_;  // ends of the batches before the last one
  std::size_t batch_start_ = 0;    // of the last one
};

}  // namespace tenuto
