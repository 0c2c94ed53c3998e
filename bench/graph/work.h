// What every task of every arm does: it counts itself. The sum shows that no arm leaves work out.
#pragma once

#include <atomic>
#include <cstdint>

namespace tenuto::bench {

// One line of cache per thread: threads that count don't meet.
struct alignas(64) WorkSlot {
  std::atomic<std::uint64_t> count{0};
};

WorkSlot* new_work_slot();
inline constinit thread_local WorkSlot* work_slot = nullptr;

// Any thread. Nobody else writes the thread's slot, so no read-modify-write is needed.
inline void do_work() {
  if (work_slot == nullptr) work_slot = new_work_slot();
  work_slot->count.store(work_slot->count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// Of all threads since the program began. Exact when the counted work happened before the call.
std::uint64_t work_done();

}  // namespace tenuto::bench
