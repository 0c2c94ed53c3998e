// Forgetting ended runs because somebody asks for it.
#include "core/engine/core.h"

namespace tenuto {

Result<PruneCount> EngineCore::prune(PruneRequest request) {
  // What has ended is in the tables, then.
  materialise_all();
  Pruner pruner(std::move(request));
  for (;;) {
    MutexLock lock(materialise_mutex_);
    TN_ASSIGN(const bool more, materialiser_->prune_one(pruner));
    if (!more) return pruner.count();
  }
}

void EngineCore::prune_by_command(PruneRequest request, CommandId command) {
  materialiser_->request();
  {
    MutexLock lock(prunes_mutex_);
    prunes_.push_back({Pruner(std::move(request)), command});
  }
  on_prune();
}

// The outcome is recorded without a lock: who waits for room in the ring may have to materialise.
bool EngineCore::prune_one() {
  Prune* first = nullptr;
  {
    MutexLock lock(prunes_mutex_);
    if (prunes_.empty()) return false;
    first = &prunes_.front();  // stays where it is: only this thread takes it out
  }
  const Result<bool> more = [&] {
    MutexLock lock(materialise_mutex_);
    return materialiser_->prune_one(first->pruner);
  }();
  if (more.ok() && *more) return true;
  settle(first->command, RunNumber(first->pruner.count().runs), more.ok() ? Status() : more.status());
  MutexLock lock(prunes_mutex_);
  prunes_.pop_front();
  return true;
}

}  // namespace tenuto
