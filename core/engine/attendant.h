// A thread of the host that waits for a run and meanwhile does for it what workers would do.
//
// A worker that sleeps needs 10 to 20 microseconds to wake up, and so does the host that then waits for the worker. So the thread
// that waits takes the run's turns itself (core/sched/turn.h): it calls the inline bodies that run in order, and commits what it
// has published. It takes no turn of another run (but of one that gets the slot when this one has ended and is forgotten, which is
// as good), and no body that is not run in order.
//
// Thread safety: one thread.
#pragma once

#include <optional>

#include "core/engine/core.h"

namespace tenuto {

class EngineCore::Attendant {
 public:
  Attendant(EngineCore& core, RunNumber run);
  // What it holds goes on elsewhere.
  ~Attendant();
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;

  // False when the run is not in the table: it has ended long ago, or never was.
  [[nodiscard]] bool send(MessageBody body);
  // One turn of the run, a millisecond of short bodies at most, or one group commit. False: there is nothing that this thread
  // could do now.
  bool run_one();

 private:
  EngineCore& core_;
  const std::optional<RunRef> run_;
  Contexts::Lease lease_;
  Context& context_;
};

}  // namespace tenuto
