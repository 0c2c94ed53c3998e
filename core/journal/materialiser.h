// Carries the journal over into the state tables, a stretch a transaction, each with the watermark up to which all is in.
//
// It reads frames from the log up to the durable position, sorts their records by run, and writes in one transaction:
// workflows, a history chunk per touched run, rows of live runs, summaries of ended ones, chosen ids, outcomes of commands,
// statistics, and the watermark. After that the segments before the watermark may be recycled. So a run that waits for months
// holds no part of the journal, and one that starts and ends between two transactions is written once.
//
// Thread safety: run_one() and next_due() by one thread at a time; the others by any thread.
//
// Invariants:
//  1. applied() <= durable(): nothing gets into the tables that a crash could take from the journal.
//  2. A transaction happens whole, with its watermark, or not at all; after a failure the stretch is read anew. So every event is
//     in the tables exactly once.
#pragma once

#include <optional>

#include "core/base/limits.h"
#include "core/journal/committer.h"
#include "core/journal/fragment.h"
#include "core/journal/prune.h"
#include "core/journal/retention.h"
#include "core/journal/table_writer.h"

namespace tenuto {

struct MaterialiserOptions {
  std::size_t due_bytes = 16u << 20;          // this much behind makes a transaction due
  Nanos due_after = limits::kTablesDueAfter;  // or this long since the last one, with something behind
  std::size_t transaction_bytes = 16u
                                  << 20;  // of records, about, in one transaction: bounds how long one takes
  RetentionPolicy retention;
};

class TableWriter;

class Materialiser {
 public:
  // `meta` and `open_fragments` as recovery returned them, meta.store being the store's id. References outlive this object.
  Materialiser(State& state, const Log& log, const Committer& committer, Segments& segments,
               const JournalMeta& meta, ByteView open_fragments, const MaterialiserOptions& options = {});

  // One transaction, if one is due or asked for, or else one of retention, if that has something to do; true when it was
  // done. False after a failure too: see health() and warning().
  bool run_one(WallTime now);
  // One transaction of a request to forget runs; true while more is to be done. An error ends the request: what was committed
  // has gone. As run_one(), by one thread at a time.
  [[nodiscard]] Result<bool> prune_one(Pruner& pruner);
  // So much is durable that a transaction is due whatever the time.
  [[nodiscard]] bool is_far_behind(Position durable) const {
    return durable.value - applied().value >= options_.due_bytes;
  }
  // When run_one() will have something to do; none while that depends on new commits.
  [[nodiscard]] std::optional<WallTime> next_due(WallTime now) const;
  // Makes a transaction due until everything that is durable now is in the tables: at close, and when the window is full.
  void request();

  // Everything before it is in the tables.
  [[nodiscard]] Position applied() const { return Position(applied_.load(std::memory_order_acquire)); }
  // Ok, or why nothing more will be written: poisoned, damaged, newer_format, internal_error.
  [[nodiscard]] Status health() const TN_EXCLUDES(mutex_);
  // Ok, or why the last transaction failed; it is tried again when it is due again.
  [[nodiscard]] Status warning() const TN_EXCLUDES(mutex_);

 private:
  // What one transaction carries over.
  struct Stretch {
    std::vector<Event> store_events;
    RunGroups groups;
    Reassembler open;
    JournalPlace end;
    Generation generation;
  };
  [[nodiscard]] bool is_due(WallTime now) const;
  [[nodiscard]] Status transact(WallTime now);
  [[nodiscard]] Status gather(Position upto);
  [[nodiscard]] Status gather_record(const RecordHeader& header, ByteView record);
  [[nodiscard]] Status write_tables(WallTime now);
  [[nodiscard]] Status check_tables(const StateRead& tables) const;
  [[nodiscard]] Status put_runs(TableWriter& tables) const;
  [[nodiscard]] Status prune_commands(StateWrite& write, std::size_t added, WallTime now);
  [[nodiscard]] bool retention_is_due(WallTime now) const;
  [[nodiscard]] Result<bool> retain(WallTime now);
  void failed(const Status& status) TN_EXCLUDES(mutex_);

  State& state_;
  const Log& log_;
  const Committer& committer_;
  Segments& segments_;
  const MaterialiserOptions options_;

  JournalMeta meta_;  // as in the tables
  Reassembler open_;
  Stretch stretch_;
  WorkflowNames names_;
  Bytes prune_from_;  // key of `commands` where pruning goes on
  WallTime last_;     // when the last transaction was tried
  std::optional<WallTime> retention_due_;

  Atomic<std::uint64_t> applied_;
  Atomic<std::uint64_t> requested_{0};  // a position to reach at once
  mutable Mutex mutex_;
  Status health_ TN_GUARDED_BY(mutex_);
  Status warning_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
