// One simulation of the whole engine: from one seed, in one thread, with a clock, a disk and hosts that the seed rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/bodies.h"
#include "tests/sim/clients.h"
#include "tests/sim/senders.h"
#include "tests/sim/step_set.h"

namespace tenuto::testing {

struct SimOptions {
  std::uint64_t seed = 1;
  std::uint64_t steps_max = 400;
  std::size_t runs_max = 8;
  StepSet skip;  // steps that do nothing
  SimDrop drop;  // nodes that are left out of the workflows
  Plant plant = Plant::none;
  bool prints = false;
};

struct SimResult {
  std::string trace;
  std::uint64_t steps = 0;
  Tally tally;
  std::string violation;  // the first; empty: none
};

// Those of a seed.
[[nodiscard]] std::vector<SimWorkflow> workflows_of(const SimOptions& options);

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
    report_together,
    thread_body,
    start,
    start_many,
    await,
    ask,
    ask_often,
    read,
    cancel,
    send,
    sync_folder,
    read_inbox,
    serve_late,
    misuse,
    die,
    cut_power,
    close,
    fill_disk,
    fail_sync,
    fail_write,
    fail_segments,
    fail_read,
    fail_tables,
    jump_clock,
    fill_tables,
    count
  };
  void draw_weights();
  [[nodiscard]] Step draw_step();
  // The chances of a step are its own, so that it does much the same when others are left out.
  void begin_step();
  void do_step(Step step);
  void after_step();
  [[nodiscard]] bool may_happen(Step step, Midst midst) const;
  void interlude(Midst midst);
  void act(Step step);
  // False: it is no request.
  bool make_request(Step step);
  void make_trouble(Step step);
  void die(bool power_cut);
  [[nodiscard]] bool disk_is_full() const { return trace_.step < full_until_; }
  void fire_timers();
  void fill_disk();
  void fail_log(Step step);
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
  void check_verify();
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
  Senders senders_;
  bool is_in_interlude_ = false;
  bool has_ended_ = false;   // nobody asks for anything new
  bool takes_many_ = false;  // a call is out that would not know its runs
};

}  // namespace tenuto::testing
