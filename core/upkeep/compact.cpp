#include "core/upkeep/compact.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <numeric>
#include <system_error>

#include "core/payload/json_writer.h"
#include "core/store/lmdb_state.h"
#include "core/store/lmdb_swap.h"
#include "core/store/owner_lock.h"
#include "core/store/store_dir.h"
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

// Before and after: the store is as it was. On return the copy is durable.
Result<TableCopy> copy_to(const StoreDir& store, const std::string& directory, const Progress& progress) {
  LmdbState::Options read_only;
  read_only.read_only = true;
  TN_ASSIGN(const std::unique_ptr<LmdbState> old, LmdbState::open(store.state(), read_only));
  TN_ASSIGN(const StateInfo info, old->info());
  if (const int error = -FileCalls::system().mkdir(directory, 0700); error != 0)
    return io_status(error, "create", directory);
  TN_ASSIGN(const std::unique_ptr<LmdbState> copy, LmdbState::open(directory));
  TN_ASSIGN(const std::unique_ptr<StateRead> read, old->begin_read());
  return copy_tables(*read, *copy, info.used_bytes, progress);
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
  TN_ASSIGN(const TableCopy copied, copy_to(store, copy.path(), progress));
  TN_ASSIGN(LmdbAlone alone, LmdbAlone::take(store.path(), store.state()));
  TN_TRY(alone.replace(copy.path() + "/data.mdb"));
  TN_ASSIGN(const std::uint64_t after, size_of(data));
  Bytes text;
  json::Writer out(text);
  const auto number = [&](ByteView key, std::uint64_t value) {
    out.key(key);
    out.integer(static_cast<std::int64_t>(value));
  };
  out.begin_object();
  out.key("path").string(store.path());
  number("bytes_before", before);
  number("bytes_after", after);
  number("entries", std::accumulate(copied.entries.begin(), copied.entries.end(), std::uint64_t{0}));
  out.end_object();
  return text;
}

}  // namespace tenuto
