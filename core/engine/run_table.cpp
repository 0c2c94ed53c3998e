#include "core/engine/run_table.h"

#include <xxhash.h>

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
  shard.runs.emplace(number.value, run);
  return run;
}

void RunTable::forget(RunRef run, RunNumber number, const Payload& chosen_id) {
  if (!chosen_id.is_null_json()) release_id(chosen_id.view());
  {
    NumberShard& shard = shard_of(number);
    MutexLock lock(shard.mutex);
    shard.runs.erase(number.value);
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
  const auto found = shard.runs.find(number.value);
  return found == shard.runs.end() ? std::nullopt : std::optional(found->second);
}

std::optional<StartIdentity> RunTable::claim_id(std::string_view id, const StartIdentity& identity) {
  IdShard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  const auto [at, inserted] = shard.ids.emplace(id, identity);
  return inserted ? std::nullopt : std::optional(at->second);
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
