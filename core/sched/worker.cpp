#include "core/sched/worker.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "core/base/limits.h"
#include "core/base/spin.h"
#include "core/sched/scheduler.h"

namespace tenuto {
namespace {

// Items taken from the injection queue or from a victim at once. Bounds how long the rest is in nobody's
// sight.
constexpr std::size_t kBatchMax = 64;

// Looks around before sleeping: 5 to 10 microseconds together, about what the wake-up costs that it may save.
constexpr int kSpinRounds = kIsModel ? 1 : 32;
constexpr int kPausesPerRound = 4;

}  // namespace

Worker::Worker(Scheduler& scheduler, std::uint32_t index, std::uint64_t seed)
    : scheduler_(scheduler),
      index_(index),
      random_(mix64(seed ^ index)),
      producer_(scheduler.injected_),
      consumer_(scheduler.injected_) {}

void Worker::push(WorkItem item) {
  push_bulk(std::span<const WorkItem>(&item, 1));
}

void Worker::push_bulk(std::span<const WorkItem> items) {
  if (items.empty()) return;
  deque_.push_bulk(items);
  scheduler_.wake_one(Visible::by_seq_cst_store);
}

void Worker::set_next(WorkItem item) {
  const WorkItem displaced = next_;
  next_ = item;
  if (!displaced.is_none()) push(displaced);
}

void Worker::push_global(WorkItem item) {
  scheduler_.injected_.push(producer_, item);
  scheduler_.wake_one(Visible::by_release);
}

bool Worker::run_one() {
  const WorkItem item = find_work();
  if (!item.is_none()) {
    if (searching_) stop_searching_with_work();
    ++tick_;
    scheduler_.handler_.execute(item, *this);
    return true;
  }
  // Idle work may take long (a commit): nobody may count on this worker as a searcher meanwhile.
  if (searching_ && stop_searching_without_work()) return true;
  // The post is taken before the handler looks: one that comes later stays for the next round.
  const bool posted = scheduler_.take_idle_post();
  return scheduler_.handler_.idle_work(*this) || posted;
}

WorkItem Worker::take_more(WorkKind kind) {
  // What comes first in find_work() keeps its turn.
  const std::uint32_t phase = tick_ % limits::kInjectionInterval;
  if (phase == 0 || phase == limits::kInjectionInterval / 2 || !next_.is_none()) return WorkItem();
  const WorkItem item = deque_.pop();
  if (item.is_none()) return item;
  if (item.kind() != kind) {
    set_next(item);
    return WorkItem();
  }
  ++tick_;
  return item;
}

WorkItem Worker::find_work() {
  if (WorkItem item = take_for_fairness(); !item.is_none()) return item;
  if (WorkItem item = take_next(); !item.is_none()) return item;
  if (WorkItem item = deque_.pop(); !item.is_none()) return item;
  if (WorkItem item = take_injected_batch(); !item.is_none()) return item;
  return search();
}

WorkItem Worker::take_for_fairness() {
  const std::uint32_t phase = tick_ % limits::kInjectionInterval;
  if (phase == 0) return scheduler_.injected_.pop(consumer_);
  if (phase == limits::kInjectionInterval / 2) return deque_.steal();
  return WorkItem();
}

WorkItem Worker::take_next() {
  if (next_.is_none()) {
    next_streak_ = 0;
    return WorkItem();
  }
  const WorkItem item = next_;
  next_ = WorkItem();
  if (next_streak_ < limits::kRunNextStreakMax) {
    ++next_streak_;
    return item;
  }
  // The streak is over: the oldest item goes first, and this one where the others can get it.
  next_streak_ = 0;
  const WorkItem oldest = deque_.steal();
  if (oldest.is_none()) return item;
  push(item);
  return oldest;
}

WorkItem Worker::take_injected_batch() {
  std::array<WorkItem, kBatchMax> batch;
  const std::size_t share = scheduler_.injected_.size_approx() / scheduler_.worker_count() + 1;
  const std::size_t count =
      scheduler_.injected_.pop_bulk(consumer_, std::span(batch.data(), std::min(share, batch.size())));
  if (count == 0) return WorkItem();
  // The rest was in nobody's sight for a moment: a searcher that missed it may have gone to sleep, so
  // push_bulk wakes. Reversed, so that the first injected is the first popped.
  std::reverse(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
  push_bulk(std::span<const WorkItem>(batch.data(), count - 1));
  return batch[count - 1];
}

WorkItem Worker::search() {
  if (!searching_ && !start_searching()) return WorkItem();
  const std::uint32_t count = scheduler_.worker_count();
  const auto first = static_cast<std::uint32_t>(random_.below(count));
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t victim = (first + i) % count;
    if (victim == index_) continue;
    if (WorkItem item = steal_from(scheduler_.worker(victim)); !item.is_none()) return item;
  }
  return take_injected_batch();
}

WorkItem Worker::steal_from(Worker& victim) {
  std::array<WorkItem, kBatchMax> batch;
  std::size_t count = 0;
  victim.deque_.steal_up_to_half(batch.size(), [&](WorkItem item) { batch[count++] = item; });
  if (count == 0) return WorkItem();
  // No wake-up here: this worker is searching, and leaving that state sees to it.
  std::reverse(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
  deque_.push_bulk(std::span<const WorkItem>(batch.data(), count - 1));
  return batch[count - 1];
}

bool Worker::start_searching() {
  searching_ = scheduler_.idle_.working_to_searching();
  return searching_;
}

void Worker::stop_searching_with_work() {
  searching_ = false;
  if (scheduler_.idle_.searching_to_working()) scheduler_.wake_one(Visible::by_release);
}

bool Worker::stop_searching_without_work() {
  searching_ = false;
  // A post of idle work is not looked at: run_one() takes it right after this.
  if (!scheduler_.idle_.searching_to_working() || !scheduler_.is_item_pending()) return false;
  // There may be more than one item, and their bringer woke nobody because we searched. So it must be a searcher that finds the first:
  // we, who then wake the next, or, when we are refused, one of those who search by now.
  (void)start_searching();
  return true;
}

void Worker::run_one_or_park() {
  if (run_one()) return;
  if (spin()) return;
  park();
}

bool Worker::spin() {
  if (!start_searching()) return false;
  for (int round = 0; round < kSpinRounds; ++round) {
    if (scheduler_.is_work_pending() || scheduler_.stopping()) return true;
    for (int i = 0; i < kPausesPerRound; ++i) pause_cpu();
  }
  return false;
}

void Worker::park() {
  TN_DCHECK(next_.is_none());
  const bool look_again =
      searching_ ? scheduler_.idle_.searching_to_parked(index_) : scheduler_.idle_.working_to_parked(index_);
  // Whoever is woken here, perhaps this worker itself, finds it.
  if (look_again && scheduler_.is_work_pending()) scheduler_.wake_one(Visible::by_release);
  parker_.park();
  // Whoever woke us made us a searcher: parked_to_searching. (Or stop() did; then it no longer matters.)
  searching_ = true;
}

}  // namespace tenuto
