// Other processes that send commands, and die in the midst of it.
#pragma once

#include <utility>
#include <vector>

#include "tests/sim/world.h"

namespace tenuto::testing {

class Senders {
 public:
  Senders(World& world, std::vector<SimWorkflow>& workflows) : world_(world), workflows_(workflows) {}

  // Each does one thing, or nothing and returns false.
  bool send();
  // A sender that has renamed its file syncs the folder, and then its command is accepted.
  bool sync_one();
  // Somebody looks at what became of a command.
  void ask(const View& view);
  // The disk forgets what was not synced; senders on the same machine die with it.
  void lose_power() { unsynced_.clear(); }

 private:
  CommandRecord draw();

  World& world_;
  std::vector<SimWorkflow>& workflows_;
  std::vector<CommandId> unsynced_;
};

}  // namespace tenuto::testing
