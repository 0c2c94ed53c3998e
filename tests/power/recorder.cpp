#include "tests/power/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

#include "core/base/check.h"
#include "core/base/random.h"
#include "tests/support/interpose.h"

extern "C" {
intptr_t tn_record_call(interposed_call* call, int descriptor_flags);
void tn_record_watch(const char* folder);
}

namespace tenuto::testing {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::uint64_t kSyncUsMax = 200;  // not critical: about what a fast disk takes

// A file that is written through a mapping.
struct Mapped {
  FileNumber file;
  int fd;  // our own
  Bytes seen;
};

class State {
 public:
  void begin(const std::string& folder, std::map<std::string, FileNumber>& first_files) {
    std::lock_guard lock(mutex_);
    folder_ = folder;
    names_.clear();
    ops_.clear();
    last_file_ = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) names_[entry.path().string().substr(folder.size())] = ++last_file_;
    }
    first_files = names_;
    is_on_ = true;
    tn_record_watch(folder.c_str());
  }
  std::vector<Op> end() {
    tn_record_watch("");
    std::lock_guard lock(mutex_);
    is_on_ = false;
    for (const Mapped& mapped : mapped_) ::close(mapped.fd);
    mapped_.clear();
    files_.fill(0);
    return std::exchange(ops_, {});
  }
  void note(const Note& note) {
    std::lock_guard lock(mutex_);
    if (!is_on_) return;
    Op op;
    op.note = note;
    ops_.push_back(std::move(op));
  }
  intptr_t call(interposed_call& call, int flags);

 private:
  static intptr_t proceed(interposed_call& call) { return call.real(&call); }
  std::string below(const char* path) const { return std::string(path).substr(folder_.size()); }
  std::size_t add(OpKind kind, FileNumber file, std::uint64_t offset = 0, std::size_t of = 0) {
    Op op;
    op.kind = kind;
    op.file = file;
    op.offset = offset;
    op.of = of;
    ops_.push_back(std::move(op));
    return ops_.size() - 1;
  }
  std::size_t add_names(OpKind kind, const std::string& path, const std::string& to = {},
                        FileNumber file = 0) {
    Op op;
    op.kind = kind;
    op.path = path;
    op.to = to;
    op.file = file;
    ops_.push_back(std::move(op));
    return ops_.size() - 1;
  }
  intptr_t open(interposed_call& call);
  intptr_t write(interposed_call& call, int flags);
  intptr_t sync(interposed_call& call, int flags);
  intptr_t change_names(interposed_call& call);
  void watch_mapping(const interposed_call& call);
  void note_mappings();

  std::mutex mutex_;
  bool is_on_ = false;
  std::string folder_;
  std::vector<Op> ops_;
  std::map<std::string, FileNumber> names_;
  std::array<FileNumber, INTERPOSE_FDS_MAX> files_{};  // by descriptor
  FileNumber last_file_ = 0;
  std::vector<Mapped> mapped_;
  std::atomic<std::uint64_t> waits_{0};
};

State& state() {
  static State* const instance = new State;  // never destroyed: others' statics may still close files
  return *instance;
}

intptr_t State::open(interposed_call& call) {
  std::lock_guard lock(mutex_);
  const intptr_t fd = proceed(call);
  if (fd < 0 || (call.flags & O_DIRECTORY) != 0) return fd;
  const std::string path = below(call.path);
  FileNumber& file = names_[path];
  if (file == 0) {
    file = ++last_file_;
    add_names(OpKind::create, path, {}, file);
  } else if ((call.flags & O_TRUNC) != 0) {
    add(OpKind::resize, file, 0);
  }
  files_[static_cast<std::size_t>(fd)] = file;
  return fd;
}

intptr_t State::write(interposed_call& call, int flags) {
  std::unique_lock lock(mutex_);
  const FileNumber file = files_[static_cast<std::size_t>(call.fd)];
  const off_t offset = call.offset >= 0 ? call.offset : ::lseek(call.fd, 0, SEEK_CUR);
  const std::size_t op = add(OpKind::write, file, static_cast<std::uint64_t>(offset));
  for (int i = 0; i < call.pieces_count; ++i) {
    ops_[op].bytes.append(static_cast<const char*>(call.pieces[i].iov_base), call.pieces[i].iov_len);
  }
  const intptr_t written = proceed(call);
  TN_CHECK(written == static_cast<intptr_t>(call.size));
  if ((flags & O_DSYNC) == 0) return written;
  lock.unlock();
  ::usleep(static_cast<useconds_t>(mix64(waits_++) % kSyncUsMax));
  lock.lock();
  add(OpKind::write_synced, file, 0, op);
  return written;
}

intptr_t State::sync(interposed_call& call, int flags) {
  const bool is_folder = (flags & O_DIRECTORY) != 0;
  const std::string path = below(call.path);
  std::unique_lock lock(mutex_);
  note_mappings();
  const FileNumber file = files_[static_cast<std::size_t>(call.fd)];
  const std::size_t began = is_folder ? add_names(OpKind::names_began, path) : add(OpKind::sync_began, file);
  lock.unlock();
  ::usleep(static_cast<useconds_t>(mix64(waits_++) % kSyncUsMax));
  lock.lock();
  const std::size_t ended = is_folder ? add_names(OpKind::names_synced, path) : add(OpKind::sync_ended, file);
  ops_[ended].of = began;
  return 0;
}

intptr_t State::change_names(interposed_call& call) {
  std::lock_guard lock(mutex_);
  const std::string path = below(call.path);
  const intptr_t result = proceed(call);
  if (result != 0) return result;
  switch (call.function) {
    case CALL_RENAME: {
      const std::string to = below(call.to);
      const FileNumber file = names_.at(path);
      names_.erase(path);
      names_[to] = file;
      add_names(OpKind::rename, path, to, file);
      break;
    }
    case CALL_UNLINK:
      names_.erase(path);
      add_names(OpKind::unlink, path);
      break;
    case CALL_MKDIR:
      add_names(OpKind::mkdir, path);
      break;
    default:
      add_names(OpKind::rmdir, path);
  }
  return result;
}

void State::watch_mapping(const interposed_call& call) {
  if ((call.flags & MAP_SHARED) == 0 || (call.protection & PROT_WRITE) == 0) return;
  const FileNumber file = files_[static_cast<std::size_t>(call.fd)];
  for (const Mapped& mapped : mapped_) {
    if (mapped.file == file) return;
  }
  // By a name outside of the watched folder: the call does not come back here, under the lock.
  const std::string self = "/proc/self/fd/" + std::to_string(call.fd);
  const int fd = ::open(self.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) mapped_.push_back({file, fd, {}});
}

void State::note_mappings() {
  Bytes now;
  for (Mapped& mapped : mapped_) {
    const off_t size = ::lseek(mapped.fd, 0, SEEK_END);
    now.resize(static_cast<std::size_t>(size));
    TN_CHECK(::pread(mapped.fd, now.data(), now.size(), 0) == size);
    mapped.seen.resize(now.size(), '\0');
    for (std::size_t at = 0; at < now.size(); at += kPageBytes) {
      const std::size_t bytes = std::min(kPageBytes, now.size() - at);
      if (std::memcmp(now.data() + at, mapped.seen.data() + at, bytes) == 0) continue;
      ops_[add(OpKind::write, mapped.file, at)].bytes = now.substr(at, bytes);
    }
    mapped.seen.swap(now);
  }
}

intptr_t State::call(interposed_call& call, int flags) {
  switch (call.function) {
    case CALL_OPEN:
      return open(call);
    case CALL_PWRITE:
    case CALL_WRITE:
      return write(call, flags);
    case CALL_FDATASYNC:
    case CALL_FSYNC:
      return sync(call, flags);
    case CALL_FTRUNCATE: {
      std::lock_guard lock(mutex_);
      add(OpKind::resize, files_[static_cast<std::size_t>(call.fd)], call.size);
      return proceed(call);
    }
    case CALL_RENAME:
    case CALL_UNLINK:
    case CALL_MKDIR:
    case CALL_RMDIR:
      return change_names(call);
    case CALL_MMAP: {
      std::lock_guard lock(mutex_);
      watch_mapping(call);
      return proceed(call);
    }
    case CALL_FALLOCATE:
    case CALL_LINK:
    case CALL_MSYNC:
      // The engine has no use for them so far; who adds one teaches the disk (disk.h) what it means.
      TN_CHECK(call.function == CALL_MSYNC);
      return proceed(call);
    default:
      return proceed(call);
  }
}

}  // namespace

Recorder::Recorder(const std::string& folder) {
  state().begin(folder, first_files_);
}
Recorder::~Recorder() {
  (void)state().end();
}
void Recorder::note(const Note& note) {
  state().note(note);
}
std::vector<Op> Recorder::take() {
  return state().end();
}

}  // namespace tenuto::testing

intptr_t tn_record_call(interposed_call* call, int descriptor_flags) {
  return tenuto::testing::state().call(*call, descriptor_flags);
}
