#include "core/engine/run_table.h"

#include <xxhash.h>

#include "core/base/run_id.h"

namespace tenuto {

StartIdentity identity_of(RunNumber number, const WorkflowHash& workflow, const Payload& input) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(input.view().data(), input.view().size(),
                                                   static_cast<std::uint64_t>(input.content_type()));
  return {number, workflow, hash.high64, hash.low64};
}

std::optional<RunRef> RunTable::add(RunNumber number) {
  if (number.value > NumberMap::kNumberMax) return std::nullopt;
  const std::uint32_t slot = slots_.acquire();
  if (slot == Slab<RunSlot>::kNone) return std::nullopt;
  return enter(number, slot);
}

std::optional<RunRef> RunTable::Adder::add(RunNumber number) {
  if (number.value > NumberMap::kNumberMax) return std::nullopt;
  if (taken_ == count_) {
    taken_ = 0;
    count_ = table_.slots_.acquire(slots_);
    if (count_ == 0) return std::nullopt;
  }
  if (entries_.size() == kEntriesMax) flush();
  const std::uint32_t slot = slots_[taken_++];
  entries_.push_back({number, slot});
  // Relaxed: as in enter().
  return RunRef{slot, table_.slots_.at(slot).generation.load(std::memory_order_relaxed)};
}

// Shard by shard, so that each is locked once.
void RunTable::Adder::flush() {
  if (entries_.empty()) return;
  // Where the entries of each shard end, when they lie shard by shard.
  std::array<std::uint16_t, kNumberShards> ends{};
  static_assert(kEntriesMax <= 0xFFFF);
  for (const Entry& entry : entries_) ++ends[entry.number.value % kNumberShards];
  for (std::size_t i = 1; i < kNumberShards; ++i) ends[i] = static_cast<std::uint16_t>(ends[i] + ends[i - 1]);
  sorted_.resize(entries_.size());
  for (std::size_t i = entries_.size(); i-- > 0;)
    sorted_[--ends[entries_[i].number.value % kNumberShards]] = entries_[i];
  for (std::size_t i = 0; i < sorted_.size();) {
    NumberShard& shard = table_.shard_of(sorted_[i].number);
    MutexLock lock(shard.mutex);
    for (; i < sorted_.size() && &table_.shard_of(sorted_[i].number) == &shard; ++i)
      shard.runs.insert(sorted_[i].number, sorted_[i].slot);
  }
  table_.size_.fetch_add(entries_.size(), std::memory_order_relaxed);
  entries_.clear();
}

void RunTable::reserve(std::size_t count) {
  for (NumberShard& shard : numbers_) {
    MutexLock lock(shard.mutex);
    shard.runs.reserve(shard.runs.size() + count / kNumberShards);
  }
}

RunRef RunTable::enter(RunNumber number, std::uint32_t slot) {
  size_.fetch_add(1, std::memory_order_relaxed);
  NumberShard& shard = shard_of(number);
  MutexLock lock(shard.mutex);
  shard.runs.insert(number, slot);
  // Relaxed: only forget() changes it, and that happened before the slot could be acquired again.
  return {slot, slots_.at(slot).generation.load(std::memory_order_relaxed)};
}

void RunTable::forget(RunRef run, RunNumber number) {
  std::string id;
  {
    NumberShard& shard = shard_of(number);
    MutexLock lock(shard.mutex);
    shard.runs.erase(number);
    if (auto chosen = shard.chosen.extract(number)) id = std::move(chosen.mapped());
  }
  if (!id.empty()) {
    IdShard& shard = shard_of(id);
    MutexLock lock(shard.mutex);
    shard.ids.erase(id);
  }
  RunSlot& slot = slots_.at(run.slot);
  slot.run = Run();
  slot.extra.reset();
  slot.in_flight = 0;
  slot.parked.store(false, std::memory_order_relaxed);
  slot.binding = nullptr;
  slot.generation.store(run.generation + 1, std::memory_order_release);
  size_.fetch_sub(1, std::memory_order_relaxed);
  // The next run of this slot may send its first message at once: the caller is still the mailbox's processor and will
  // meet it, with its new generation.
  slots_.release(run.slot);
}

std::optional<RunRef> RunTable::find(RunNumber number) const {
  NumberShard& shard = shard_of(number);
  MutexLock lock(shard.mutex);
  const auto slot = shard.runs.find(number);
  if (!slot.has_value()) return std::nullopt;
  // Relaxed: forget() takes the run out of the shard before it changes the generation.
  return RunRef{*slot, slots_.at(*slot).generation.load(std::memory_order_relaxed)};
}

std::string RunTable::id_of(RunNumber number, const StoreKeys& store_key) const {
  NumberShard& shard = shard_of(number);
  // Under the lock the run can't be forgotten: forget() takes it out of the shard before it touches the slot. Its time
  // doesn't change once it has begun.
  MutexLock lock(shard.mutex);
  const auto slot = shard.runs.find(number);
  if (!slot.has_value()) return {};
  if (const auto chosen = shard.chosen.find(number); chosen != shard.chosen.end()) return chosen->second;
  return make_run_id(slots_.at(*slot).started, number, store_key);
}

void RunTable::keep_id(std::string_view id, const StartIdentity& identity) {
  IdShard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  keep_id_locked(shard, id, identity);
}

void RunTable::keep_id_locked(IdShard& ids, std::string_view id, const StartIdentity& identity) {
  ids.ids.emplace(id, identity);
  NumberShard& numbers = shard_of(identity.number);
  MutexLock lock(numbers.mutex);
  numbers.chosen.emplace(identity.number, id);
}

std::optional<StartIdentity> RunTable::find_id(std::string_view id) const {
  IdShard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  const auto found = shard.ids.find(std::string(id));
  return found == shard.ids.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace tenuto
