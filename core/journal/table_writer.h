// Puts a stretch of the journal into the state tables, within one transaction of the materialiser.
//
// Order of calls: the events of the store (they bring the workflows' names), then the runs in ascending order, then finish().
// Errors are those of the transaction (full, poisoned, storage_error), and damaged when the tables and the journal don't
// fit together; after any of them the transaction is dropped and nothing of it is kept here.
//
// Thread safety: one thread at a time; lives no longer than the transaction.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "core/journal/history_chunk.h"
#include "core/journal/history_pack.h"
#include "core/journal/journal_meta.h"
#include "core/journal/live_row.h"
#include "core/journal/run_groups.h"
#include "core/journal/summary.h"
#include "core/store/keys.h"

namespace tenuto {

// Names by hash as far as they were needed; a hash names one content for ever, so it needs no rollback.
using WorkflowNames = std::unordered_map<WorkflowHash, std::string>;

// A history chunk is cut at this size: a page of a long run is read without all of it. Not critical.
inline constexpr std::size_t kHistoryChunkBytes = 256u << 10;

class TableWriter {
 public:
  // `meta` is the row as it stands in the tables; finish() writes what has become of it.
  TableWriter(StateWrite& write, const JournalMeta& meta, WorkflowNames& names)
      : write_(write), meta_(meta), names_(names) {}

  // An event that belongs to no run, or the outcome of a command.
  [[nodiscard]] Status put_store_event(const Event& event);
  // All records of one run in the stretch.
  [[nodiscard]] Status put_run(const RunGroups& groups, const RunGroups::Group& group);
  // The open block and pack, the watermark and the fragments that are not complete.
  [[nodiscard]] Status finish(const JournalPlace& applied, Generation generation, ByteView open_fragments);

  [[nodiscard]] const JournalMeta& meta() const { return meta_; }
  [[nodiscard]] std::size_t commands() const { return commands_; }

 private:
  // One run while its records are put.
  struct RunInHand {
    RunNumber run;
    Bytes live_key;
    LiveRow row;
    bool is_new = false;
    std::optional<Event> ended;
  };
  [[nodiscard]] Status look_into(RunInHand& run, const RecordHeader& header, ByteView record);
  [[nodiscard]] Status start(RunInHand& run, const Event& event);
  [[nodiscard]] Status load(RunInHand& run);
  [[nodiscard]] Status put_chunk(RunInHand& run);
  [[nodiscard]] Result<bool> may_be_packed(const RunInHand& run);
  [[nodiscard]] Status pack(RunNumber run);
  [[nodiscard]] Status close_pack();
  [[nodiscard]] Status end(const RunInHand& run);
  [[nodiscard]] Status open_block();
  [[nodiscard]] Status close_block();
  [[nodiscard]] Status put_command(const CommandId& id, WallTime at, Code code, RunNumber subject,
                                   const std::string& message);
  [[nodiscard]] Status put_pool_used(const Event& event);
  [[nodiscard]] Result<ByteView> name_of(const WorkflowHash& hash);

  StateWrite& write_;
  JournalMeta meta_;
  WorkflowNames& names_;
  std::size_t commands_ = 0;
  std::optional<SummaryBlock> block_;
  Bytes block_key_;
  HistoryPackWriter pack_;
  std::optional<RunNumber> packed_until_;  // no pack has a run above it; read when it is first asked for
  Bytes chunk_;                            // in the making, by
  HistoryWriter history_;
  Event event_;  // keeps the memory of what is decoded
};

}  // namespace tenuto
