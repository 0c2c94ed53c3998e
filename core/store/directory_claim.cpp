#include "core/store/directory_claim.h"

#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "core/base/sync.h"

namespace tenuto {
namespace {

struct Claims {
  Mutex mutex;
  std::set<std::tuple<dev_t, ino_t, pid_t>> taken TN_GUARDED_BY(mutex);
};

// Never destroyed: a static engine of the host may outlive our statics.
Claims& claims() {
  static Claims* const instance = new Claims;
  return *instance;
}

}  // namespace

std::unique_ptr<DirectoryClaim> DirectoryClaim::take(const std::string& directory) {
  struct stat facts {};
  if (::stat(directory.c_str(), &facts) != 0) return nullptr;
  const Key key{facts.st_dev, facts.st_ino, ::getpid()};
  Claims& all = claims();
  MutexLock lock(all.mutex);
  if (!all.taken.insert(key).second) return nullptr;
  return std::unique_ptr<DirectoryClaim>(new DirectoryClaim(key));
}

DirectoryClaim::~DirectoryClaim() {
  Claims& all = claims();
  MutexLock lock(all.mutex);
  all.taken.erase(key_);
}

}  // namespace tenuto
