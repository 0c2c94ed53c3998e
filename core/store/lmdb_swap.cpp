#include "core/store/lmdb_swap.h"

#include <fcntl.h>

#include <cerrno>

namespace tenuto {
namespace {

struct flock first_byte() {
  struct flock request {};
  request.l_type = F_WRLCK;
  request.l_whence = SEEK_SET;
  request.l_len = 1;
  return request;
}

Status in_use(const std::string& store, int fd) {
  struct flock request = first_byte();
  std::string who = "another process reads";
  // LMDB locks as a process, so the kernel can name it.
  if (::fcntl(fd, F_OFD_GETLK, &request) == 0 && request.l_type != F_UNLCK && request.l_pid > 0)
    who = "process " + std::to_string(request.l_pid) + " reads";
  return {Code::owned, who + " the store " + store + "; end that process first"};
}

}  // namespace

Result<LmdbAlone> LmdbAlone::take(const std::string& store, const std::string& directory) {
  FileCalls& calls = FileCalls::system();
  auto claim = DirectoryClaim::take(directory);
  if (claim == nullptr)
    return Status(Code::owned, "this process has the store " + store + " open; close it first");
  TN_ASSIGN(OwnedFile lock, open_file(calls, directory + "/lock.mdb", O_RDWR | O_CREAT));
  struct flock request = first_byte();
  if (::fcntl(lock.fd(), F_OFD_SETLK, &request) != 0) {
    if (errno == EAGAIN || errno == EACCES) return in_use(store, lock.fd());
    return io_status(errno, "lock", directory + "/lock.mdb");
  }
  return LmdbAlone(directory, std::move(claim), std::move(lock));
}

Status LmdbAlone::replace(const std::string& data) {
  FileCalls& calls = FileCalls::system();
  const int error = -retry_interrupted([&] { return calls.rename(data, directory_ + "/data.mdb"); });
  if (error != 0) return io_status(error, "move", data);
  // After the rename: who opened the old lock.mdb and waits for it looks whether both files are still those of their names.
  calls.unlink(directory_ + "/lock.mdb");
  return sync_directory(calls, directory_);
}

}  // namespace tenuto
