#include "core/journal/materialiser.h"

#include <algorithm>

#include "core/journal/batch.h"
#include "core/journal/command_row.h"
#include "core/journal/frame_reader.h"

namespace tenuto {
namespace {

constexpr Nanos kRetentionDelay =
    10 * kSecond;                       // from new rows to the look whether they are too many; not critical
constexpr std::size_t kPruneLook = 64;  // rows of `commands` looked at with each transaction that adds some
constexpr int kFullTries = 3;           // the tables' map grows between two of them

bool is_store_event(std::uint8_t type) {
  return type < static_cast<std::uint8_t>(EventType::run_started);
}

}  // namespace

Materialiser::Materialiser(State& state, const Log& log, const Committer& committer, Segments& segments,
                           const JournalMeta& meta, ByteView open_fragments,
                           const MaterialiserOptions& options)
    : state_(state),
      log_(log),
      committer_(committer),
      segments_(segments),
      options_(options),
      meta_(meta),
      applied_(meta.applied.position.value) {
  TN_CHECK(!meta.store.is_none());
  if (!options_.retention.keeps_all()) retention_due_ = WallTime();  // the policy may be a new one
  if (const Status status = open_.restore(open_fragments); !status.ok()) failed(status);
  segments_.release_before(meta.applied.position);
}

bool Materialiser::is_due(WallTime now) const {
  const Position durable = committer_.durable();
  if (durable == applied()) return false;
  if (applied().value < requested_.load(std::memory_order_acquire) || is_far_behind(durable)) return true;
  // A clock that went back makes it due rather than late.
  return now < last_ || now.ns - last_.ns >= options_.due_after;
}

std::optional<WallTime> Materialiser::next_due(WallTime now) const {
  if (!health().ok()) return std::nullopt;
  if (committer_.durable() == applied()) return retention_due_;
  if (is_due(now)) return now;
  const WallTime due{last_.ns + options_.due_after};
  return retention_due_ ? std::min(due, *retention_due_) : due;
}

void Materialiser::request() {
  requested_.store(committer_.durable().value, std::memory_order_release);
}

bool Materialiser::run_one(WallTime now) {
  if (!health().ok()) return false;
  if (is_due(now)) {
    last_ = now;
    const Status status = transact(now);
    if (!status.ok()) failed(status);
    return status.ok();
  }
  const Result<bool> retained = retain(now);
  if (!retained.ok()) failed(retained.status());
  return retained.ok() && *retained;
}

Status Materialiser::transact(WallTime now) {
  TN_TRY(gather(committer_.durable()));
  Status status;
  for (int i = 0; i < kFullTries; ++i) {
    status = write_tables(now);
    if (status.code() != Code::full) break;
  }
  TN_TRY(status);
  open_ = std::move(stretch_.open);
  applied_.store(meta_.applied.position.value, std::memory_order_release);
  segments_.release_before(meta_.applied.position);
  MutexLock lock(mutex_);
  warning_ = Status();
  return Status();
}

// Reads frames from the watermark on, whole ones, until `upto` or until the transaction is large enough.
Status Materialiser::gather(Position upto) {
  stretch_.store_events.clear();
  stretch_.groups.clear();
  stretch_.open = open_;
  FrameReader reader(log_, meta_.store, meta_.applied, meta_.generation);
  Frame frame;
  while (reader.place().position < upto &&
         reader.place().position.value - meta_.applied.position.value < options_.transaction_bytes) {
    TN_ASSIGN(const bool found, reader.next(frame));
    if (!found) {
      return Status(Code::damaged,
                    "journal " + to_text(reader.place()) +
                        ": a frame that had been synced can't be read; restore the store from a backup");
    }
    TN_TRY(for_each_record_of_batches(frame.batches, frame.begin,
                                      [&](const RecordHeader& header, ByteView record, Position) {
                                        return gather_record(header, record);
                                      }));
  }
  stretch_.end = reader.place();
  stretch_.generation = reader.generation();
  return Status();
}

Status Materialiser::gather_record(const RecordHeader& header, ByteView record) {
  TN_ASSIGN(const ByteView whole, stretch_.open.feed(header, record));
  if (whole.empty()) return Status();  // a fragment
  if (!is_store_event(header.type)) {
    stretch_.groups.add(header.run, whole);
    return Status();
  }
  if (header.type == static_cast<std::uint8_t>(EventType::engine_opened)) stretch_.open.clear();
  Event event;
  TN_ASSIGN(const Decoded decoded, decode(whole, event));
  if (decoded == Decoded::event) stretch_.store_events.push_back(std::move(event));
  return Status();
}

// Before: the tables end at meta_.applied. After ok: the stretch and the new watermark are in them and survive a crash.
Status Materialiser::write_tables(WallTime now) {
  TN_ASSIGN(const std::unique_ptr<StateWrite> write, state_.begin_write());
  TN_TRY(check_tables(*write));
  TableWriter tables(*write, meta_, names_);
  for (const Event& event : stretch_.store_events) TN_TRY(tables.put_store_event(event));
  TN_TRY(put_runs(tables));
  TN_TRY(prune_commands(*write, tables.commands(), now));
  TN_TRY(tables.finish(stretch_.end, stretch_.generation, stretch_.open.save()));
  TN_TRY(write->commit());
  if (!options_.retention.keeps_all() && tables.meta().summary_rows != meta_.summary_rows) {
    const WallTime look{now.ns + kRetentionDelay};
    retention_due_ = retention_due_ ? std::min(*retention_due_, look) : look;
  }
  meta_ = tables.meta();
  return Status();
}

// The tables that are written are those that were read: a stretch on top of others would be in them twice, or not at all.
Status Materialiser::check_tables(const StateRead& tables) const {
  TN_ASSIGN(const std::optional<JournalMeta> found, read_journal_meta(tables));
  if (!found.has_value() || found->applied.position == meta_.applied.position) return Status();
  return Status(Code::internal_error, "the tables have the journal up to " +
                                          std::to_string(found->applied.position.value) + " and not " +
                                          std::to_string(meta_.applied.position.value) +
                                          ", as they had; open the store again");
}

Status Materialiser::put_runs(TableWriter& tables) const {
  constexpr std::size_t kAhead = 4;
  const std::vector<RunGroups::Group> groups = stretch_.groups.sorted();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i + 2 * kAhead < groups.size()) stretch_.groups.prefetch_first(groups[i + 2 * kAhead]);
    if (i + kAhead < groups.size()) stretch_.groups.prefetch(groups[i + kAhead]);
    TN_TRY(tables.put_run(stretch_.groups, groups[i]));
  }
  return Status();
}

// Looks at a few more rows than were added and goes on there the next time, so the table holds what was added in the time it
// is kept, or a little more.
Status Materialiser::prune_commands(StateWrite& write, std::size_t added, WallTime now) {
  if (added == 0) return Status();
  std::size_t left = kPruneLook + 4 * added;
  std::vector<Bytes> expired;
  Status status;
  Bytes next;
  TN_TRY(write.scan(Table::commands, prune_from_, [&](ByteView key, ByteView value) {
    if (left-- == 0) {
      next = key;
      return false;
    }
    const Result<CommandOutcome> outcome = decode_command_outcome(key, value);
    if (!outcome.ok()) status = outcome.status();
    if (outcome.ok() && outcome->at.ns < now.ns - kCommandsKept) expired.emplace_back(key);
    return status.ok();
  }));
  TN_TRY(status);
  prune_from_ = next;
  for (const Bytes& key : expired) TN_TRY(write.erase(Table::commands, key));
  return Status();
}

bool Materialiser::retention_is_due(WallTime now) const {
  return retention_due_ && *retention_due_ <= now;
}

Result<bool> Materialiser::retain(WallTime now) {
  if (!retention_is_due(now)) return false;
  TN_ASSIGN(const std::unique_ptr<StateWrite> write, state_.begin_write());
  JournalMeta meta = meta_;
  TN_ASSIGN(const Retained retained, apply_retention(*write, meta, options_.retention, now));
  if (retained.forgotten == 0) {
    retention_due_ = retained.next_expiry;
    return false;
  }
  TN_TRY(write->commit());
  meta_ = meta;
  return true;
}

Result<bool> Materialiser::prune_one(Pruner& pruner) {
  TN_TRY(health());
  Status status;
  for (int i = 0; i < kFullTries; ++i) {
    JournalMeta meta = meta_;
    status = [&]() -> Status {
      TN_ASSIGN(const std::unique_ptr<StateWrite> write, state_.begin_write());
      TN_ASSIGN(const bool more, pruner.step(*write, meta));
      if (!more) return Status(Code::not_found, "");
      return write->commit();
    }();
    if (status.ok()) {
      meta_ = meta;
      pruner.committed();
      return true;
    }
    if (status.code() == Code::not_found) return false;
    if (status.code() != Code::full) break;
  }
  failed(status);
  return status;
}

void Materialiser::failed(const Status& status) {
  MutexLock lock(mutex_);
  const Code code = status.code();
  // The rest may pass: no space, a descriptor too many, a read that failed.
  const bool for_good = code != Code::full && code != Code::storage_error && code != Code::no_memory;
  (for_good ? health_ : warning_) = status;
}

Status Materialiser::health() const {
  MutexLock lock(mutex_);
  return health_;
}

Status Materialiser::warning() const {
  MutexLock lock(mutex_);
  return warning_;
}

}  // namespace tenuto
