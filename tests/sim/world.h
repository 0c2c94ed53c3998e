// One store in memory and the process that owns it, which dies and comes back.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/engine/core.h"
#include "core/store/mem_state.h"
#include "tests/sim/disk.h"
#include "tests/sim/oracle.h"
#include "tests/sim/setting.h"
#include "tests/support/core_world.h"

namespace tenuto::testing {

class World {
 public:
  World(Random& random, Trace& trace, Oracle& oracle, const SimSetting& setting, Plant plant);

  // Opens the store with a new process. False: the disk was full, and it is to be tried again.
  bool open();
  // The process ends with everything in memory; with `power_cut`, the disk too forgets what it may. A store in memory
  // is gone with it.
  void die(bool power_cut);
  // As OwnerEngine::close().
  void close();

  [[nodiscard]] bool is_open() const { return core_ != nullptr; }
  [[nodiscard]] EngineCore& core() { return *core_; }
  // Why the engine asks to be opened again, or ok.
  [[nodiscard]] Status health() const;
  // Every event of the store, by run, as a reader without an engine finds them.
  Status read_store(std::map<RunNumber, std::vector<Event>>& found);

  bool commit();
  // Says a violation when the journal has more segments than its window.
  void check_window();
  [[nodiscard]] const SimSetting& setting() const { return setting_; }
  [[nodiscard]] Plant plant() const { return plant_; }
  bool run_worker(std::uint32_t index);
  // Moves the clock to what is due next; false when nothing is.
  bool skip_to_next_timer();

  Trace& trace() { return trace_; }
  Oracle& oracle() { return oracle_; }
  Random& random() { return random_; }

  ManualClock clock;
  std::unique_ptr<SimDisk> disk;
  std::unique_ptr<MemState> state;
  // Called when the process has ended, and when a new one is ready but has not begun.
  std::function<void()> on_died = [] {};
  std::function<void()> on_opened = [] {};

 private:
  void make_store();
  void end_process();

  Random& random_;
  Trace& trace_;
  Oracle& oracle_;
  const SimSetting setting_;
  const Plant plant_;
  const std::size_t segment_bytes_;
  CoreOptions options_;
  std::unique_ptr<EngineCore> core_;
};

}  // namespace tenuto::testing
