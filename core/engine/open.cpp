// Which engine fits: owner or client, and one per store and process.
#include <sys/stat.h>

#include <map>
#include <utility>

#include "core/base/fork_guard.h"
#include "core/engine/client.h"
#include "core/engine/owner.h"
#include "core/query/verify.h"
#include "core/store/file_log.h"
#include "core/store/lmdb_state.h"
#include "core/upkeep/compact.h"
#include "core/upkeep/restore.h"

namespace tenuto {
namespace {

// A directory, however it is spelt.
using DirectoryKey = std::pair<dev_t, ino_t>;

// An open engine, and how many callers have it. Weak: it lives as long as their handles.
struct OpenEngine {
  std::weak_ptr<Engine> engine;
  std::uint32_t callers = 0;
};

// The open engines of this process.
struct OpenEngines {
  Mutex mutex;
  std::map<DirectoryKey, OpenEngine> engines TN_GUARDED_BY(mutex);
};

OpenEngines& open_engines() {
  static fork_guard::PerProcess<OpenEngines> all;
  return all.get();
}

Result<DirectoryKey> key_of(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return Status(Code::not_found, "no store at " + path);
  return DirectoryKey{facts.st_dev, facts.st_ino};
}

Result<StoreDir> open_dir(const std::string& path, const EngineOptions& options) {
  if (options.create && options.mode != OpenMode::client) return StoreDir::open_or_create(path);
  return StoreDir::open(path);
}

Result<std::shared_ptr<Engine>> open_client(const StoreDir& dir) {
  TN_ASSIGN(std::shared_ptr<ClientEngine> client, ClientEngine::open(dir));
  return std::shared_ptr<Engine>(std::move(client));
}

Result<std::shared_ptr<Engine>> open_new(StoreDir& dir, const EngineOptions& options) {
  if (options.mode == OpenMode::client) return open_client(dir);
  auto lock = OwnerLock::acquire(dir.path(), dir.owner_lock());
  if (!lock.ok()) {
    if (lock.code() == Code::owned && options.mode == OpenMode::automatic) return open_client(dir);
    return lock.status();
  }
  TN_TRY(dir.upgrade());
  TN_ASSIGN(std::shared_ptr<OwnerEngine> owner, OwnerEngine::open(dir, *std::move(lock), options));
  return std::shared_ptr<Engine>(std::move(owner));
}

}  // namespace

Result<std::shared_ptr<Engine>> open_engine(const std::string& path, const EngineOptions& options) {
  if (options.durability == Durability::memory) {
    TN_ASSIGN(std::shared_ptr<OwnerEngine> engine, OwnerEngine::open_in_memory(options));
    return std::shared_ptr<Engine>(std::move(engine));
  }
  if (path.empty()) return Status(Code::invalid_argument, "the path of the store is empty");
  TN_ASSIGN(StoreDir dir, open_dir(path, options));
  TN_ASSIGN(const DirectoryKey key, key_of(dir.path()));
  OpenEngines& all = open_engines();
  MutexLock lock(all.mutex);
  OpenEngine& entry = all.engines[key];
  if (auto open = entry.engine.lock(); open != nullptr && open->role() != Role::none) {
    if (options.mode == OpenMode::owner && open->role() != Role::owner) {
      return Status(Code::owned, "this process has " + path + " open as a client; close it first");
    }
    ++entry.callers;
    return open;
  }
  TN_ASSIGN(std::shared_ptr<Engine> engine, open_new(dir, options));
  entry = {engine, 1};
  return engine;
}

Status close_engine(const std::shared_ptr<Engine>& engine, CloseHow how, Nanos timeout_ns) {
  OpenEngines& all = open_engines();
  {
    MutexLock lock(all.mutex);
    for (auto entry = all.engines.begin(); entry != all.engines.end(); ++entry) {
      if (entry->second.engine.lock() != engine) continue;
      if (--entry->second.callers > 0) return {};
      all.engines.erase(entry);
      break;
    }
  }
  return engine->close(how, timeout_ns);
}

Result<Bytes> verify_store(const std::string& path, bool& sound) {
  TN_ASSIGN(const StoreDir dir, StoreDir::open(path));
  TN_ASSIGN(const std::unique_ptr<FileLog> log, FileLog::open(dir.journal(), true));
  LmdbState::Options read_only;
  read_only.read_only = true;
  TN_ASSIGN(const std::unique_ptr<LmdbState> state, LmdbState::open(dir.state(), read_only));
  return verify(*state, *log, sound);
}

Result<Bytes> restore_store(const std::string& backup, const std::string& path, const Progress& progress) {
  return restore(backup, path, progress);
}

Result<Bytes> check_store_backup(const std::string& backup, const Progress& progress) {
  return check_backup(backup, progress);
}

Result<Bytes> compact_store(const std::string& path, const Progress& progress) {
  return compact(path, progress);
}

}  // namespace tenuto
