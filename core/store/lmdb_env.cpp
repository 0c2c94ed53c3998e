#include "core/store/lmdb_env.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/store/files.h"
#include "core/store/lmdb_check.h"
#include "core/store/table_key.h"

namespace tenuto {
namespace {

// How often a begin follows a map that other processes enlarge; each growth is a doubling.
constexpr int kResizesMax = 50;
// How many slots an owner takes at once, and how many of ended transactions are kept; not critical, but few of all there are.
constexpr unsigned kOwnerSlots = 4;
constexpr std::size_t kOwnerSlotsMax = 16;
constexpr std::size_t kClientSlotsMax = 2;

std::string data_path(const std::string& directory) {
  return directory + "/data.mdb";
}

std::string lock_path(const std::string& directory) {
  return directory + "/lock.mdb";
}

// How often an open is repeated because a compaction has changed the files meanwhile; one takes far longer than an open.
constexpr int kSwapsMax = 10;

// Which file has this name now; none has it.
using FileNumber = std::optional<std::pair<dev_t, ino_t>>;
FileNumber file_number(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return std::pair(facts.st_dev, facts.st_ino);
}

// Whether the address space has room for a map of this size: LMDB gives up its old map before it asks for the new
// one.
bool can_map(std::uint64_t bytes) {
  void* room = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return false;
  ::munmap(room, bytes);
  return true;
}

}  // namespace

LmdbEnv::LmdbEnv(std::string directory, bool read_only, std::unique_ptr<DirectoryClaim> claim)
    : directory_(std::move(directory)), read_only_(read_only), claim_(std::move(claim)), pid_(::getpid()) {}

LmdbEnv::~LmdbEnv() {
  if (env_ == nullptr || in_child()) return;
  MutexLock lock(spare_mutex_);
  for (MDB_txn* txn : spare_) mdb_txn_abort(txn);
  mdb_env_close(env_);
}

Result<std::unique_ptr<LmdbEnv>> LmdbEnv::open(const std::string& directory, const LmdbOptions& options) {
  TN_ASSIGN(const OwnedFile found, open_file(FileCalls::system(), directory, O_RDONLY | O_DIRECTORY));
  auto claim = DirectoryClaim::take(directory);
  if (claim == nullptr) {
    return Status(Code::conflict,
                  "the state " + directory + " is open in this process already; use that one");
  }
  TN_TRY(check_lmdb_file(data_path(directory)));
  if (!options.read_only) TN_TRY(create(directory, options));
  std::unique_ptr<LmdbEnv> env(new LmdbEnv(directory, options.read_only, std::move(claim)));
  TN_TRY(env->open_settled(directory, options));
  TN_TRY(env->open_tables(false));
  if (!options.read_only) {
    TN_TRY(env->settle_last_commit());
    TN_TRY(env->keep_slots());
  }
  if (!options.read_only && env->facts().map_bytes < options.initial_map_bytes) {
    TN_TRY(env->resize(options.initial_map_bytes));
  }
  return env;
}

Status LmdbEnv::create(const std::string& directory, const LmdbOptions& options) {
  FileCalls& calls = FileCalls::system();
  const std::string data = data_path(directory);
  const Result<OwnedFile> found = open_file(calls, data, O_RDONLY);
  if (found.ok()) return {};
  if (found.code() != Code::not_found) return found.status();
  // The environment is made aside and moved in when it is durable: a crash on the way leaves no half of a meta page.
  const std::string aside = directory + "/new";
  const std::string aside_data = data_path(aside);
  const std::string aside_lock = aside + "/lock.mdb";
  calls.unlink(aside_data);
  calls.unlink(aside_lock);
  int error = -calls.mkdir(aside, 0700);
  if (error != 0 && error != EEXIST) return io_status(error, "create", aside);
  {
    LmdbEnv env(aside, false, nullptr);
    TN_TRY(env.open_env(aside, options));
    TN_TRY(env.open_tables(true));
  }
  error = -retry_interrupted([&] { return calls.rename(aside_data, data); });
  if (error != 0) return io_status(error, "create", data);
  calls.unlink(aside_lock);
  ::rmdir(aside.c_str());
  return sync_directory(calls, directory);
}

Status LmdbEnv::open_settled(const std::string& directory, const LmdbOptions& options) {
  for (int i = 0; i < kSwapsMax; ++i) {
    const FileNumber data = file_number(data_path(directory));
    const FileNumber lock = file_number(lock_path(directory));
    TN_TRY(open_env(directory, options));
    // A lock file that was missing is the one that LMDB has made.
    const bool same_lock = !lock.has_value() || file_number(lock_path(directory)) == lock;
    if (same_lock && file_number(data_path(directory)) == data) return {};
    mdb_env_close(std::exchange(env_, nullptr));
  }
  return {Code::storage_error, "the files of " + directory + " change all the time; try again"};
}

Status LmdbEnv::open_env(const std::string& directory, const LmdbOptions& options) {
  if (const int error = mdb_env_create(&env_); error != 0) return status(error, "open");
  TN_CHECK(mdb_env_get_maxkeysize(env_) == static_cast<int>(kKeyBytesMax));
  mdb_env_set_maxdbs(env_, kTableCount);
  mdb_env_set_maxreaders(env_, options.max_readers);
  // Read-ahead stays on: the large tables are scanned, and small ones are in memory. NOTLS lets a thread hold several
  // read transactions.
  const unsigned flags = MDB_NOTLS | (options.read_only ? MDB_RDONLY : 0u);
  const int error = mdb_env_open(env_, directory.c_str(), flags, 0600);
  if (error != 0) return status(error, "open");
  // LMDB leaves this one open to programs that the host starts. One that is started right now still gets it.
  mdb_filehandle_t data = -1;
  mdb_env_get_fd(env_, &data);
  if (::fcntl(data, F_SETFD, FD_CLOEXEC) != 0) return io_status(errno, "open", data_path(directory));
  return {};
}

Status LmdbEnv::open_tables(bool create) {
  TN_ASSIGN(MDB_txn * txn, begin(create ? 0u : static_cast<unsigned>(MDB_RDONLY)));
  for (std::size_t i = 0; i < kTableCount; ++i) {
    const int error =
        mdb_dbi_open(txn, kTableNames[i], create ? static_cast<unsigned>(MDB_CREATE) : 0u, &tables_[i]);
    if (error == 0) continue;
    end_read(txn, std::this_thread::get_id());
    if (error != MDB_NOTFOUND) return status(error, "open");
    return {Code::damaged, "the state " + directory_ + " has no table \"" + kTableNames[i] +
                               "\"; restore the store from a copy"};
  }
  // Table handles outlive the transaction that opened them only when it is committed, even a read.
  const int error = mdb_txn_commit(txn);
  gate_.leave(std::this_thread::get_id());
  return error != 0 ? status(error, "open") : Status();
}

Status LmdbEnv::check_usable() const {
  if (in_child()) {
    return {Code::forked,
            "the state " + directory_ + " belongs to the parent process; open the store again after fork"};
  }
  if (poisoned_.load(std::memory_order_relaxed)) {
    return {Code::poisoned,
            "a commit to " + directory_ + " failed with unknown outcome; open the store again"};
  }
  return {};
}

bool LmdbEnv::in_child() const {
  return ::getpid() != pid_;
}

Result<MDB_txn*> LmdbEnv::begin(unsigned flags) {
  TN_TRY(check_usable());
  for (int resizes = 0;;) {
    gate_.enter();
    MDB_txn* txn = nullptr;
    const bool reads = (flags & MDB_RDONLY) != 0;
    const int error = reads ? start_read(&txn) : mdb_txn_begin(env_, nullptr, flags, &txn);
    if (error == 0) return txn;
    gate_.leave(std::this_thread::get_id());
    if (error != MDB_MAP_RESIZED || ++resizes > kResizesMax) return status(error, "read");
    TN_TRY(resize(0));
  }
}

Status LmdbEnv::settle_last_commit() {
  TN_ASSIGN(MDB_txn * txn, begin_write());
  end_write(txn, std::this_thread::get_id());
  return {};
}

int LmdbEnv::start_read(MDB_txn** txn) {
  {
    MutexLock lock(spare_mutex_);
    if (!spare_.empty()) {
      *txn = spare_.back();
      spare_.pop_back();
    }
  }
  if (*txn == nullptr) return mdb_txn_begin(env_, nullptr, MDB_RDONLY, txn);
  const int error = mdb_txn_renew(*txn);
  if (error != 0) mdb_txn_abort(std::exchange(*txn, nullptr));
  return error;
}

void LmdbEnv::stop_read(MDB_txn* txn) {
  mdb_txn_reset(txn);
  {
    MutexLock lock(spare_mutex_);
    if (spare_.size() < (read_only_ ? kClientSlotsMax : kOwnerSlotsMax)) {
      spare_.push_back(txn);
      return;
    }
  }
  mdb_txn_abort(txn);
}

Status LmdbEnv::keep_slots() {
  unsigned all = 0;
  mdb_env_get_maxreaders(env_, &all);
  const unsigned count = std::min(kOwnerSlots, all / 8);
  std::vector<MDB_txn*> taken;
  Status status;
  while (taken.size() < count && status.ok()) {
    const Result<MDB_txn*> txn = begin_read();
    if (txn.ok()) {
      taken.push_back(*txn);
    } else {
      status = txn.status();
    }
  }
  for (MDB_txn* txn : taken) end_read(txn, std::this_thread::get_id());
  // Who finds fewer slots has what there is, as before.
  return status.code() == Code::full ? Status() : status;
}

Result<MDB_txn*> LmdbEnv::begin_read() {
  for (bool has_cleared = false;;) {
    const Result<MDB_txn*> txn = begin(MDB_RDONLY);
    if (txn.ok()) {
      if (is_settled(*txn)) return txn;
      end_read(*txn, std::this_thread::get_id());
      continue;  // commits take far longer than a begin, so this ends
    }
    if (txn.code() != Code::full || std::exchange(has_cleared, true)) return txn;
    // No slot is free: perhaps because of processes that died.
    int dead = 0;
    if (mdb_reader_check(env_, &dead) != 0 || dead == 0) return txn;
  }
}

bool LmdbEnv::is_settled(MDB_txn* txn) {
  const std::size_t commit = mdb_txn_id(txn);
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  // The newest meta page is that of `commit`: the next commit had not written its own, nor had the one after it.
  if (info.me_last_txnid == commit) return true;
  // The next commit is writing, or has finished: a second begin tells which, for it gets the number of the last one
  // that has finished. Without a free slot nothing can be told, and the next try may have the newest page.
  MDB_txn* second = nullptr;
  if (start_read(&second) != 0) return false;
  const bool same = mdb_txn_id(second) == commit;
  stop_read(second);
  return same;
}

Result<MDB_txn*> LmdbEnv::begin_write() {
  TN_TRY(check_usable());
  if (read_only_)
    return Status(Code::wrong_state, "the state " + directory_ + " was opened for reading only");
  if (writing_.exchange(true, std::memory_order_acquire)) {
    return Status(Code::wrong_state, "a write transaction of " + directory_ + " is open already");
  }
  if (const Facts now = facts(); now.used_bytes > now.map_bytes / 4 * 3) {
    // Only early: when this thread reads or there is no room, the transaction may still fit.
    const Status early = grow();
    static_cast<void>(early);
  }
  Result<MDB_txn*> txn = begin(0);
  if (!txn.ok()) writing_.store(false, std::memory_order_release);
  return txn;
}

void LmdbEnv::end_read(MDB_txn* txn, std::thread::id maker) {
  if (in_child()) return;
  stop_read(txn);
  gate_.leave(maker);
}

void LmdbEnv::end_write(MDB_txn* txn, std::thread::id maker) {
  if (in_child()) return;
  mdb_txn_abort(txn);
  gate_.leave(maker);
  writing_.store(false, std::memory_order_release);
}

Status LmdbEnv::commit(MDB_txn* txn, std::thread::id maker) {
  if (in_child()) return check_usable();
  const int error = mdb_txn_commit(txn);
  gate_.leave(maker);
  const Status status = error != 0 ? write_failed(error) : Status();
  writing_.store(false, std::memory_order_release);
  return status;
}

Status LmdbEnv::write_failed(int error) {
  switch (error) {
    case MDB_MAP_FULL:
      TN_TRY(grow());
      return {Code::full, "the map of " + directory_ + " was full and has grown to " +
                              std::to_string(facts().map_bytes >> 20) + " MiB; retry the whole transaction"};
    case EIO:
      // LMDB reports the short write of a disk that fills up as EIO.
      if (has_panicked() || !disk_is_full()) return poison(error);
      return io_status(ENOSPC, "write", data_path(directory_));
    case MDB_PANIC:
      return poison(error);
    default:
      // Until the meta page is written a commit has changed nothing that anybody reads.
      return has_panicked() ? poison(error) : status(error, "write");
  }
}

Status LmdbEnv::status(int error, std::string_view action) const {
  if (error > 0) return io_status(error, action, data_path(directory_));
  Code code = Code::storage_error;
  std::string next;
  switch (error) {
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INCOMPATIBLE:
      code = Code::damaged;
      next = "; restore the store from a copy";
      break;
    case MDB_READERS_FULL:
      code = Code::full;
      next = "; end some read transactions, or the processes that hold them";
      break;
    case MDB_PANIC:
      code = Code::poisoned;
      next = "; open the store again";
      break;
    case MDB_BAD_VALSIZE:
      code = Code::invalid_argument;
      break;
    default:
      break;
  }
  return {code,
          "cannot " + std::string(action) + " " + data_path(directory_) + ": " + mdb_strerror(error) + next};
}

Status LmdbEnv::poison(int error) {
  poisoned_.store(true, std::memory_order_relaxed);
  return {Code::poisoned, "a commit to " + data_path(directory_) + " failed with unknown outcome: " +
                              mdb_strerror(error) + "; check the disk and open the store again"};
}

bool LmdbEnv::has_panicked() {
  // LMDB tells that the write of a meta page failed by refusing every later transaction.
  gate_.enter();
  MDB_txn* txn = nullptr;
  const int error = mdb_txn_begin(env_, nullptr, 0, &txn);
  if (error == 0) mdb_txn_abort(txn);
  gate_.leave(std::this_thread::get_id());
  return error == MDB_PANIC;
}

bool LmdbEnv::disk_is_full() const {
  // Free blocks say nothing about quotas, so writes a little and looks.
  constexpr std::uint64_t kProbeBytes = 1u << 20;
  FileCalls& calls = FileCalls::system();
  const std::string path = directory_ + "/probe.new";
  const Result<OwnedFile> file = open_file(calls, path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.ok()) return file.code() == Code::full;
  const Status written = write_zeros(calls, file->fd(), 0, kProbeBytes, path);
  calls.unlink(path);
  return written.code() == Code::full;
}

Status LmdbEnv::grow() {
  const Facts now = facts();
  return resize(std::max(now.map_bytes, now.used_bytes) * 2);
}

Status LmdbEnv::make_room(std::uint64_t bytes) {
  const Facts now = facts();
  constexpr std::uint64_t kStep = 1u << 20;  // whole pages
  const std::uint64_t wanted = ((now.used_bytes + bytes) / 3 * 4 / kStep + 1) * kStep;
  return now.map_bytes >= wanted ? Status() : resize(wanted);
}

Status LmdbEnv::resize(std::uint64_t bytes) {
  Status result;
  const bool was_alone = gate_.alone([&] {
    if (bytes > 0 && !can_map(bytes)) {
      result = {Code::no_memory, "the map of " + directory_ + " cannot grow to " +
                                     std::to_string(bytes >> 20) +
                                     " MiB: the address space is limited (ulimit -v)"};
      return;
    }
    const int error = mdb_env_set_mapsize(env_, bytes);
    // After a failure LMDB has no map at all.
    if (error != 0) result = poison(error);
  });
  if (!was_alone) {
    return {Code::wrong_state, "the map of " + directory_ +
                                   " must grow, but this thread holds a transaction; end it and try again"};
  }
  return result;
}

LmdbEnv::Facts LmdbEnv::facts() {
  // LMDB looks into the map for some of them, so it must not move.
  gate_.enter();
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_, &info);
  mdb_env_stat(env_, &stat);
  gate_.leave(std::this_thread::get_id());
  return {info.me_mapsize, (info.me_last_pgno + 1) * stat.ms_psize, info.me_last_txnid};
}

}  // namespace tenuto
