// What an owner does with the commands of other processes.
//
// A command's file goes when its outcome is durable (CommandSettled), and no sooner. The outcome is recorded with what it
// follows from: a start and a cancel carry the command's id themselves, the rest is recorded behind the run that decides it. What
// can't be decided now, because the engine closes or must be opened again, is left to the next owner.
//
// Thread safety: read() by one thread at a time, settled() by any.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/sync.h"
#include "core/engine/core.h"
#include "core/engine/inbox.h"
#include "core/query/view.h"

namespace tenuto {

class InboxDuty {
 public:
  using OpenView = std::function<Result<View>()>;
  // `view` shows everything that was answered. All outlive this.
  InboxDuty(EngineCore& core, const CommandFolder& folder, OpenView view)
      : core_(core), folder_(folder), view_(std::move(view)) {}

  // Carries out the commands that have come. Waits for no disk.
  void read() TN_EXCLUDES(mutex_);
  // The outcome is durable: the command's file goes.
  void settled(CommandId command) TN_EXCLUDES(mutex_);

 private:
  [[nodiscard]] bool begin(CommandId command) TN_EXCLUDES(mutex_);
  void forget_removed() TN_EXCLUDES(mutex_);
  void remove_abandoned();
  [[nodiscard]] bool was_settled(CommandId command) const;
  void carry_out(const std::string& file, CommandId command);
  Status apply(const Command& command, CommandId id);
  Status apply(const StartCommand& start, CommandId id);
  Status apply(const CancelCommand& cancel, CommandId id);
  Status apply(const PruneCommand& prune, CommandId id);
  Result<RunNumber> find(std::string_view run) const;

  EngineCore& core_;
  const CommandFolder& folder_;
  const OpenView view_;
  WallTime next_removal_;  // of abandoned files
  Mutex mutex_;
  // Begun, and their files may be there: they are not begun twice.
  std::unordered_set<CommandId> begun_ TN_GUARDED_BY(mutex_);
  std::vector<CommandId> removed_ TN_GUARDED_BY(mutex_);  // since the last look at the folder
};

}  // namespace tenuto
