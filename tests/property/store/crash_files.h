// A file system in memory that can lose power, behind the system calls of the store.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/random.h"
#include "core/store/file_calls.h"

namespace tenuto::testing {

// What a power cut leaves: of a file, what its last sync covered, and of later writes each page or not, of
// a later size the old or the new one; of a directory, the names at its last sync and any number of the changes
// since, in their order, as journaling file systems have it. There is one directory, "/".
//
// Thread safety: one thread.
class CrashFiles final : public FileCalls {
 public:
  // Planted lies: these syncs say that all is well and do nothing.
  bool ignore_file_syncs = false;
  bool ignore_name_syncs = false;

  // The power goes at the call number `nth` from now on: it and all later calls fail until crash().
  void cut_power_at(std::uint64_t nth) { calls_left_ = nth; }
  [[nodiscard]] bool is_dead() const { return dead_; }

  // The power comes back.
  void crash(Random& random) {
    const std::size_t kept = random.below(changes_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) apply(synced_names_, changes_[i]);
    names_ = synced_names_;
    changes_.clear();
    for (auto& [name, file] : names_) crash_file(*file, random);
    open_.clear();
    dead_ = false;
    calls_left_ = 0;
  }

  int open(const std::string& path, int flags, mode_t) override {
    if (is_cut()) return -EIO;
    if (path == "/") return add_open(nullptr);
    auto found = names_.find(path);
    if (found == names_.end()) {
      if ((flags & O_CREAT) == 0) return -ENOENT;
      change({"", path, std::make_shared<File>()});
      found = names_.find(path);
    }
    File& file = *found->second;
    if ((flags & O_TRUNC) != 0 && !file.current.empty()) {
      mark_dirty(file, 0, file.current.size());
      file.current.clear();
    }
    return add_open(found->second);
  }
  int close(int fd) override { return open_.erase(fd) == 1 ? 0 : -EBADF; }
  ssize_t pwritev(int fd, const iovec* pieces, int count, std::uint64_t offset) override {
    if (is_cut()) return -EIO;
    File& file = *open_.at(fd);
    std::size_t size = 0;
    for (int i = 0; i < count; ++i) size += pieces[i].iov_len;
    file.current.resize(std::max<std::size_t>(file.current.size(), offset + size), '\0');
    mark_dirty(file, offset, offset + size);
    for (int i = 0; i < count; ++i) {
      std::memcpy(file.current.data() + offset, pieces[i].iov_base, pieces[i].iov_len);
      offset += pieces[i].iov_len;
    }
    return static_cast<ssize_t>(size);
  }
  ssize_t pread(int fd, void* out, std::size_t size, std::uint64_t offset) override {
    if (is_cut()) return -EIO;
    const Bytes& bytes = open_.at(fd)->current;
    if (offset >= bytes.size()) return 0;
    return static_cast<ssize_t>(bytes.copy(static_cast<char*>(out), size, offset));
  }
  std::int64_t size(int fd) override {
    return is_cut() ? -EIO : static_cast<std::int64_t>(open_.at(fd)->current.size());
  }
  int fdatasync(int fd) override { return fsync(fd); }
  int fsync(int fd) override {
    if (is_cut()) return -EIO;
    File* file = open_.at(fd).get();
    if (file == nullptr) {
      if (ignore_name_syncs) return 0;
      synced_names_ = names_;
      changes_.clear();
    } else if (!ignore_file_syncs) {
      for (const std::uint64_t page : file->dirty) copy_page(file->current, file->synced, page);
      file->synced.resize(file->current.size(), '\0');
      file->dirty.clear();
    }
    return 0;
  }
  int rename(const std::string& from, const std::string& to) override {
    if (is_cut()) return -EIO;
    if (!names_.contains(from)) return -ENOENT;
    change({from, to, names_.at(from)});
    return 0;
  }
  int unlink(const std::string& path) override {
    if (is_cut()) return -EIO;
    if (!names_.contains(path)) return -ENOENT;
    change({path, "", nullptr});
    return 0;
  }
  int mkdir(const std::string&, mode_t) override { return -EEXIST; }
  int list(const std::string&, std::vector<std::string>& names) override {
    if (is_cut()) return -EIO;
    for (const auto& [path, file] : names_) names.push_back(path.substr(path.find_last_of('/') + 1));
    return 0;
  }

 private:
  static constexpr std::uint64_t kPageBytes = 4096;
  struct File {
    Bytes current;
    Bytes synced;
    std::set<std::uint64_t> dirty;  // pages
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;
  // `removed` goes, `added` comes; either may be empty.
  struct Change {
    std::string removed;
    std::string added;
    std::shared_ptr<File> file;
  };

  bool is_cut() {
    if (calls_left_ > 0 && --calls_left_ == 0) dead_ = true;
    return dead_;
  }
  int add_open(std::shared_ptr<File> file) {
    open_[++last_fd_] = std::move(file);
    return last_fd_;
  }
  static void apply(Names& names, const Change& change) {
    names.erase(change.removed);
    if (!change.added.empty()) names[change.added] = change.file;
  }
  void change(const Change& change) {
    apply(names_, change);
    changes_.push_back(change);
  }
  static void mark_dirty(File& file, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t page = from / kPageBytes; page * kPageBytes < to; ++page) file.dirty.insert(page);
  }
  static void copy_page(const Bytes& from, Bytes& to, std::uint64_t page) {
    const std::uint64_t begin = page * kPageBytes;
    if (begin >= from.size()) return;
    const std::uint64_t size = std::min<std::uint64_t>(kPageBytes, from.size() - begin);
    if (to.size() < begin + size) to.resize(begin + size, '\0');
    std::memcpy(to.data() + begin, from.data() + begin, size);
  }
  static void crash_file(File& file, Random& random) {
    const std::size_t size = random.chance(1, 2) ? file.synced.size() : file.current.size();
    for (const std::uint64_t page : file.dirty) {
      if (random.chance(1, 2)) copy_page(file.current, file.synced, page);
    }
    file.synced.resize(size, '\0');
    file.current = file.synced;
    file.dirty.clear();
  }

  Names names_;
  Names synced_names_;
  std::vector<Change> changes_;
  std::map<int, std::shared_ptr<File>> open_;
  int last_fd_ = 2;
  std::uint64_t calls_left_ = 0;
  bool dead_ = false;
};

}  // namespace tenuto::testing
