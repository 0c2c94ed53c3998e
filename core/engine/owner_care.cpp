// What an owner does with its store when it is asked to: backups and the forgetting of runs.
#include "core/engine/owner.h"
#include "core/query/run_filter.h"
#include "core/upkeep/backup.h"

namespace tenuto {

namespace {

// The map of the tables can't grow in a process that reads them, so there must be room for what is written while a backup is
// taken. Address space, not memory; a store would have to grow threefold meanwhile.
constexpr std::uint64_t kRoomBytes = std::uint64_t{4} << 30;

}  // namespace

Result<Bytes> OwnerEngine::back_up(const std::string& target, const Progress& progress) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  TN_TRY(core_->health());
  if (shared_ == nullptr)
    return Status(Code::wrong_state,
                  "this engine has no store (durability \"memory\"), so there is nothing to back up");
  TN_ASSIGN(const StoreDir dir, StoreDir::open(path_));
  TN_ASSIGN(const StateInfo info, state_->info());
  // Without the room the backup is taken all the same.
  const Status room = state_->make_room(3 * info.used_bytes + kRoomBytes);
  static_cast<void>(room);
  const auto durable = [this] {
    // Where answers don't wait for the disk, what was answered before is made durable now.
    if (!core_->options().wait_for_disk) core_->commit_all();
    return std::optional(core_->committer().durable());
  };
  return tenuto::back_up({dir, *state_, *log_, durable, TENUTO_CORE_VERSION}, target, clock_.wall(),
                         progress);
}

Result<Bytes> OwnerEngine::prune(std::string_view query) {
  const std::shared_lock call(calls_);
  TN_TRY(check_open());
  TN_TRY(core_->health());
  TN_ASSIGN(const PruneQuery asked, parse_prune_query(query));
  if (!asked.dry_run) {
    TN_ASSIGN(const PruneCount gone, core_->prune(asked.request));
    return prune_report(gone, false);
  }
  core_->materialise_all();
  TN_ASSIGN(const std::unique_ptr<StateRead> read, state_->begin_read());
  TN_ASSIGN(const PruneCount count, count_prunable(*read, asked.request));
  return prune_report(count, true);
}

}  // namespace tenuto
