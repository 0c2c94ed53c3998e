#include "core/upkeep/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/journal/frame_reader.h"
#include "core/journal/journal_meta.h"
#include "core/payload/json_writer.h"
#include "core/query/tail.h"
#include "core/query/value_json.h"
#include "core/store/lmdb_state.h"
#include "core/upkeep/backup_manifest.h"
#include "core/upkeep/new_directory.h"
#include "core/upkeep/table_copy.h"

namespace tenuto {
namespace {

// A segment may be recycled under our hands, and then a newer snapshot has what it held. The same watermark can be met twice
// without anything being wrong: once with its segment recycled, once with the next one.
constexpr int kSameWatermarkTries = 3;
constexpr int kTries = 100;
constexpr std::size_t kWriteBytes = 1u << 20;  // frames are written together up to here; not critical

// Bytes to a new file, one behind the other.
class NewFile {
 public:
  static Result<NewFile> create(FileCalls& calls, const std::string& path) {
    TN_ASSIGN(OwnedFile file, open_file(calls, path, O_WRONLY | O_CREAT | O_TRUNC));
    return NewFile(calls, path, std::move(file));
  }
  Status append(ByteView bytes) {
    pending_.append(bytes);
    return pending_.size() >= kWriteBytes ? flush() : Status();
  }
  Status finish() {
    TN_TRY(flush());
    const int error = -retry_interrupted([&] { return calls_.fsync(file_.fd()); });
    return error != 0 ? io_status(error, "sync", path_) : Status();
  }

 private:
  NewFile(FileCalls& calls, std::string path, OwnedFile file)
      : calls_(calls), path_(std::move(path)), file_(std::move(file)) {}
  Status flush() {
    const ByteView piece = pending_;
    TN_TRY(write_all(calls_, file_.fd(), size_, std::span(&piece, 1), path_));
    size_ += pending_.size();
    pending_.clear();
    return Status();
  }
  FileCalls& calls_;
  std::string path_;
  OwnedFile file_;
  Bytes pending_;
  std::uint64_t size_ = 0;
};

class Backup {
 public:
  Backup(const BackupSource& source, std::string target, WallTime now, const Progress& progress)
      : source_(source), target_(std::move(target)), progress_(progress) {
    manifest_.store_format = source.dir.format();
    manifest_.store = source.dir.uuid();
    manifest_.origins = source.dir.origins();
    manifest_.made = now;
    manifest_.version = source.version;
  }

  Result<Bytes> run() {
    TN_TRY(check_target(target_, false, source_.dir.path()));
    TN_ASSIGN(NewDirectory made, NewDirectory::beside(target_, "partial"));
    if (const int error = -calls_.mkdir(made.path(), 0700); error != 0)
      return io_status(error, "create", made.path());
    TN_TRY(fill(made.path()));
    TN_TRY(made.move_in(calls_));
    return report();
  }

 private:
  Status fill(const std::string& directory) {
    TN_TRY(copy_commands(directory));
    const std::optional<Position> upto = source_.durable();
    TN_TRY(copy_frames(directory, upto));
    TN_TRY(copy_state(directory));
    snapshot_.reset();
    for (BackupFile& file : manifest_.files) {
      TN_ASSIGN(file.digest, digest_file(calls_, directory + "/" + file.name));
    }
    TN_TRY(replace_file(calls_, directory, kManifestFile, encode(manifest_)));
    return sync_directory(calls_, directory);
  }

  // A file that goes meanwhile was carried out: its outcome is durable.
  Status copy_commands(const std::string& directory) {
    std::vector<std::string> names;
    if (const int error = -calls_.list(source_.dir.inbox(), names); error != 0)
      return io_status(error, "list", source_.dir.inbox());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string path = source_.dir.inbox() + "/" + name;
      struct stat facts {};
      if (!name.ends_with(".json") || ::lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
      const Result<Bytes> content = read_file(calls_, path, static_cast<std::size_t>(facts.st_size));
      if (content.code() == Code::not_found) continue;
      if (!content.ok()) return content.status();
      TN_ASSIGN(NewFile file, NewFile::create(calls_, directory + "/" + name));
      TN_TRY(file.append(*content));
      TN_TRY(file.finish());
      constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
      manifest_.files.push_back({name, {}, facts.st_mtim.tv_sec * kNanosPerSecond + facts.st_mtim.tv_nsec});
      ++commands_;
    }
    return Status();
  }

  Status copy_frames(const std::string& directory, std::optional<Position> upto) {
    Position last;
    int same = 0;
    for (int i = 0;; ++i) {
      const Status status = try_copy_frames(directory, upto);
      if (status.ok()) break;
      const bool may_be_recycling = status.code() == Code::not_found || status.code() == Code::damaged;
      if (!may_be_recycling || snapshot_ == nullptr) return status;
      same = i > 0 && manifest_.watermark == last ? same + 1 : 1;
      last = manifest_.watermark;
      if (same < kSameWatermarkTries && i < kTries) continue;
      if (status.code() == Code::damaged) return status;
      return Status(Code::damaged, status.message() + "; verify the store");
    }
    manifest_.files.push_back({kFramesFile, {}, 0});
    return Status();
  }

  // With a snapshot of its own, which stays.
  Status try_copy_frames(const std::string& directory, std::optional<Position> upto) {
    snapshot_.reset();
    TN_ASSIGN(snapshot_, source_.state.begin_read());
    TN_ASSIGN(const std::optional<JournalMeta> meta, read_journal_meta(*snapshot_));
    meta_ = meta.value_or(JournalMeta());
    manifest_.watermark = meta_.applied.position;
    TN_ASSIGN(const TailStart start, find_tail_start(source_.log, *snapshot_));
    TN_ASSIGN(NewFile file, NewFile::create(calls_, directory + "/" + kFramesFile));
    FrameReader reader(source_.log, start.store, start.place, start.generation);
    frames_ = 0;
    Frame frame;
    while (!upto.has_value() || reader.place().position < *upto) {
      TN_ASSIGN(const bool found, reader.next(frame));
      if (!found) break;
      TN_TRY(append(file, frame));
      ++frames_;
    }
    manifest_.position = reader.place().position;
    manifest_.generation = reader.generation();
    if (upto.has_value() && manifest_.position < *upto) {
      return Status(Code::not_found, "the journal ends at position " +
                                         std::to_string(manifest_.position.value) + ", before position " +
                                         std::to_string(upto->value) + ", which was durable");
    }
    return file.finish();
  }

  // The durable position that the frame had is that of another file; in the backup all before it is synced.
  static Status append(NewFile& file, const Frame& frame) {
    const FrameHeader header{static_cast<std::uint32_t>(frame.batches.size()), frame.generation, frame.begin,
                             frame.begin};
    const FrameHeaderBytes head = encode(header, std::span(&frame.batches, 1));
    TN_TRY(file.append(ByteView(head.data(), head.size())));
    return file.append(frame.batches);
  }

  Status copy_state(const std::string& directory) {
    TN_ASSIGN(const StateInfo info, source_.state.info());
    const std::string aside = directory + "/state";
    if (const int error = -calls_.mkdir(aside, 0700); error != 0) return io_status(error, "create", aside);
    {
      LmdbState::Options options;
      // Room for all of it; a map that is too small would grow.
      options.initial_map_bytes = std::max<std::uint64_t>(options.initial_map_bytes, 2 * info.used_bytes);
      TN_ASSIGN(const std::unique_ptr<LmdbState> copy, LmdbState::open(aside, options));
      TN_ASSIGN(const TableCopy copied, copy_tables(*snapshot_, *copy, info.used_bytes, {}, progress_));
      static_cast<void>(copied);
    }
    if (const int error = -calls_.rename(aside + "/data.mdb", directory + "/" + kTablesFile); error != 0)
      return io_status(error, "move", aside + "/data.mdb");
    calls_.unlink(aside + "/lock.mdb");
    if (::rmdir(aside.c_str()) != 0) return io_status(errno, "remove", aside);
    manifest_.files.push_back({kTablesFile, {}, 0});
    return Status();
  }

  [[nodiscard]] Bytes report() const {
    Bytes text;
    json::Writer out(text);
    out.begin_object();
    out.key("path").string(target_);
    out.key("store").string(manifest_.store.text());
    write_count(out, "bytes", manifest_.bytes());
    write_count(out, "position", manifest_.position.value);
    write_count(out, "watermark", manifest_.watermark.value);
    write_count(out, "frames", frames_);
    write_count(out, "live_runs_in_tables", meta_.live_runs);
    write_count(out, "ended_runs_in_tables", meta_.summary_rows);
    write_count(out, "commands", commands_);
    out.end_object();
    return text;
  }

  FileCalls& calls_ = FileCalls::system();
  const BackupSource& source_;
  const std::string target_;
  const Progress& progress_;
  BackupManifest manifest_;
  std::unique_ptr<StateRead> snapshot_;
  JournalMeta meta_;
  std::uint64_t frames_ = 0;
  std::uint64_t commands_ = 0;
};

}  // namespace

Result<Bytes> back_up(const BackupSource& source, const std::string& target, WallTime now,
                      const Progress& progress) {
  return Backup(source, plain_path(target), now, progress).run();
}

}  // namespace tenuto
