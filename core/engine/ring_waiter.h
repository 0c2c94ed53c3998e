// What a thread does while the log ring is full: it commits itself, or lets the one that commits get on.
#pragma once

#include <thread>

#include "core/engine/core.h"

namespace tenuto {

class EngineCore::RingWaiter final : public FullWaiter {
 public:
  RingWaiter(EngineCore& core, Context& context) : core_(core), context_(context) {}

  bool wait() override {
    if (core_.commit_one(context_)) return true;
    // With dead tables the window may never move again.
    if (core_.committer().is_poisoned() || !core_.health().ok()) return false;
    if (core_.committer().stall() == Stall::window) {
      core_.materialiser().request();
      core_.materialise_one();
    }
    std::this_thread::yield();
    return true;
  }

 private:
  EngineCore& core_;
  Context& context_;
};

}  // namespace tenuto
