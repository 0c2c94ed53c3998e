#include "core/upkeep/restore.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <utility>

#include "core/journal/frame_reader.h"
#include "core/journal/journal_meta.h"
#include "core/journal/recovery.h"
#include "core/payload/json.h"
#include "core/payload/json_writer.h"
#include "core/query/time_text.h"
#include "core/query/value_json.h"
#include "core/query/verify.h"
#include "core/store/file_log.h"
#include "core/store/lmdb_state.h"
#include "core/store/owner_lock.h"
#include "core/store/shared_page.h"
#include "core/upkeep/backup_manifest.h"
#include "core/upkeep/new_directory.h"

namespace tenuto {
namespace {

Status damaged_frames(std::uint64_t offset, const std::string& what) {
  return {Code::damaged, std::string("the backup is damaged: ") + kFramesFile + ", offset " +
                             std::to_string(offset) + ": " + what + "; take another backup"};
}

// Walks the frames of a backup, which follow each other from `watermark` to `position` without a gap.
Status for_each_frame(FileCalls& calls, const std::string& path, const BackupManifest& manifest,
                      const std::function<Status(ByteView frame, const FrameHeader& header)>& visit) {
  TN_ASSIGN(const OwnedFile file, open_file(calls, path, O_RDONLY));
  const std::uint64_t bytes = manifest.file(kFramesFile)->digest.bytes;
  Position position = manifest.watermark;
  Bytes frame;
  std::uint64_t offset = 0;
  while (offset < bytes) {
    frame.resize(kFrameHeaderBytes);
    TN_ASSIGN(std::size_t got, read_upto(calls, file.fd(), offset, frame.size(), frame.data(), path));
    FrameHeader header;
    if (got < frame.size() || !decode_frame_header(frame, header))
      return damaged_frames(offset, "no frame is here");
    if (header.position != position) {
      return damaged_frames(offset, "a frame of position " + std::to_string(header.position.value) +
                                        " is where " + std::to_string(position.value) + " belongs");
    }
    frame.resize(kFrameHeaderBytes + header.length);
    TN_ASSIGN(got, read_upto(calls, file.fd(), offset, frame.size(), frame.data(), path));
    if (got < frame.size() || !frame_is_whole(frame)) return damaged_frames(offset, "its frame is damaged");
    TN_TRY(visit(frame, header));
    offset += frame.size();
    position = Position(position.value + header.length);
  }
  return position == manifest.position
             ? Status()
             : damaged_frames(offset, "the frames end at position " + std::to_string(position.value) +
                                          ", not at " + std::to_string(manifest.position.value));
}

// Recovery as far as it tells where run numbers go on.
class NoVisitor final : public RecoveryVisitor {
 public:
  Status on_workflow(const WorkflowHash&, ByteView, ByteView) override { return {}; }
  Status on_run_event(const Event&) override { return {}; }
  Status on_command(const CommandId&, const CommandOutcome&) override { return {}; }
  Status on_event(const Event&, Position) override { return {}; }
};

// Puts frames into segments of the new store.
class SegmentFiller {
 public:
  SegmentFiller(Log& log, StoreId store) : log_(log), store_(store) {}

  Status begin(Position first) {
    if (segment_.value != 0) TN_TRY(log_.sync(segment_));
    segment_ = SegmentNumber(segment_.value + 1);
    TN_TRY(log_.create(segment_));
    const SegmentHeaderBytes head = encode(SegmentHeader{store_, segment_, first});
    const ByteView piece(head.data(), head.size());
    TN_TRY(log_.write(segment_, 0, std::span(&piece, 1)));
    offset_ = kSegmentHeaderBytes;
    return {};
  }
  Status add(ByteView frame, Position first) {
    if (frame.size() > log_.segment_bytes() - offset_) TN_TRY(begin(first));
    TN_TRY(log_.write(segment_, offset_, std::span(&frame, 1)));
    offset_ += frame.size();
    return {};
  }
  Status finish() { return log_.sync(segment_); }

 private:
  Log& log_;
  const StoreId store_;
  SegmentNumber segment_;
  std::uint64_t offset_ = 0;
};

class Restoration {
 public:
  Restoration(std::string backup, const Progress& progress)
      : backup_(std::move(backup)), progress_(progress) {}

  Result<Bytes> check() {
    TN_TRY(read());
    for (const BackupFile& file : manifest_.files) TN_TRY(check_one(file, {}));
    TN_TRY(for_each_frame(calls_, backup_ + "/" + kFramesFile, manifest_,
                          [](ByteView, const FrameHeader&) { return Status(); }));
    return report(nullptr, {});
  }

  Result<Bytes> run(const std::string& target) {
    TN_TRY(read());
    TN_TRY(check_free(target));
    TN_ASSIGN(const StoreUuid uuid, random_store_uuid());
    TN_ASSIGN(NewDirectory made, NewDirectory::beside(target, "restoring"));
    TN_ASSIGN(StoreDir store, StoreDir::begin(made.path(), uuid, manifest_.store_format));
    TN_TRY(copy_tables(store));
    TN_TRY(fill_journal(store));
    TN_TRY(copy_commands(store));
    TN_TRY(make_shared_page(store));
    TN_ASSIGN(const RunNumber next, check_store(store));
    std::vector<StoreOrigin> origins = manifest_.origins;
    origins.push_back({manifest_.store, next});
    TN_TRY(store.finish(std::move(origins)));
    TN_TRY(made.move_in(calls_));
    return report(&uuid, target);
  }

 private:
  Status read() {
    struct stat facts {};
    if (::stat(backup_.c_str(), &facts) != 0 && errno == ENOENT)
      return {Code::not_found, "there is no backup at " + backup_};
    TN_ASSIGN(manifest_, read_manifest(calls_, backup_));
    return check_format(backup_, manifest_.store_format);
  }

  static Status check_free(const std::string& target) {
    const Result<StoreDir> there = StoreDir::open(target);
    if (there.ok()) {
      TN_ASSIGN(const std::int64_t owner, owner_of(there->owner_lock()));
      if (owner != 0) {
        return {Code::owned, "the store " + target + " is owned by process " + std::to_string(owner) +
                                 "; nothing is restored over a store, so give a new path"};
      }
      return {Code::conflict,
              target + " is a store already; nothing is restored over one, so give a new path"};
    }
    return check_target(target, true, {});
  }

  // Checks a file of the backup block by block; `pass_on` gets those that are good.
  Status check_one(const BackupFile& file,
                   const std::function<Status(std::uint64_t offset, ByteView block)>& pass_on) {
    TN_TRY(check_file(calls_, backup_ + "/" + file.name, file.name, file.digest,
                      [&](std::uint64_t offset, ByteView block) -> Status {
                        if (pass_on) TN_TRY(pass_on(offset, block));
                        done_ += block.size();
                        if (progress_) progress_(done_, manifest_.bytes());
                        return {};
                      }));
    return {};
  }

  Status copy_file(const BackupFile& from, const std::string& path) {
    TN_ASSIGN(const OwnedFile file, open_file(calls_, path, O_WRONLY | O_CREAT | O_EXCL));
    TN_TRY(check_one(from, [&](std::uint64_t offset, ByteView block) {
      return write_all(calls_, file.fd(), offset, std::span(&block, 1), path);
    }));
    if (from.modified_ns != 0) {
      constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
      const struct timespec time { from.modified_ns / kNanosPerSecond, from.modified_ns % kNanosPerSecond };
      const struct timespec times[2] = {time, time};
      if (::futimens(file.fd(), times) != 0) return io_status(errno, "set the time of", path);
    }
    const int error = -retry_interrupted([&] { return calls_.fsync(file.fd()); });
    return error != 0 ? io_status(error, "sync", path) : Status();
  }

  // The tables say whose they are, and where in the new journal they end.
  Status copy_tables(const StoreDir& store) {
    TN_TRY(copy_file(*manifest_.file(kTablesFile), store.state() + "/" + kTablesFile));
    TN_TRY(sync_directory(calls_, store.state()));
    TN_ASSIGN(const std::unique_ptr<LmdbState> tables, LmdbState::open(store.state()));
    TN_ASSIGN(const std::unique_ptr<StateWrite> write, tables->begin_write());
    TN_ASSIGN(std::optional<JournalMeta> meta, read_journal_meta(*write));
    if (!meta.has_value()) return {};
    if (meta->applied.position != manifest_.watermark || meta->store != id_of(manifest_.store)) {
      return {Code::damaged, "the backup is damaged: its tables and its manifest are of two backups"};
    }
    meta->store = id_of(store.uuid());
    meta->applied = {manifest_.watermark, SegmentNumber(1), kSegmentHeaderBytes};
    TN_TRY(write->put(Table::meta, kJournalMetaKey, encode(*meta)));
    return write->commit();
  }

  Status fill_journal(const StoreDir& store) {
    const BackupFile& frames = *manifest_.file(kFramesFile);
    TN_TRY(check_one(frames, {}));
    TN_ASSIGN(const std::unique_ptr<FileLog> log, FileLog::open(store.journal(), false));
    SegmentFiller filler(*log, id_of(store.uuid()));
    TN_TRY(filler.begin(manifest_.watermark));
    TN_TRY(for_each_frame(
        calls_, backup_ + "/" + kFramesFile, manifest_,
        [&](ByteView frame, const FrameHeader& header) { return filler.add(frame, header.position); }));
    return filler.finish();
  }

  Status copy_commands(const StoreDir& store) {
    for (const BackupFile& file : manifest_.files) {
      if (!is_command(file)) continue;
      TN_TRY(copy_file(file, store.inbox() + "/" + file.name));
    }
    return sync_directory(calls_, store.inbox());
  }

  // So that clients can read before an owner was there.
  Status make_shared_page(const StoreDir& store) const {
    TN_ASSIGN(const std::unique_ptr<SharedPage> shared, SharedPage::open_owner(store.shared_page()));
    shared->begin(manifest_.generation, 0);
    shared->publish_durable(manifest_.position);
    shared->end();
    return {};
  }

  // Verifies all of it; gives the first run number that was not given before.
  Result<RunNumber> check_store(const StoreDir& store) {
    TN_ASSIGN(const std::unique_ptr<FileLog> log, FileLog::open(store.journal(), true));
    LmdbState::Options read_only;
    read_only.read_only = true;
    TN_ASSIGN(const std::unique_ptr<LmdbState> state, LmdbState::open(store.state(), read_only));
    bool sound = false;
    TN_ASSIGN(const Bytes verified, verify(*state, *log, sound));
    if (!sound) return first_problem(verified);
    TN_ASSIGN(const std::unique_ptr<StateRead> read, state->begin_read());
    TN_ASSIGN(const std::optional<JournalMeta> meta, read_journal_meta(*read));
    live_runs_ = meta.has_value() ? meta->live_runs : 0;
    ended_runs_ = meta.has_value() ? meta->summary_rows : 0;
    NoVisitor visitor;
    TN_ASSIGN(const RecoveredJournal recovered, recover(*log, *state, visitor));
    return recovered.next_run;
  }

  static Status first_problem(const Bytes& verified) {
    std::string what = "verification found it unsound";
    const auto document = json::Document::parse(verified);
    const json::Value* problems = document.ok() ? document->root().find("problems") : nullptr;
    if (problems != nullptr && problems->is_array() && problems->size() > 0) {
      const json::Value* where = problems->at(0).find("where");
      const json::Value* why = problems->at(0).find("what");
      if (where != nullptr && why != nullptr)
        what = std::string(where->as_string()) + ": " + std::string(why->as_string());
    }
    return {Code::damaged,
            "the store of this backup was damaged already: " + what + "; take an earlier backup"};
  }

  [[nodiscard]] static StoreId id_of(const StoreUuid& uuid) { return {uuid.high, uuid.low}; }
  [[nodiscard]] static bool is_command(const BackupFile& file) { return file.name.ends_with(".json"); }

  [[nodiscard]] Bytes report(const StoreUuid* uuid, const std::string& target) const {
    Bytes text;
    json::Writer out(text);
    std::uint64_t commands = 0;
    for (const BackupFile& file : manifest_.files) commands += is_command(file) ? 1 : 0;
    out.begin_object();
    out.key("backup").string(backup_);
    if (uuid != nullptr) out.key("path").string(target);
    if (uuid != nullptr) out.key("store").string(uuid->text());
    out.key("origin").string(manifest_.store.text());
    out.key("made").string(format_time(manifest_.made));
    write_count(out, "format", manifest_.store_format);
    write_count(out, "position", manifest_.position.value);
    write_count(out, "bytes", manifest_.bytes());
    if (uuid != nullptr) write_count(out, "live_runs_in_tables", live_runs_);
    if (uuid != nullptr) write_count(out, "ended_runs_in_tables", ended_runs_);
    write_count(out, "commands", commands);
    out.end_object();
    return text;
  }

  FileCalls& calls_ = FileCalls::system();
  const std::string backup_;
  const Progress& progress_;
  BackupManifest manifest_;
  std::uint64_t done_ = 0;
  std::uint64_t live_runs_ = 0;
  std::uint64_t ended_runs_ = 0;
};

}  // namespace

Result<Bytes> restore(const std::string& backup, const std::string& target, const Progress& progress) {
  return Restoration(plain_path(backup), progress).run(plain_path(target));
}

Result<Bytes> check_backup(const std::string& backup, const Progress& progress) {
  return Restoration(plain_path(backup), progress).check();
}

}  // namespace tenuto
