// Checksums of a file, block by block, so that damage is found before anybody believes the file, and its place is known.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/store/files.h"

namespace tenuto {

inline constexpr std::uint64_t kDigestBlockBytes = 4u << 20;  // one checksum each; not critical

struct FileDigest {
  std::uint64_t bytes = 0;
  std::vector<std::uint64_t>
      blocks;  // XXH3-64, with the block's number as seed: blocks that changed places are noticed
  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

// Reads the whole file.
[[nodiscard]] Result<FileDigest> digest_file(FileCalls& calls, const std::string& path);
// damaged, with the place, when the file is not as it was; `name` is how messages call it. `pass_on` gets each block that is
// as it was, in order.
[[nodiscard]] Status check_file(FileCalls& calls, const std::string& path, const std::string& name,
                                const FileDigest& digest,
                                const std::function<Status(std::uint64_t offset, ByteView block)>& pass_on);

}  // namespace tenuto
