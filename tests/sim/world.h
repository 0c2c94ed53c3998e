// One store in memory and the process that owns it, which dies and comes back.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/engine/core.h"
#include "core/engine/inbox_duty.h"
#include "tests/sim/disk.h"
#include "tests/sim/folder.h"
#include "tests/sim/oracle.h"
#include "tests/sim/setting.h"
#include "tests/sim/tables.h"
#include "tests/sim/tally.h"
#include "tests/support/core_world.h"

namespace tenuto::testing {

// In the midst of what others act, as other threads would.
enum class Midst : std::uint8_t { body, commit, tables };

// Is ahead of the other one.
class FastClock final : public Clock {
 public:
  FastClock(const ManualClock& clock, Nanos ahead) : clock_(clock), ahead_(ahead) {}
  [[nodiscard]] WallTime wall() const override { return {clock_.wall_ns + ahead_}; }
  [[nodiscard]] MonoTime monotonic() const override { return {clock_.mono_ns}; }

 private:
  const ManualClock& clock_;
  const Nanos ahead_;
};

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
  // False also when the worker is in the midst of something.
  bool run_worker(std::uint32_t index);
  void read_inbox();
  // Stores in memory have none.
  [[nodiscard]] bool has_inbox() const { return duty_ != nullptr; }
  Result<View> view();
  // It is open, and its runs go on.
  [[nodiscard]] bool is_ready() const { return is_ready_; }
  void count(Happening what, std::uint64_t times = 1) { tally_.add(what, times); }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  // Moves the clock to what is due next; false when nothing is.
  bool skip_to_next_timer();

  Trace& trace() { return trace_; }
  Oracle& oracle() { return oracle_; }
  Random& random() { return random_; }

  ManualClock clock;
  std::unique_ptr<SimDisk> disk;
  std::unique_ptr<SimTables> state;
  SimFolder folder;
  bool bodies_are_attended = false;
  // Others act. Set once.
  std::function<void(Midst)> interlude = [](Midst) {};
  // Called when the process has ended, and when a new one is ready but has not begun.
  std::function<void()> on_died = [] {};
  std::function<void()> on_opened = [] {};
  // Everything on this machine has stopped.
  std::function<void()> on_power_lost = [] {};

 private:
  void make_store();
  void end_process();
  void make_duty();
  void do_jobs(std::span<const std::function<void()>> jobs);
  void count_event(const Event& event);
  void plant_into(std::map<RunNumber, std::vector<Event>>& found);

  Random& random_;
  Trace& trace_;
  Oracle& oracle_;
  const SimSetting setting_;
  const Plant plant_;
  const std::size_t segment_bytes_;
  CoreOptions options_;
  FastClock fast_clock_;
  Tally tally_;
  PlantedEar ear_;
  PlanCache plans_;
  std::vector<bool> busy_workers_;
  bool is_ready_ = false;
  std::unique_ptr<EngineCore> core_;
  std::unique_ptr<InboxDuty> duty_;
};

}  // namespace tenuto::testing
