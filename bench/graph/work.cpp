#include "bench/graph/work.h"

#include <deque>
#include <mutex>

namespace tenuto::bench {

namespace {

// Slots outlive their threads: the work of an ended thread still counts.
std::mutex slots_mutex;
std::deque<WorkSlot> slots;

}  // namespace

WorkSlot* new_work_slot() {
  const std::lock_guard lock(slots_mutex);
  return &slots.emplace_back();
}

std::uint64_t work_done() {
  const std::lock_guard lock(slots_mutex);
  std::uint64_t sum = 0;
  for (const WorkSlot& slot : slots) sum += slot.count.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace tenuto::bench
