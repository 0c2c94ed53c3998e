// The system calls of the file log and of the store directory, as an interface, so that tests can fail each one in
// turn and record what was written and synced.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tenuto {

// Every function does what the call of its name does, and returns the call's result or the negative error number.
// Nothing is retried here: EINTR and short writes are for the caller.
// Thread safety: all functions may be called by any number of threads.
class FileCalls {
 public:
  virtual ~FileCalls() = default;

  // The calls of the operating system. Lives for ever.
  static FileCalls& system();

  virtual int open(const std::string& path, int flags, mode_t mode) = 0;  // adds O_CLOEXEC
  virtual int close(int fd) = 0;
  virtual ssize_t pwritev(int fd, const iovec* pieces, int count, std::uint64_t offset) = 0;
  virtual ssize_t pread(int fd, void* out, std::size_t size, std::uint64_t offset) = 0;
  virtual std::int64_t size(int fd) = 0;  // fstat
  virtual int fdatasync(int fd) = 0;
  virtual int fsync(int fd) = 0;
  virtual int rename(const std::string& from, const std::string& to) = 0;
  virtual int unlink(const std::string& path) = 0;
  virtual int mkdir(const std::string& path, mode_t mode) = 0;
  virtual int list(const std::string& directory, std::vector<std::string>& names) = 0;  // without . and ..
};

}  // namespace tenuto
