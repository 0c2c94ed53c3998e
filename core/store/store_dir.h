// The store directory: its parts, and the file `tenuto.store` that makes a directory a store.
//
// `tenuto.store` is readable text: the lines "tenuto store", "format <number>" and "uuid <32 hex digits>"; then, in a store that
// was restored from a backup, a line "origin <32 hex digits> below <number>" for each store that runs came from, the first one first. It is
// written last, so that a directory with it is whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/base/store_keys.h"
#include "core/store/files.h"
#include "core/store/format.h"

namespace tenuto {

// Tells stores apart, also copies of a directory from other stores.
struct StoreUuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const StoreUuid&, const StoreUuid&) = default;
  // 32 hex digits.
  [[nodiscard]] std::string text() const;
  // StoreKeys' number for it.
  [[nodiscard]] std::uint64_t key() const { return high ^ low; }
  // From what text() gave.
  static std::optional<StoreUuid> parse(std::string_view text);
};

// A store that runs came from, by a backup: those below `below` that no earlier origin had.
struct StoreOrigin {
  StoreUuid uuid;
  RunNumber below;
  friend bool operator==(const StoreOrigin&, const StoreOrigin&) = default;
};

// From the operating system's generator.
Result<StoreUuid> random_store_uuid();

// A value; the directory is not held open. Thread safety: const functions by any thread.
class StoreDir {
 public:
  // Opens a store. not_found when there is no such directory or it is no store, damaged when tenuto.store can't be
  // read, newer_format when a newer version wrote it, invalid_argument when it is older than kStoreFormatOldest. Its format
  // may be older than kStoreFormat: see upgrade().
  static Result<StoreDir> open(const std::string& path, FileCalls& calls = FileCalls::system());
  // Makes a store with mode 0700 in a new or empty directory (or where an earlier create() was interrupted), durably.
  // conflict when a store is there, invalid_argument when something else is, owned when another process makes one
  // right now.
  static Result<StoreDir> create(const std::string& path, const StoreUuid& uuid,
                                 FileCalls& calls = FileCalls::system());
  // open(), or create() with a new uuid when there is nothing. When two processes make it, both get the same store.
  static Result<StoreDir> open_or_create(const std::string& path, FileCalls& calls = FileCalls::system());

  // For who fills a store before it is one: makes the folders in a new directory; finish() then makes it a store, durably.
  static Result<StoreDir> begin(const std::string& path, const StoreUuid& uuid, std::uint32_t format,
                                FileCalls& calls = FileCalls::system());
  Status finish(std::vector<StoreOrigin> origins, FileCalls& calls = FileCalls::system());

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const StoreUuid& uuid() const { return uuid_; }
  [[nodiscard]] const std::vector<StoreOrigin>& origins() const { return origins_; }
  [[nodiscard]] StoreKeys keys() const;
  [[nodiscard]] std::uint32_t format() const { return format_; }
  [[nodiscard]] std::string journal() const { return path_ + "/journal"; }
  [[nodiscard]] std::string state() const { return path_ + "/state"; }
  [[nodiscard]] std::string inbox() const { return path_ + "/inbox"; }
  [[nodiscard]] std::string shared_page() const { return path_ + "/shared"; }
  [[nodiscard]] std::string owner_lock() const { return path_ + "/owner.lock"; }

  // Brings the store to `target`; for the owner, before it opens anything else.
  Status upgrade(std::span<const UpgradeStep> steps = upgrade_steps(), std::uint32_t target = kStoreFormat,
                 FileCalls& calls = FileCalls::system());

 private:
  StoreDir(std::string path, const StoreUuid& uuid, std::uint32_t format,
           std::vector<StoreOrigin> origins = {})
      : path_(std::move(path)), uuid_(uuid), format_(format), origins_(std::move(origins)) {}
  Status write_marker(FileCalls& calls) const;

  std::string path_;
  StoreUuid uuid_;
  std::uint32_t format_ = 0;
  std::vector<StoreOrigin> origins_;
};

// Where a store can be, told apart from its last name: "a/b/" is in "a", "b" in ".".
std::string parent_directory(const std::string& path);

}  // namespace tenuto
