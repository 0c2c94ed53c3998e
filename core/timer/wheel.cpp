#include "core/timer/wheel.h"

#include <algorithm>
#include <bit>

#include "core/base/check.h"

namespace tenuto {

TimerWheel::TimerWheel(Nanos now) : now_(now), elapsed_(tick_of(now)) {}

TimerHandle TimerWheel::add(Nanos deadline, TimerPayload payload) {
  // Behind elapsed_ but not due: the clock went back. See the head of wheel.h.
  if (deadline > now_ && tick_of(deadline) < elapsed_) rebuild(tick_of(now_));
  if (free_ == kNone) {
    const auto first = static_cast<std::uint32_t>(chunks_.size()) * kChunk;
    TN_CHECK(first < kNone - kChunk);
    chunks_.push_back(std::make_unique<Entry[]>(kChunk));
    for (std::uint32_t i = kChunk; i-- > 0;) {
      entry(first + i).next = free_;
      free_ = first + i;
    }
  }
  const std::uint32_t place = free_;
  Entry& e = entry(place);
  free_ = e.next;
  e.deadline = deadline;
  e.payload = payload;
  e.generation += 1;
  link(place);
  ++size_;
  return {place, e.generation};
}

bool TimerWheel::cancel(TimerHandle handle) {
  if (handle.generation % 2 == 0 || handle.place >= chunks_.size() * kChunk) return false;
  if (entry(handle.place).generation != handle.generation) return false;
  unlink(handle.place);
  release(handle.place);
  return true;
}

void TimerWheel::advance(Nanos now, std::vector<DueTimer>& due) {
  now_ = now;
  const std::size_t before = due.size();
  const Tick target = tick_of(now);
  // Entries behind elapsed_ or within its tick first: after this the current slot may be left behind.
  fire(current_slot(), now, due);
  Tick start = 0;
  while (true) {
    const std::uint32_t slot = first_occupied(&start);
    if (slot == kNone || start > target) break;
    if (start <= elapsed_) break;  // the current slot: what is left there isn't due
    elapsed_ = start;
    if (slot >= kSlots) relink(take_list(slot));
    fire(current_slot(), now, due);
  }
  // By invariant 1 nothing changes its place: no occupied slot begins at or before target, but the current
  // one.
  if (target > elapsed_) elapsed_ = target;
  std::stable_sort(due.begin() + static_cast<std::ptrdiff_t>(before), due.end(),
                   [](const DueTimer& a, const DueTimer& b) { return a.deadline < b.deadline; });
}

Nanos TimerWheel::next_deadline() const {
  Tick start = 0;
  const std::uint32_t slot = first_occupied(&start);
  return slot == kNone ? kNoDeadline : slots_[slot].earliest;
}

std::uint32_t TimerWheel::slot_for(Nanos deadline) const {
  const Tick tick = tick_of(deadline);
  if (tick <= elapsed_) return current_slot();
  const auto level = static_cast<std::uint32_t>((63 - std::countl_zero(tick ^ elapsed_)) / kDigitBits);
  return level * kSlots + static_cast<std::uint32_t>(tick >> (level * kDigitBits)) % kSlots;
}

std::uint32_t TimerWheel::first_occupied(Tick* start) const {
  for (std::uint32_t level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const std::uint32_t shift = level * kDigitBits;
    // By invariant 1 all occupied slots of a level are at or after the digit of elapsed_.
    const auto digit = static_cast<std::uint32_t>(std::countr_zero(occupied_[level]));
    const Tick block = elapsed_ >> shift >> kDigitBits << kDigitBits;
    *start = (block | digit) << shift;
    return level * kSlots + digit;
  }
  return kNone;
}

void TimerWheel::link(std::uint32_t place) {
  Entry& e = entry(place);
  e.slot = slot_for(e.deadline);
  Slot& slot = slots_[e.slot];
  e.next = kNone;
  e.previous = slot.last;
  if (slot.last == kNone) {
    slot.first = place;
    occupied_[e.slot / kSlots] |= std::uint64_t{1} << (e.slot % kSlots);
  } else {
    entry(slot.last).next = place;
  }
  slot.last = place;
  slot.earliest = std::min(slot.earliest, e.deadline);
}

void TimerWheel::unlink(std::uint32_t place) {
  const Entry& e = entry(place);
  Slot& slot = slots_[e.slot];
  (e.previous == kNone ? slot.first : entry(e.previous).next) = e.next;
  (e.next == kNone ? slot.last : entry(e.next).previous) = e.previous;
  if (slot.first == kNone) clear(e.slot);
}

void TimerWheel::clear(std::uint32_t slot) {
  slots_[slot] = Slot();
  occupied_[slot / kSlots] &= ~(std::uint64_t{1} << (slot % kSlots));
}

std::uint32_t TimerWheel::take_list(std::uint32_t slot) {
  const std::uint32_t first = slots_[slot].first;
  clear(slot);
  return first;
}

void TimerWheel::release(std::uint32_t place) {
  Entry& e = entry(place);
  e.generation += 1;
  e.next = free_;
  free_ = place;
  --size_;
}

void TimerWheel::fire(std::uint32_t slot, Nanos now, std::vector<DueTimer>& due) {
  if (slots_[slot].earliest > now) return;
  for (std::uint32_t place = take_list(slot), next = kNone; place != kNone; place = next) {
    Entry& e = entry(place);
    next = e.next;
    if (e.deadline > now) {
      link(place);
      continue;
    }
    due.push_back({e.deadline, e.payload});
    release(place);
  }
}

void TimerWheel::relink(std::uint32_t first) {
  for (std::uint32_t place = first, next = kNone; place != kNone; place = next) {
    next = entry(place).next;
    link(place);
  }
}

void TimerWheel::rebuild(Tick elapsed) {
  std::vector<std::uint32_t> lists;
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].first != kNone) lists.push_back(take_list(slot));
  }
  elapsed_ = elapsed;
  for (const std::uint32_t first : lists) relink(first);
}

}  // namespace tenuto
