// One simulation of the whole engine: from one seed, in one thread, with a clock, a disk and hosts that the seed rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/bodies.h"
#include "tests/sim/clients.h"

namespace tenuto::testing {

struct SimOptions {
  std::uint64_t seed = 1;
  std::uint64_t steps_max = 400;
  std::size_t runs_max = 8;
  Plant plant = Plant::none;
  bool prints = false;
};

struct SimResult {
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t runs = 0;
  std::string violation;  // the first; empty: none
};

// Equal options give equal results.
[[nodiscard]] SimResult simulate(const SimOptions& options);

class Simulation {
 public:
  explicit Simulation(const SimOptions& options);
  SimResult run();

 private:
  // What a step may do. Each has a weight that is drawn for the seed, so that some seeds never commit for long, others
  // crash all the time, others never.
  enum class Step : std::uint8_t {
    work,
    commit,
    materialise,
    fire_timers,
    poll,
    begin,
    give_back,
    report,
    thread_body,
    start,
    start_many,
    await,
    ask,
    cancel,
    serve_late,
    misuse,
    die,
    cut_power,
    close,
    fill_disk,
    fail_sync,
    fail_tables,
    jump_clock,
    fill_tables,
    count
  };
  void draw_weights();
  [[nodiscard]] Step draw_step();
  void do_step(Step step);
  // False: it is no request.
  bool make_request(Step step);
  void make_trouble(Step step);
  void die(bool power_cut);
  [[nodiscard]] bool disk_is_full() const { return trace_.step < full_until_; }
  void fire_timers();
  void fill_disk();
  void fail_tables();
  void jump_clock();
  void fill_tables();
  void materialise();
  [[nodiscard]] bool tables_are_full() const { return trace_.step < tables_full_until_; }
  bool make_room();
  void check_told();
  void check_retention();
  void open_again();
  // Lets everything happen that can; then nothing moves any more.
  void settle();
  bool settle_once();
  void check_rest(bool all_served);
  void check_replay();
  void check_end();

  const SimOptions options_;
  const SimSetting setting_;
  Random random_;
  Trace trace_;
  Oracle oracle_;
  World world_;
  Bodies bodies_;
  std::vector<SimWorkflow> workflows_;
  Clients clients_;
  std::uint64_t weights_[static_cast<std::size_t>(Step::count)] = {};
  std::uint64_t weight_sum_ = 0;
  bool disk_is_slow_ = false;  // only steps that commit reach the disk
  std::uint64_t full_until_ = 0;
  std::uint64_t tables_full_until_ = 0;
  bool clock_has_jumped_ = false;
  std::uint64_t crashes_ = 0;
};

}  // namespace tenuto::testing
