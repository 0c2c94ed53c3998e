// The thread that waits for time and for commands of other processes.
//
// It sleeps until the next timer is due, a command arrives, or it is woken; an idle engine has no timer and is never
// woken. A jump of the wall clock wakes it, so that durable timers follow the clock.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "core/base/status.h"
#include "core/timer/timer_service.h"

namespace tenuto {

// Thread safety: wake() by any thread; start() and stop() by one.
class Housekeeper {
 public:
  struct Duties {
    std::function<void()> fire_timers;
    std::function<void()> read_inbox;  // called once at the start, then when a file appears
    std::string inbox;                 // folder to watch; empty: none
  };
  Housekeeper(TimerService& timers, Duties duties);
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  // storage_error when the system gives no descriptor or thread.
  Status start();
  void stop();
  // A timer was armed that is due before all others.
  void wake();

 private:
  void run();
  void arm();
  Status open_descriptors();

  TimerService& timers_;
  const Duties duties_;
  std::atomic<bool> stopping_{false};
  int wake_fd_ = -1;
  int wall_fd_ = -1;
  int mono_fd_ = -1;
  int watch_fd_ = -1;
  std::thread thread_;
};

}  // namespace tenuto
