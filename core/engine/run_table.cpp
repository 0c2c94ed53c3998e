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
  const std::uint32_t slot = slots_.acquire();
  if (slot == Slab<RunSlot>::kNone) return std::nullopt;
  // Relaxed: only forget() changes it, and that happened before the slot could be acquired again.
  const RunRef run{slot, slots_.at(slot).generation.load(std::memory_order_relaxed)};
  size_.fetch_add(1, std::memory_order_relaxed);
  NumberShard& shard = shard_of(number);
  MutexLock lock(shard.mutex);
  shard.runs.insert(number, run);
  return run;
}

void RunTable::forget(RunRef run, RunNumber number, const Payload& chosen_id) {
  if (!chosen_id.is_null_json()) release_id(chosen_id.view());
  {
    NumberShard& shard = shard_of(number);
    MutexLock lock(shard.mutex);
    shard.runs.erase(number);
  }
  RunSlot& slot = slots_.at(run.slot);
  slot.run = Run();
  slot.extra.reset();
  slot.chosen_id = Payload();
  slot.in_flight = 0;
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
  return shard.runs.find(number);
}

std::string RunTable::id_of(RunNumber number, std::uint64_t store_key) const {
  NumberShard& shard = shard_of(number);
  // Under the lock the run can't be forgotten: forget() takes it out of the shard before it touches the slot. Time and id
  // don't change once it has begun.
  MutexLock lock(shard.mutex);
  const auto run = shard.runs.find(number);
  if (!run.has_value()) return {};
  const RunSlot& slot = slots_.at(run->slot);
  if (!slot.chosen_id.is_null_json()) return std::string(slot.chosen_id.view());
  return make_run_id(slot.started, number, store_key);
}

void RunTable::keep_id(std::string_view id, const StartIdentity& identity) {
  IdShard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  shard.ids.emplace(id, identity);
}

std::optional<StartIdentity> RunTable::find_id(std::string_view id) const {
  IdShard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  const auto found = shard.ids.find(std::string(id));
  return found == shard.ids.end() ? std::nullopt : std::optional(found->second);
}

void RunTable::release_id(std::string_view id) {
  IdShard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  shard.ids.erase(std::string(id));
}

}  // namespace tenuto
