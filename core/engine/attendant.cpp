#include "core/engine/attendant.h"

#include <utility>

namespace tenuto {

EngineCore::Attendant::Attendant(EngineCore& core, RunNumber run)
    : core_(core), run_(core.runs_.find(run)), lease_(core.contexts_), context_(*lease_) {
  if (!run_.has_value()) return;
  core_.lend_bodies(context_, kTurnNs);
  context_.attended = run_->slot;
  context_.commits_itself = true;
}

EngineCore::Attendant::~Attendant() {
  context_.turn_ns = 0;
  context_.attended = kNobody;
  context_.commits_itself = false;
  if (std::exchange(context_.holds_turn, false)) core_.yield_run(run_->slot, context_);
  // Where there is no disk, a commit costs less than to wake somebody for it.
  if (core_.options_.is_in_memory && core_.committer_->is_behind()) (void)core_.commit_one(context_);
  // Who was woken for what was published during a commit of ours found the committer's role taken, and sleeps again.
  if (core_.committer_->is_behind()) core_.on_uncommitted();
}

bool EngineCore::Attendant::send(MessageBody body) {
  if (!run_.has_value()) return false;
  if (core_.deliver(*run_, std::move(body))) context_.holds_turn = true;
  return true;
}

bool EngineCore::Attendant::run_one() {
  if (!run_.has_value()) return false;
  if (std::exchange(context_.holds_turn, false) || core_.runs_.at(run_->slot).turn.try_take()) {
    core_.process(*run_, context_);
    return true;
  }
  return core_.commit_one(context_);
}

}  // namespace tenuto
