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
#include <vector>

#include "core/base/ids.h"
#include "core/base/store_keys.h"
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
  // A slot for a new run; nullopt when all slots are in use, or all numbers (NumberMap::kNumberMax) are used up.
  std::optional<RunRef> add(RunNumber number);
  // Room for `count` runs more, whose numbers follow each other, nearly.
  void reserve(std::size_t count);
  // By the run's processor, after its last event is in the tables. Its chosen id, if it has one, is free again. Stale messages
  // are told by the generation.
  void forget(RunRef run, RunNumber number);

  [[nodiscard]] RunSlot& at(std::uint32_t slot) const { return slots_.at(slot); }
  [[nodiscard]] std::optional<RunRef> find(RunNumber number) const;
  // The id of a live run that has begun, or was given a chosen one, as people see it; empty for any other.
  [[nodiscard]] std::string id_of(RunNumber number, const StoreKeys& store_key) const;
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

  // Adds many runs with few looks into the slab and the shards, which threads that add at the same time would fight for.
  // One thread at a time; others use the table meanwhile.
  class Adder {
   public:
    explicit Adder(RunTable& table) : table_(table) { entries_.reserve(kEntriesMax); }
    ~Adder() {
      flush();
      table_.slots_.release(std::span(slots_).subspan(taken_, count_ - taken_));
    }
    Adder(const Adder&) = delete;
    Adder& operator=(const Adder&) = delete;
    // As RunTable::add(), but the run can be found only after the next flush().
    std::optional<RunRef> add(RunNumber number);
    void flush();

   private:
    struct Entry {
      RunNumber number;
      std::uint32_t slot;
    };
    // Some tens for each shard when numbers follow each other.
    static constexpr std::size_t kEntriesMax = 1u << 13;

    RunTable& table_;
    std::array<std::uint32_t, 256> slots_;
    std::size_t taken_ = 0;
    std::size_t count_ = 0;
    std::vector<Entry> entries_;  // not in the shards yet
    std::vector<Entry> sorted_;   // scratch of flush()
  };

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
    if (!ended.has_value()) keep_id_locked(shard, id, identity);
    return ended;
  }
  // Of a run that recovery found.
  void keep_id(std::string_view id, const StartIdentity& identity);
  [[nodiscard]] std::optional<StartIdentity> find_id(std::string_view id) const;

 private:
  static constexpr std::size_t kNumberShards = NumberMap::kStride;
  static constexpr std::size_t kIdShards = 64;
  static_assert(std::uint64_t{Slab<RunSlot>::kChunksMax} * Slab<RunSlot>::kChunkObjects <=
                NumberMap::kSlotsMax);
  struct NumberShard {
    mutable Mutex mutex;
    NumberMap runs TN_GUARDED_BY(mutex);
    // The chosen ids. All other ids follow from number and time, so that a slot need not hold any.
    std::unordered_map<RunNumber, std::string> chosen TN_GUARDED_BY(mutex);
  };
  struct IdShard {
    mutable Mutex mutex;
    std::unordered_map<std::string, StartIdentity> ids TN_GUARDED_BY(mutex);
  };
  [[nodiscard]] NumberShard& shard_of(RunNumber number) const {
    return numbers_[number.value % kNumberShards];
  }
  [[nodiscard]] IdShard& shard_of(std::string_view id) const {
    return ids_[std::hash<std::string_view>{}(id) % kIdShards];
  }
  RunRef enter(RunNumber number, std::uint32_t slot);
  void keep_id_locked(IdShard& shard, std::string_view id, const StartIdentity& identity)
      TN_REQUIRES(shard.mutex);

  Slab<RunSlot> slots_;
  std::atomic<std::size_t> size_{0};
  mutable std::array<NumberShard, kNumberShards> numbers_;
  mutable std::array<IdShard, kIdShards> ids_;
};

}  // namespace tenuto
