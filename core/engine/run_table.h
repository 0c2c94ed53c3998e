// The live runs: by slot, by number, by chosen id.
//
// Thread safety: all functions by any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/ids.h"
#include "core/base/sync.h"
#include "core/engine/number_map.h"
#include "core/engine/run_slot.h"
#include "core/engine/slab.h"

namespace tenuto {

// What a second start under the same id is held against.
struct StartIdentity {
  RunNumber number;
  WorkflowHash workflow;
  std::uint64_t input_high = 0;
  std::uint64_t input_low = 0;
  [[nodiscard]] bool same_request(const StartIdentity& other) const {
    return workflow == other.workflow && input_high == other.input_high && input_low == other.input_low;
  }
};

[[nodiscard]] StartIdentity identity_of(RunNumber number, const WorkflowHash& workflow, const Payload& input);

class RunTable {
 public:
  // A slot for a new run; nullopt when kChunksMax are in use.
  std::optional<RunRef> add(RunNumber number);
  // By the run's processor, after its last event is in the tables. Stale messages are told by the generation.
  void forget(RunRef run, RunNumber number, const Payload& chosen_id);

  [[nodiscard]] RunSlot& at(std::uint32_t slot) const { return slots_.at(slot); }
  [[nodiscard]] std::optional<RunRef> find(RunNumber number) const;
  // The id of a live run that has begun, as people see it; empty for any other.
  [[nodiscard]] std::string id_of(RunNumber number, std::uint64_t store_key) const;
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

  // Claims a chosen id. The run that has it already, or nullopt: it is the caller's now. `stored() ->
  // Result<std::optional<StartIdentity>>` looks among the runs that are no longer live; it is called under the id's lock,
  // so that nobody meets a claim that is given up again.
  template <class Stored>
  Result<std::optional<StartIdentity>> claim_id(std::string_view id, const StartIdentity& identity,
                                                Stored&& stored) {
    IdShard& shard = shard_of(id);
    MutexLock lock(shard.mutex);
    if (const auto found = shard.ids.find(std::string(id)); found != shard.ids.end())
      return std::optional(found->second);
    TN_ASSIGN(const std::optional<StartIdentity> ended, stored());
    if (!ended.has_value()) shard.ids.emplace(id, identity);
    return ended;
  }
  // Of a run that recovery found.
  void keep_id(std::string_view id, const StartIdentity& identity);
  [[nodiscard]] std::optional<StartIdentity> find_id(std::string_view id) const;
  void release_id(std::string_view id);

 private:
  static constexpr std::size_t kShards = 64;
  struct NumberShard {
    mutable Mutex mutex;
    NumberMap runs TN_GUARDED_BY(mutex);
  };
  struct IdShard {
    mutable Mutex mutex;
    std::unordered_map<std::string, StartIdentity> ids TN_GUARDED_BY(mutex);
  };
  [[nodiscard]] NumberShard& shard_of(RunNumber number) const { return numbers_[number.value % kShards]; }
  [[nodiscard]] IdShard& shard_of(std::string_view id) const {
    return ids_[std::hash<std::string_view>{}(id) % kShards];
  }

  Slab<RunSlot> slots_;
  std::atomic<std::size_t> size_{0};
  mutable std::array<NumberShard, kShards> numbers_;
  mutable std::array<IdShard, kShards> ids_;
};

}  // namespace tenuto
