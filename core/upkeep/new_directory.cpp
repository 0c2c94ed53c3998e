#include "core/upkeep/new_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/store/store_dir.h"

namespace tenuto {
namespace {

namespace fs = std::filesystem;

Status exists(const std::string& target) {
  return {Code::conflict, target + " exists; nothing is overwritten, so give a new path"};
}

// True when `path`, or one of the directories above it, is `directory`.
bool is_within(const std::string& path, const std::string& directory) {
  std::error_code error;
  fs::path at = fs::canonical(path, error);
  if (error) return false;
  for (;; at = at.parent_path()) {
    if (fs::equivalent(at, directory, error)) return true;
    if (at == at.parent_path()) return false;
  }
}

}  // namespace

std::string plain_path(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  return last == std::string::npos ? path.substr(0, 1) : path.substr(0, last + 1);
}

Status check_target(const std::string& target, bool may_be_empty, const std::string& store) {
  if (target.empty()) return {Code::invalid_argument, "the path of the new directory is empty"};
  if (target.find('\0') != std::string::npos) return {Code::invalid_argument, "a path holds no zero byte"};
  const std::string parent = parent_directory(target);
  struct stat facts {};
  if (::stat(parent.c_str(), &facts) != 0) {
    if (errno == ENOENT)
      return {Code::invalid_argument,
              "there is no directory " + parent + " to make " + target + " in; make it first"};
    return io_status(errno, "look at", parent);
  }
  if (!S_ISDIR(facts.st_mode)) return {Code::invalid_argument, parent + " is not a directory"};
  if (!store.empty() && is_within(parent, store)) {
    return {Code::invalid_argument, target + " lies in the store " + store + "; give a path outside of it"};
  }
  if (::lstat(target.c_str(), &facts) != 0)
    return errno == ENOENT ? Status() : io_status(errno, "look at", target);
  std::error_code error;
  if (may_be_empty && S_ISDIR(facts.st_mode) && fs::is_empty(target, error) && !error) return {};
  return exists(target);
}

Result<NewDirectory> NewDirectory::beside(const std::string& target, const std::string& word) {
  TN_ASSIGN(const StoreUuid chance, random_store_uuid());
  return NewDirectory(target, target + "." + word + "-" + chance.text().substr(0, 8));
}

NewDirectory::~NewDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Status NewDirectory::move_in(FileCalls& calls) {
  // Without replacing: an empty directory of that name goes first, anything else stays and is in the way.
  if (::rmdir(target_.c_str()) != 0 && errno != ENOENT) return exists(target_);
  int error =
      ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  if (error == EINVAL || error == ENOSYS) {
    // A file system without that flag: a rename over a directory fails unless it is empty.
    error = -calls.rename(path_, target_);
  }
  if (error == EEXIST || error == ENOTEMPTY || error == ENOTDIR) return exists(target_);
  if (error != 0) return io_status(error, "create", target_);
  path_.clear();
  return sync_directory(calls, parent_directory(target_));
}

}  // namespace tenuto
