// Files as the store uses them: whole writes, whole reads, durable names, and errors that name the path.
#pragma once

#include <cerrno>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/file_calls.h"

namespace tenuto {

// Calls `call` until it is not interrupted by a signal.
template <class Call>
auto retry_interrupted(Call call) {
  auto result = call();
  while (result == -EINTR) result = call();
  return result;
}

// An open file that is closed at the end of its scope.
class OwnedFile {
 public:
  OwnedFile() = default;
  OwnedFile(FileCalls& calls, int fd) : calls_(&calls), fd_(fd) {}
  OwnedFile(OwnedFile&& other) noexcept : calls_(other.calls_), fd_(std::exchange(other.fd_, -1)) {}
  OwnedFile& operator=(OwnedFile&& other) noexcept {
    std::swap(calls_, other.calls_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedFile() {
    // An error of close says nothing about data: what had to be durable was synced before.
    if (fd_ >= 0) calls_->close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  FileCalls* calls_ = nullptr;
  int fd_ = -1;
};

// `error` is a positive error number, `action` a verb: "cannot <action> <path>: <reason>". No space, a quota or a
// file size limit give full, a missing file not_found, no memory no_memory, all else storage_error.
[[nodiscard]] Status io_status(int error, std::string_view action, const std::string& path);
// The status of a failed sync: poisoned, for nobody knows what reached the disk.
[[nodiscard]] Status sync_status(int error, const std::string& path);

Result<OwnedFile> open_file(FileCalls& calls, const std::string& path, int flags, mode_t mode = 0600);
// Writes all of the pieces, one after the other. After a failure any part of them may be in the file.
Status write_all(FileCalls& calls, int fd, std::uint64_t offset, std::span<const ByteView> pieces,
                 const std::string& path);
Status write_zeros(FileCalls& calls, int fd, std::uint64_t from, std::uint64_t to, const std::string& path);
// Reads up to `size` bytes and returns how many there were before the end of the file.
Result<std::size_t> read_upto(FileCalls& calls, int fd, std::uint64_t offset, std::size_t size, char* out,
                              const std::string& path);
// Reads a file of at most `size_max` bytes; damaged when it is larger.
Result<Bytes> read_file(FileCalls& calls, const std::string& path, std::size_t size_max);
// Makes the names in a directory durable.
Status sync_directory(FileCalls& calls, const std::string& directory);
// Replaces directory/name by a file with this content, atomically and durably (a temporary file, a sync, a rename and
// a sync of the directory). After a failure the old file is there, or (poisoned) perhaps the new one.
Status replace_file(FileCalls& calls, const std::string& directory, const std::string& name,
                    ByteView content);

}  // namespace tenuto
