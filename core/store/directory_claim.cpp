#include "core/store/directory_claim.h"

#include <sys/stat.h>

#include <set>

#include "core/base/fork_guard.h"
#include "core/base/sync.h"

namespace tenuto {
namespace {

struct Claims {
  Mutex mutex;
  std::set<std::pair<dev_t, ino_t>> taken TN_GUARDED_BY(mutex);
};

Claims& claims() {
  static fork_guard::PerProcess<Claims> all;
  return all.get();
}

}  // namespace

std::unique_ptr<DirectoryClaim> DirectoryClaim::take(const std::string& directory) {
  struct stat facts {};
  if (::stat(directory.c_str(), &facts) != 0) return nullptr;
  const Key key{facts.st_dev, facts.st_ino};
  Claims& all = claims();
  MutexLock lock(all.mutex);
  if (!all.taken.insert(key).second) return nullptr;
  return std::unique_ptr<DirectoryClaim>(new DirectoryClaim(key));
}

DirectoryClaim::~DirectoryClaim() {
  if (fork_guard::is_forked_child(mark_)) return;  // its parent's, which may be the child's own by now
  Claims& all = claims();
  MutexLock lock(all.mutex);
  all.taken.erase(key_);
}

}  // namespace tenuto
