// At most one LMDB environment a directory and process: closing a second one would drop the locks of the first.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "core/base/fork_guard.h"

namespace tenuto {

// Held while a directory is open. A forked child holds no claims, whatever its parent did.
class DirectoryClaim {
 public:
  // nullptr when this process holds the claim already. The directory must exist.
  static std::unique_ptr<DirectoryClaim> take(const std::string& directory);
  ~DirectoryClaim();
  DirectoryClaim(const DirectoryClaim&) = delete;
  DirectoryClaim& operator=(const DirectoryClaim&) = delete;

 private:
  using Key = std::pair<dev_t, ino_t>;
  explicit DirectoryClaim(const Key& key) : key_(key) {}
  const Key key_;
  const std::uint32_t mark_ = fork_guard::mark();
};

}  // namespace tenuto
