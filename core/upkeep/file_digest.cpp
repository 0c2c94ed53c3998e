#include "core/upkeep/file_digest.h"

#include <fcntl.h>
#include <xxhash.h>

namespace tenuto {
namespace {

std::uint64_t digest_of(ByteView block, std::uint64_t number) {
  return XXH3_64bits_withSeed(block.data(), block.size(), number);
}

// Calls `visit(offset, block)` for the file's blocks, up to its end.
template <class Visit>
Status for_each_block(FileCalls& calls, const std::string& path, Visit&& visit) {
  TN_ASSIGN(const OwnedFile file, open_file(calls, path, O_RDONLY));
  Bytes block(kDigestBlockBytes, '\0');
  for (std::uint64_t offset = 0;; offset += kDigestBlockBytes) {
    TN_ASSIGN(const std::size_t size, read_upto(calls, file.fd(), offset, block.size(), block.data(), path));
    if (size == 0) return Status();
    TN_TRY(visit(offset, ByteView(block).substr(0, size)));
    if (size < block.size()) return Status();
  }
}

}  // namespace

Result<FileDigest> digest_file(FileCalls& calls, const std::string& path) {
  FileDigest digest;
  TN_TRY(for_each_block(calls, path, [&](std::uint64_t offset, ByteView block) {
    digest.bytes += block.size();
    digest.blocks.push_back(digest_of(block, offset / kDigestBlockBytes));
    return Status();
  }));
  return digest;
}

Status check_file(FileCalls& calls, const std::string& path, const std::string& name,
                  const FileDigest& digest,
                  const std::function<Status(std::uint64_t offset, ByteView block)>& pass_on) {
  std::uint64_t bytes = 0;
  const auto damaged = [&](const std::string& what) {
    return Status(Code::damaged, "the backup is damaged: " + name + " " + what + "; take another backup");
  };
  const Status walked = for_each_block(calls, path, [&](std::uint64_t offset, ByteView block) -> Status {
    const std::uint64_t number = offset / kDigestBlockBytes;
    bytes += block.size();
    if (bytes > digest.bytes) return damaged("has more than its " + std::to_string(digest.bytes) + " bytes");
    const bool is_last = number + 1 == digest.blocks.size();
    if (!is_last && block.size() < kDigestBlockBytes) return Status();  // cut: told by its size below
    if (is_last && bytes < digest.bytes) return Status();
    if (digest_of(block, number) != digest.blocks[number]) {
      return damaged("is not as it was written between byte " + std::to_string(offset) + " and byte " +
                     std::to_string(offset + block.size()));
    }
    return pass_on ? pass_on(offset, block) : Status();
  });
  if (walked.code() == Code::not_found) return damaged("is missing");
  TN_TRY(walked);
  if (bytes == digest.bytes) return Status();
  return damaged("ends after " + std::to_string(bytes) + " of its " + std::to_string(digest.bytes) +
                 " bytes");
}

}  // namespace tenuto
