#include "core/store/lmdb_check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <bit>
#include <cerrno>

#include "core/base/bytes.h"
#include "core/store/files.h"

namespace tenuto {
namespace {

// The layout of LMDB 0.9 on 64-bit machines: a page header, then the meta data.
constexpr std::size_t kPageHeaderBytes = 16;
constexpr std::size_t kMetaBytes = 136;
constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kPageBytesMin = 512;
constexpr std::uint32_t kPageBytesMax = 65536;
constexpr std::uint64_t kMapBytesMax = std::uint64_t{1} << 46;  // address space of a process

Status damaged(const std::string& path, const std::string& what) {
  return {Code::damaged, path + " " + what + "; restore the store from a copy"};
}

struct Meta {
  std::uint32_t page_bytes = 0;
  std::uint64_t map_bytes = 0;
};

Result<Meta> read_meta(int fd, std::uint64_t offset, const std::string& path) {
  std::array<char, kPageHeaderBytes + kMetaBytes> bytes{};
  TN_ASSIGN(const std::size_t size,
            read_upto(FileCalls::system(), fd, offset, bytes.size(), bytes.data(), path));
  if (size < bytes.size()) return damaged(path, "ends within its first pages");
  ByteReader reader(ByteView(bytes.data(), bytes.size()).substr(kPageHeaderBytes));
  if (reader.fixed<std::uint32_t>() != kMagic) return damaged(path, "is not an LMDB file");
  const auto version = reader.fixed<std::uint32_t>();
  if (version != kVersion) return damaged(path, "has LMDB version " + std::to_string(version) + ", not 1");
  reader.fixed<std::uint64_t>();  // a fixed address, never used
  Meta meta;
  meta.map_bytes = reader.fixed<std::uint64_t>();
  meta.page_bytes = reader.fixed<std::uint32_t>();
  return meta;
}

}  // namespace

Status check_lmdb_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0)
    return errno == ENOENT ? Status() : io_status(errno, "look at", path);
  if (!S_ISREG(facts.st_mode)) return damaged(path, "is not a regular file");
  FileCalls& calls = FileCalls::system();
  TN_ASSIGN(const OwnedFile file, open_file(calls, path, O_RDONLY));
  TN_ASSIGN(const Meta first, read_meta(file.fd(), 0, path));
  if (!std::has_single_bit(first.page_bytes) || first.page_bytes < kPageBytesMin ||
      first.page_bytes > kPageBytesMax) {
    return damaged(path, "names a page size of " + std::to_string(first.page_bytes) + " bytes");
  }
  TN_ASSIGN(const Meta second, read_meta(file.fd(), first.page_bytes, path));
  if (second.page_bytes != first.page_bytes)
    return damaged(path, "has two meta pages that contradict each other");
  if (first.map_bytes > kMapBytesMax || second.map_bytes > kMapBytesMax) {
    return damaged(path, "names a map larger than any process can have");
  }
  return {};
}

}  // namespace tenuto
