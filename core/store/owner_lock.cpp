#include "core/store/owner_lock.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <map>
#include <utility>

#include "core/base/sync.h"
#include "core/store/files.h"
#include "core/store/process.h"

namespace tenuto {
namespace {

struct flock whole_file(short type) {
  struct flock request {};
  request.l_type = type;
  request.l_whence = SEEK_SET;
  return request;
}

// The descriptors of all locks of this process, for the child of a fork.
class LockRegistry {
 public:
  // Never destroyed: a static engine of the host may outlive our statics.
  static LockRegistry& instance() {
    static LockRegistry* const registry = new LockRegistry;
    return *registry;
  }
  void add(const OwnerLock* lock, int fd) TN_EXCLUDES(mutex_) {
    MutexLock guard(mutex_);
    descriptors_.emplace(lock, fd);
  }
  void close(const OwnerLock* lock) TN_EXCLUDES(mutex_) {
    MutexLock guard(mutex_);
    const auto found = descriptors_.find(lock);
    if (found == descriptors_.end()) return;
    if (found->second >= 0) release(found->second);
    descriptors_.erase(found);
  }
  bool holds(const OwnerLock* lock) TN_EXCLUDES(mutex_) {
    MutexLock guard(mutex_);
    const auto found = descriptors_.find(lock);
    return found != descriptors_.end() && found->second >= 0;
  }

 private:
  // Not by closing alone: a process that is being spawned has the descriptor until its exec, and with it the lock.
  static void release(int fd) {
    struct flock request = whole_file(F_UNLCK);
    ::fcntl(fd, F_OFD_SETLK, &request);
    ::close(fd);
  }
  LockRegistry() { pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }
  // fork() with the mutex held: the child gets a whole map and a mutex that it can release.
  static void before_fork() TN_ANNOTATE(no_thread_safety_analysis) { instance().mutex_.lock(); }
  static void after_fork_in_parent() TN_ANNOTATE(no_thread_safety_analysis) { instance().mutex_.unlock(); }
  static void after_fork_in_child() TN_ANNOTATE(no_thread_safety_analysis) {
    // Only close(): memory of the map stays as it is, for another thread may have held the allocator's lock.
    for (auto& [lock, fd] : instance().descriptors_) ::close(std::exchange(fd, -1));
    instance().mutex_.unlock();
  }

  Mutex mutex_;
  std::map<const OwnerLock*, int> descriptors_ TN_GUARDED_BY(mutex_);  // -1 in a forked child
};

constexpr std::size_t kPidBytesMax = 32;

// The process that the lock file names; 0 when it names none.
std::int64_t named_owner(const std::string& file) {
  const Result<Bytes> text = read_file(FileCalls::system(), file, kPidBytesMax);
  std::int64_t pid = 0;
  if (text.ok()) std::from_chars(text->data(), text->data() + text->size(), pid);
  return pid;
}

Status owned(const std::string& store, const std::string& file) {
  const std::int64_t pid = named_owner(file);
  const std::string who = pid > 0 ? process_text(pid) : "another process";
  return {Code::owned, "the store " + store + " is owned by " + who +
                           "; end that process, or open the store for reading only"};
}

}  // namespace

Result<std::unique_ptr<OwnerLock>> OwnerLock::acquire(const std::string& store, const std::string& file) {
  FileCalls& calls = FileCalls::system();
  const int fd = retry_interrupted([&] { return calls.open(file, O_RDWR | O_CREAT, 0600); });
  if (fd < 0) return io_status(-fd, "open", file);
  std::unique_ptr<OwnerLock> lock(new OwnerLock);
  LockRegistry::instance().add(lock.get(), fd);
  struct flock request = whole_file(F_WRLCK);
  if (::fcntl(fd, F_OFD_SETLK, &request) != 0) {
    if (errno == EAGAIN || errno == EACCES) return owned(store, file);
    return io_status(errno, "lock", file);
  }
  // For people and messages only, so neither synced nor trusted.
  const std::string pid = std::to_string(::getpid()) + "\n";
  const ByteView piece = pid;
  if (::ftruncate(fd, 0) != 0) return io_status(errno, "write", file);
  TN_TRY(write_all(calls, fd, 0, std::span(&piece, 1), file));
  return lock;
}

OwnerLock::~OwnerLock() {
  LockRegistry::instance().close(this);
}

bool OwnerLock::held() const {
  return LockRegistry::instance().holds(this);
}

Result<std::int64_t> owner_of(const std::string& file) {
  const Result<OwnedFile> opened = open_file(FileCalls::system(), file, O_RDONLY);
  if (opened.code() == Code::not_found) return std::int64_t{0};
  if (!opened.ok()) return opened.status();
  struct flock request = whole_file(F_RDLCK);
  if (::fcntl(opened->fd(), F_OFD_GETLK, &request) != 0) return io_status(errno, "look at the lock of", file);
  return request.l_type == F_UNLCK ? std::int64_t{0} : named_owner(file);
}

}  // namespace tenuto
