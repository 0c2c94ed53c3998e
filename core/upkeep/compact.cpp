#include "core/upkeep/compact.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <numeric>
#include <system_error>

#include "core/payload/json_writer.h"
#include "core/query/value_json.h"
#include "core/store/file_log.h"
#include "core/store/keys.h"
#include "core/store/lmdb_state.h"
#include "core/store/lmdb_swap.h"
#include "core/store/owner_lock.h"
#include "core/store/store_dir.h"
#include "core/upkeep/needed_workflows.h"
#include "core/upkeep/table_copy.h"

namespace tenuto {
namespace {

Result<std::uint64_t> size_of(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return io_status(errno, "look at", path);
  return static_cast<std::uint64_t>(facts.st_size);
}

// Takes away the copy, whole or not.
class CopyDirectory {
 public:
  explicit CopyDirectory(std::string path) : path_(std::move(path)) { remove(); }
  ~CopyDirectory() { remove(); }
  CopyDirectory(const CopyDirectory&) = delete;
  CopyDirectory& operator=(const CopyDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string path_;
};

struct Compacted {
  TableCopy copied;
  std::uint64_t workflows_left_out = 0;
};

// Before and after: the store is as it was. On return the copy is durable.
Result<Compacted> copy_to(const StoreDir& store, const std::string& directory, const Progress& progress) {
  LmdbState::Options read_only;
  read_only.read_only = true;
  TN_ASSIGN(const std::unique_ptr<LmdbState> old, LmdbState::open(store.state(), read_only));
  TN_ASSIGN(const StateInfo info, old->info());
  if (const int error = -FileCalls::system().mkdir(directory, 0700); error != 0)
    return io_status(error, "create", directory);
  TN_ASSIGN(const std::unique_ptr<LmdbState> copy, LmdbState::open(directory));
  TN_ASSIGN(const std::unique_ptr<StateRead> read, old->begin_read());
  TN_ASSIGN(const std::unique_ptr<FileLog> log, FileLog::open(store.journal(), true));
  TN_ASSIGN(const std::unordered_set<WorkflowHash> needed, needed_workflows(*read, *log));
  Compacted compacted;
  const auto keep = [&](Table table, ByteView key) {
    const auto hash = table == Table::workflows ? parse_workflow_key(key) : std::nullopt;
    return !hash.has_value() || needed.contains(*hash);
  };
  TN_ASSIGN(compacted.copied, copy_tables(*read, *copy, info.used_bytes, keep, progress));
  constexpr auto kWorkflows = static_cast<std::size_t>(Table::workflows);
  compacted.workflows_left_out = info.entries[kWorkflows] - compacted.copied.entries[kWorkflows];
  return compacted;
}

}  // namespace

Result<Bytes> compact(const std::string& path, const Progress& progress) {
  TN_ASSIGN(StoreDir store, StoreDir::open(path));
  TN_ASSIGN(const std::unique_ptr<OwnerLock> owner, OwnerLock::acquire(store.path(), store.owner_lock()));
  const std::string data = store.state() + "/data.mdb";
  // Asked now as well: it would be a pity to find a reader when all is copied.
  if (const auto alone = LmdbAlone::take(store.path(), store.state()); !alone.ok()) return alone.status();
  TN_ASSIGN(const std::uint64_t before, size_of(data));
  const CopyDirectory copy(store.path() + "/compact.new");
  TN_ASSIGN(const Compacted compacted, copy_to(store, copy.path(), progress));
  TN_ASSIGN(LmdbAlone alone, LmdbAlone::take(store.path(), store.state()));
  TN_TRY(alone.replace(copy.path() + "/data.mdb"));
  TN_ASSIGN(const std::uint64_t after, size_of(data));
  Bytes text;
  json::Writer out(text);
  out.begin_object();
  out.key("path").string(store.path());
  write_count(out, "bytes_before", before);
  write_count(out, "bytes_after", after);
  const auto& entries = compacted.copied.entries;
  write_count(out, "entries", std::accumulate(entries.begin(), entries.end(), std::uint64_t{0}));
  write_count(out, "workflows_left_out", compacted.workflows_left_out);
  out.end_object();
  return text;
}

}  // namespace tenuto
