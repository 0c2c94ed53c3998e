// The keys of the state tables: the order of the bytes is the order of the values.
//
// Numbers are big-endian, so that they compare as they count; a signed time has its sign bit turned over. Text that
// is the whole key stands as it is; text before other fields ends with 00 01, and a zero byte in it is 00 FF, so that
// "a" with any follower comes before "a" 00 and "ab".
//
//   table       key                                                     bytes
//   meta        name                                                    text
//   workflows   hash                                                    16
//   live        run                                                     8
//   history     run, chunk                                              12
//   summaries   block                                                   8
//   keys        caller-chosen run id                                    text
//   commands    command id                                              16
//   timers      due time, run, number within the run                    20
//   schedules   name                                                    text
//   limits      name                                                    text
//   stats       workflow name, hour since 1970, task (number of a name) text + 14
//   audit       block                                                   8
//   packs       last run                                                8
//
// A function x_key() encodes; parse_x_key() gives the fields back, or nothing when the bytes are no such key.
#pragma once

#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"

namespace tenuto {

// A part of the history of a run, from 0.
using ChunkNumber = StrongId<struct ChunkNumberTag, std::uint32_t>;
// A block of rows in `summaries` or `audit`.
using BlockNumber = StrongId<struct BlockNumberTag, std::uint64_t>;
// A timer within its run.
using PartNumber = StrongId<struct PartNumberTag, std::uint32_t>;

Bytes run_key(RunNumber run);
std::optional<RunNumber> parse_run_key(ByteView key);

struct HistoryKey {
  RunNumber run;
  ChunkNumber chunk;
  friend auto operator<=>(const HistoryKey&, const HistoryKey&) = default;
};
Bytes history_key(const HistoryKey& key);
std::optional<HistoryKey> parse_history_key(ByteView key);

Bytes block_key(BlockNumber block);
std::optional<BlockNumber> parse_block_key(ByteView key);

Bytes workflow_key(const WorkflowHash& hash);
std::optional<WorkflowHash> parse_workflow_key(ByteView key);

Bytes command_key(const CommandId& id);
std::optional<CommandId> parse_command_key(ByteView key);

struct TimerKey {
  WallTime due;
  RunNumber run;
  PartNumber number;
  friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
};
Bytes timer_key(const TimerKey& key);
std::optional<TimerKey> parse_timer_key(ByteView key);

struct StatsKey {
  Bytes workflow;  // its name
  std::uint32_t hour = 0;
  std::uint64_t task = 0;  // a number made of the task's name; the row holds the name
  friend auto operator<=>(const StatsKey&, const StatsKey&) = default;
};
Bytes stats_key(const StatsKey& key);
std::optional<StatsKey> parse_stats_key(ByteView key);
// The beginning of all keys of a workflow, for scans.
Bytes stats_prefix(ByteView workflow);

}  // namespace tenuto
