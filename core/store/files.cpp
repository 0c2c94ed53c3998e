#include "core/store/files.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace tenuto {
namespace {

// More pieces in one call are refused by Linux (UIO_MAXIOV).
constexpr std::size_t kPiecesMax = 1024;
// Not critical: large enough that a step of prewriting takes few calls.
constexpr std::size_t kZeroBytes = 256u << 10;
constexpr std::array<char, kZeroBytes> kZeros{};

std::string reason(int error) {
  return std::system_category().message(error);
}

// Writes the vector, which it consumes, with as many calls as it takes.
Status write_vector(FileCalls& calls, int fd, std::uint64_t offset, std::span<iovec> vector,
                    const std::string& path) {
  while (!vector.empty()) {
    const ssize_t written = retry_interrupted(
        [&] { return calls.pwritev(fd, vector.data(), static_cast<int>(vector.size()), offset); });
    if (written < 0) return io_status(static_cast<int>(-written), "write", path);
    if (written == 0) return io_status(EIO, "write", path);
    offset += static_cast<std::uint64_t>(written);
    auto left = static_cast<std::size_t>(written);
    while (!vector.empty() && left >= vector.front().iov_len) {
      left -= vector.front().iov_len;
      vector = vector.subspan(1);
    }
    if (left > 0) {
      vector.front().iov_base = static_cast<char*>(vector.front().iov_base) + left;
      vector.front().iov_len -= left;
    }
  }
  return {};
}

Status sync_names(FileCalls& calls, const OwnedFile& directory, const std::string& path) {
  const int error = -retry_interrupted([&] { return calls.fsync(directory.fd()); });
  return error != 0 ? sync_status(error, path) : Status();
}

// Writes a file that is nothing yet: after a failure it can be written again from its start.
Status write_new(FileCalls& calls, const std::string& path, ByteView content) {
  TN_ASSIGN(const OwnedFile file, open_file(calls, path, O_WRONLY | O_CREAT | O_TRUNC));
  TN_TRY(write_all(calls, file.fd(), 0, std::span(&content, 1), path));
  const int error = -retry_interrupted([&] { return calls.fsync(file.fd()); });
  return error != 0 ? io_status(error, "sync", path) : Status();
}

}  // namespace

Status io_status(int error, std::string_view action, const std::string& path) {
  Code code = Code::storage_error;
  std::string next;
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      code = Code::full;
      next = "; free some space, then it can be tried again";
      break;
    case ENOENT:
      code = Code::not_found;
      break;
    case ENOMEM:
      code = Code::no_memory;
      break;
    default:
      break;
  }
  return {code, "cannot " + std::string(action) + " " + path + ": " + reason(error) + next};
}

Status sync_status(int error, const std::string& path) {
  return {Code::poisoned,
          "cannot sync " + path + ": " + reason(error) +
              "; what reached the disk is unknown, so check the disk and open the store again"};
}

Result<OwnedFile> open_file(FileCalls& calls, const std::string& path, int flags, mode_t mode) {
  const int fd = retry_interrupted([&] { return calls.open(path, flags, mode); });
  if (fd < 0) return io_status(-fd, "open", path);
  return OwnedFile(calls, fd);
}

Status write_all(FileCalls& calls, int fd, std::uint64_t offset, std::span<const ByteView> pieces,
                 const std::string& path) {
  std::vector<iovec> vector;
  vector.reserve(std::min(pieces.size(), kPiecesMax));
  std::uint64_t size = 0;
  for (const ByteView piece : pieces) {
    if (piece.empty()) continue;
    vector.push_back({const_cast<char*>(piece.data()), piece.size()});  // pwritev only reads
    size += piece.size();
    if (vector.size() == kPiecesMax) {
      TN_TRY(write_vector(calls, fd, offset, vector, path));
      offset += std::exchange(size, 0);
      vector.clear();
    }
  }
  return write_vector(calls, fd, offset, vector, path);
}

Status write_zeros(FileCalls& calls, int fd, std::uint64_t from, std::uint64_t to, const std::string& path) {
  while (from < to) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kZeroBytes, to - from));
    const ByteView piece(kZeros.data(), size);
    TN_TRY(write_all(calls, fd, from, std::span(&piece, 1), path));
    from += size;
  }
  return {};
}

Result<std::size_t> read_upto(FileCalls& calls, int fd, std::uint64_t offset, std::size_t size, char* out,
                              const std::string& path) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        retry_interrupted([&] { return calls.pread(fd, out + done, size - done, offset + done); });
    if (got < 0) return io_status(static_cast<int>(-got), "read", path);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<Bytes> read_file(FileCalls& calls, const std::string& path, std::size_t size_max) {
  TN_ASSIGN(const OwnedFile file, open_file(calls, path, O_RDONLY));
  Bytes content(size_max + 1, '\0');
  TN_ASSIGN(const std::size_t size, read_upto(calls, file.fd(), 0, content.size(), content.data(), path));
  if (size > size_max)
    return Status(Code::damaged, path + " is larger than " + std::to_string(size_max) + " bytes");
  content.resize(size);
  return content;
}

Status sync_directory(FileCalls& calls, const std::string& directory) {
  TN_ASSIGN(const OwnedFile file, open_file(calls, directory, O_RDONLY | O_DIRECTORY));
  return sync_names(calls, file, directory);
}

Status replace_file(FileCalls& calls, const std::string& directory, const std::string& name,
                    ByteView content) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".new";
  // Opened first, so that after the rename nothing but the sync can fail.
  TN_ASSIGN(const OwnedFile names, open_file(calls, directory, O_RDONLY | O_DIRECTORY));
  Status status = write_new(calls, temporary, content);
  if (status.ok()) {
    const int error = -retry_interrupted([&] { return calls.rename(temporary, path); });
    if (error != 0) status = io_status(error, "rename", temporary);
  }
  if (!status.ok()) {
    // Names may be used once only, and then nobody would write over it; and space may be what is missing.
    (void)calls.unlink(temporary);
    return status;
  }
  return sync_names(calls, names, directory);
}

}  // namespace tenuto
