#include "core/store/file_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

namespace tenuto {
namespace {

template <class T>
T result_or_error(T result) {
  return result < 0 ? static_cast<T>(-errno) : result;
}

class SystemFileCalls final : public FileCalls {
 public:
  int open(const std::string& path, int flags, mode_t mode) override {
    return result_or_error(::open(path.c_str(), flags | O_CLOEXEC, mode));
  }
  int close(int fd) override { return result_or_error(::close(fd)); }
  ssize_t pwritev(int fd, const iovec* pieces, int count, std::uint64_t offset) override {
    return result_or_error(::pwritev(fd, pieces, count, static_cast<off_t>(offset)));
  }
  ssize_t pread(int fd, void* out, std::size_t size, std::uint64_t offset) override {
    return result_or_error(::pread(fd, out, size, static_cast<off_t>(offset)));
  }
  std::int64_t size(int fd) override {
    struct stat facts {};
    return ::fstat(fd, &facts) < 0 ? -errno : static_cast<std::int64_t>(facts.st_size);
  }
  int fdatasync(int fd) override { return result_or_error(::fdatasync(fd)); }
  int fsync(int fd) override { return result_or_error(::fsync(fd)); }
  int rename(const std::string& from, const std::string& to) override {
    return result_or_error(::rename(from.c_str(), to.c_str()));
  }
  int unlink(const std::string& path) override { return result_or_error(::unlink(path.c_str())); }
  int mkdir(const std::string& path, mode_t mode) override {
    return result_or_error(::mkdir(path.c_str(), mode));
  }
  int list(const std::string& directory, std::vector<std::string>& names) override {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr) return -errno;
    errno = 0;
    for (const dirent* entry = ::readdir(stream); entry != nullptr; entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    ::closedir(stream);
    return -error;
  }
};

}  // namespace

FileCalls& FileCalls::system() {
  static SystemFileCalls calls;
  return calls;
}

}  // namespace tenuto
