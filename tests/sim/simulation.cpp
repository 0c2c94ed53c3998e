#include "tests/sim/simulation.h"

namespace tenuto::testing {

SimResult simulate(const SimOptions& options) {
  return Simulation(options).run();
}

std::vector<SimWorkflow> workflows_of(const SimOptions& options) {
  Random random(mix64(options.seed ^ 0x3F10'75A1u));
  std::vector<SimWorkflow> workflows;
  for (std::uint32_t n = draw(random, 1, 3); n > 0; --n)
    workflows.push_back(make_workflow(draw_workflow(random, "w" + std::to_string(n)), options.drop));
  return workflows;
}

Simulation::Simulation(const SimOptions& options)
    : options_(options),
      setting_(SimSetting::draw(options.seed, options.plant)),
      random_(mix64(options.seed)),
      trace_(options.prints),
      oracle_(trace_, setting_),
      world_(random_, trace_, oracle_, setting_, options.plant),
      bodies_(world_),
      workflows_(workflows_of(options)),
      clients_(world_, workflows_, options.runs_max),
      senders_(world_, workflows_) {
  if (options.prints) {
    for (const SimWorkflow& workflow : workflows_) std::printf("%s\n", workflow.definition.c_str());
  }
  for (const SimWorkflow& workflow : workflows_) {
    if (workflow.nodes.size() > limits::kReadyOfferMax) clients_.start_at_most(2);
  }
  draw_weights();
  if (disk_is_slow_ || setting_.window_segments > 0) oracle_.saw_trouble();
  world_.on_died = [this] {
    bodies_.forget();
    clients_.forget();
  };
  world_.on_opened = [this] { bodies_.register_again(); };
  world_.on_power_lost = [this] { senders_.lose_power(); };
  world_.interlude = [this](Midst midst) { interlude(midst); };
  if (setting_.durability == Durability::relaxed) world_.count(Happening::relaxed_stores);
  if (setting_.durability == Durability::memory) world_.count(Happening::stores_in_memory);
}

// ---- Steps ----------------------------------------------------------------------------------------------------------

void Simulation::draw_weights() {
  const auto set = [&](Step step, std::uint32_t low, std::uint32_t high) {
    weights_[static_cast<std::size_t>(step)] = draw(random_, low, high);
  };
  set(Step::work, 40, 200);
  set(Step::commit, 4, 100);
  set(Step::materialise, 0, 20);
  set(Step::fire_timers, 5, 40);
  set(Step::poll, 20, 60);
  set(Step::begin, 20, 80);
  set(Step::give_back, 0, 4);
  set(Step::report, 20, 80);
  set(Step::report_together, 0, 8);
  set(Step::thread_body, 10, 30);
  set(Step::start, 8, 40);
  set(Step::start_many, 0, 4);
  set(Step::await, 0, 20);
  set(Step::ask, 0, 20);
  set(Step::ask_often, 0, random_.chance(1, 8) ? 1 : 0);
  set(Step::read, 0, 8);
  set(Step::cancel, 0, random_.chance(1, 4) ? 10 : 3);
  set(Step::send, 0, random_.chance(1, 3) ? 0 : 16);
  set(Step::sync_folder, 4, 30);
  set(Step::read_inbox, 2, 20);
  set(Step::serve_late, 0, 5);
  set(Step::misuse, 0, 4);
  // In some seeds nothing breaks, in some all the time.
  const std::uint32_t troubles = random_.chance(1, 4) ? 0 : random_.chance(1, 6) ? 12 : 3;
  set(Step::die, 0, troubles);
  set(Step::cut_power, 0, 2 * troubles);
  set(Step::close, 0, troubles);
  set(Step::fill_disk, 0, troubles);
  set(Step::fail_sync, 0, troubles);
  set(Step::fail_write, 0, troubles);
  set(Step::fail_segments, 0, troubles);
  set(Step::fail_read, 0, troubles);
  set(Step::fail_tables, 0, troubles);
  set(Step::jump_clock, 0, random_.chance(1, 4) ? 3 : 0);
  set(Step::fill_tables, 0, random_.chance(1, 3) ? troubles : 0);
  disk_is_slow_ = random_.chance(1, 2);
  for (const std::uint64_t weight : weights_) weight_sum_ += weight;
}

Simulation::Step Simulation::draw_step() {
  std::uint64_t at = random_.below(weight_sum_);
  std::size_t step = 0;
  while (at >= weights_[step]) at -= weights_[step++];
  return static_cast<Step>(step);
}

void Simulation::begin_step() {
  ++trace_.step;
  random_ = Random(mix64(mix64(options_.seed) ^ trace_.step));
}

void Simulation::do_step(Step step) {
  world_.count(Happening::steps);
  world_.disk->refuses = disk_is_full() || (disk_is_slow_ && step != Step::commit);
  // The process gets no further than to where it would remove files of commands.
  world_.folder.is_dying = random_.chance(1, 25);
  world_.folder.fails_to_list = random_.chance(1, 50);
  act(step);
  world_.folder.is_dying = false;
  world_.folder.fails_to_list = false;
  if (!std::exchange(world_.folder.forgot_removals, false) || !world_.is_open()) return;
  world_.count(Happening::removals_forgotten);
  die(false);
}

void Simulation::act(Step step) {
  switch (step) {
    case Step::work:
      world_.run_worker(static_cast<std::uint32_t>(random_.below(4)));
      break;
    case Step::commit:
      trace_.line("commit did=%d", world_.commit() ? 1 : 0);
      break;
    case Step::materialise:
      materialise();
      break;
    case Step::fire_timers:
      fire_timers();
      break;
    case Step::poll:
      bodies_.poll();
      break;
    case Step::begin:
      bodies_.begin_one();
      break;
    case Step::give_back:
      bodies_.give_back_one();
      break;
    case Step::report:
      bodies_.report_one();
      break;
    case Step::report_together:
      bodies_.report_together();
      break;
    case Step::thread_body:
      bodies_.run_thread_body();
      break;
    case Step::serve_late:
      bodies_.register_one_late();
      break;
    case Step::misuse:
      bodies_.misuse();
      break;
    default:
      if (!make_request(step)) make_trouble(step);
      break;
  }
}

// What another thread can do while one is in the midst of this: not what would wait for that one.
bool Simulation::may_happen(Step step, Midst midst) const {
  const bool starts = step == Step::start || step == Step::start_many;
  if (starts && (oracle_.is_asking() || takes_many_ || midst != Midst::body)) return false;
  if (step == Step::materialise && midst == Midst::tables) return false;
  if (step == Step::commit && midst == Midst::commit) return false;
  switch (step) {
    case Step::work:
    case Step::commit:
    case Step::materialise:
    case Step::fire_timers:
    case Step::poll:
    case Step::begin:
    case Step::report:
    case Step::thread_body:
    case Step::start:
    case Step::start_many:
    case Step::await:
    case Step::ask:
    case Step::cancel:
    case Step::send:
    case Step::sync_folder:
    case Step::serve_late:
      return true;
    default:
      return false;
  }
}

void Simulation::interlude(Midst midst) {
  // Whoever finds the ring full waits for the one that we are in the midst of.
  const auto ring_is_filling = [&] {
    EngineCore& core = world_.core();
    return core.ring().tail().value - core.committer().durable().value > limits::kRingBytes / 2;
  };
  if (is_in_interlude_ || has_ended_ || !world_.is_ready() || takes_many_ || trace_.failed()) return;
  if (!random_.chance(setting_.interludes, 64) || ring_is_filling()) return;
  is_in_interlude_ = true;
  world_.count(midst == Midst::body     ? Happening::interludes_in_bodies
               : midst == Midst::commit ? Happening::interludes_in_commits
                                        : Happening::interludes_in_tables);
  for (std::uint32_t n = draw(random_, 1, 4); n > 0 && !trace_.failed(); --n) {
    const Step step = draw_step();
    if (!may_happen(step, midst)) continue;
    trace_.line("meanwhile step=%d", static_cast<int>(step));
    act(step);
  }
  is_in_interlude_ = false;
}

bool Simulation::make_request(Step step) {
  switch (step) {
    case Step::start:
      clients_.start();
      return true;
    case Step::start_many:
      takes_many_ = true;
      clients_.start_many();
      takes_many_ = false;
      return true;
    case Step::ask_often:
      clients_.ask_often();
      return true;
    case Step::read:
      clients_.read(senders_);
      return true;
    case Step::send:
      senders_.send();
      return true;
    case Step::sync_folder:
      senders_.sync_one();
      return true;
    case Step::read_inbox:
      world_.read_inbox();
      return true;
    case Step::await:
      clients_.await();
      return true;
    case Step::ask:
      clients_.ask();
      return true;
    case Step::cancel:
      clients_.cancel();
      return true;
    default:
      return false;
  }
}

void Simulation::make_trouble(Step step) {
  switch (step) {
    case Step::die:
    case Step::cut_power:
      die(step == Step::cut_power);
      break;
    case Step::close:
      if (disk_is_full()) break;
      world_.count(Happening::closes);
      world_.disk->refuses = false;
      world_.close();
      tables_full_until_ = 0;
      world_.state->clear_fault();
      break;
    case Step::fill_disk:
      fill_disk();
      break;
    case Step::fail_sync:
    case Step::fail_write:
    case Step::fail_segments:
    case Step::fail_read:
      fail_log(step);
      break;
    case Step::fail_tables:
      fail_tables();
      break;
    case Step::jump_clock:
      jump_clock();
      break;
    case Step::fill_tables:
      fill_tables();
      break;
    default:
      break;
  }
}

void Simulation::die(bool power_cut) {
  world_.count(power_cut ? Happening::power_cuts : Happening::kills);
  full_until_ = 0;
  tables_full_until_ = 0;
  world_.state->clear_fault();
  world_.die(power_cut);
}

void Simulation::fire_timers() {
  if (random_.chance(1, 2)) {
    world_.clock.advance(static_cast<Nanos>(random_.below(2000)) * kMillisecond);
  } else if (random_.chance(1, 2)) {
    world_.skip_to_next_timer();
  } else {
    world_.clock.advance(static_cast<Nanos>(random_.below(60)) * kSecond);
  }
  oracle_.saw_clock(world_.clock.wall());
  if (options_.plant != Plant::dead_timers) world_.core().fire_timers();
}

void Simulation::fill_disk() {
  world_.count(Happening::full_disks);
  oracle_.saw_trouble();
  trace_.line("the disk is full");
  full_until_ = trace_.step + draw(random_, 3, 40);
  if (random_.chance(1, 2)) {
    world_.disk->log().set_fault(
        {LogFault::Call::write, draw(random_, 1, 3), Code::full, draw(random_, 1, 3)});
  }
}

void Simulation::fail_log(Step step) {
  oracle_.saw_trouble();
  SimDisk& disk = *world_.disk;
  if (step == Step::fail_sync) {
    world_.count(Happening::failed_syncs);
    const Code code = random_.chance(3, 4)   ? Code::poisoned
                      : random_.chance(1, 2) ? Code::storage_error
                                             : Code::full;
    disk.log().set_fault({LogFault::Call::sync, draw(random_, 1, 4), code, 1});
  } else if (step == Step::fail_write) {
    world_.count(Happening::failed_writes);
    disk.short_writes = draw(random_, 1, 3);
    disk.short_of = random_.chance(1, 2) ? random_.below(100) : random_.below(100'000);
    disk.short_code = random_.chance(1, 2) ? Code::full : Code::storage_error;
  } else if (step == Step::fail_segments) {
    world_.count(Happening::failed_segments);
    constexpr LogFault::Call kCalls[] = {LogFault::Call::create, LogFault::Call::recycle,
                                         LogFault::Call::remove};
    const Code code = random_.chance(1, 2) ? Code::full : Code::storage_error;
    disk.log().set_fault({kCalls[random_.below(3)], 1, code, draw(random_, 1, 3)});
  } else {
    world_.count(Happening::failed_reads);
    disk.failing_reads = draw(random_, 1, 6);
  }
}

void Simulation::fail_tables() {
  if (tables_are_full()) return;
  world_.count(Happening::failed_tables);
  oracle_.saw_trouble();
  const Code code = random_.chance(1, 2)   ? Code::full
                    : random_.chance(1, 2) ? Code::storage_error
                                           : Code::poisoned;
  const auto call =
      code == Code::poisoned ? StateFault::Call::commit : static_cast<StateFault::Call>(random_.below(4));
  world_.state->set_fault({call, draw(random_, 1, 10), code});
}

// The wall clock is set; the monotonic one goes on.
void Simulation::jump_clock() {
  const bool back = random_.chance(1, 2);
  world_.clock.wall_ns += back ? -3600 * kSecond : 10 * 24 * 3600 * kSecond;
  clock_has_jumped_ = true;
  world_.count(Happening::clock_jumps);
  oracle_.saw_clock(world_.clock.wall());
  trace_.line("the clock jumps %s", back ? "back" : "ahead");
}

void Simulation::fill_tables() {
  trace_.line("the tables are full");
  world_.count(Happening::full_tables);
  oracle_.saw_trouble();
  tables_full_until_ = trace_.step + draw(random_, 10, 150);
  if (options_.plant == Plant::roomy_tables) return;
  const auto call = random_.chance(1, 2) ? StateFault::Call::commit : StateFault::Call::put;
  world_.state->set_fault({call, 1, Code::full, ~std::uint64_t{0}});
}

void Simulation::materialise() {
  Materialiser& materialiser = world_.core().materialiser();
  const bool asked = random_.chance(1, 2);
  if (asked) materialiser.request();
  const Position before = materialiser.applied();
  const bool behind = before < world_.core().committer().durable() && world_.health().ok();
  const bool did = world_.core().materialise_one();
  trace_.line("materialise did=%d", did ? 1 : 0);
  if (!tables_are_full()) return;
  if (materialiser.applied() != before) trace_.violation("the tables are full, and yet they were written");
  const Code told = materialiser.warning().code();
  // A disk that can't be read is told of first.
  if (asked && behind && told != Code::full && !(told == Code::storage_error && oracle_.has_had_trouble()))
    trace_.violation("the tables are full, and nobody is told");
}

void Simulation::open_again() {
  while (!world_.open() && !trace_.failed()) {
    world_.disk->heal();
    world_.state->clear_fault();
    tables_full_until_ = 0;
  }
}

void Simulation::after_step() {
  world_.check_window();
  if (world_.is_open() && world_.core().committer().stall() == Stall::window)
    world_.count(Happening::full_windows);
  if (world_.is_open() && !world_.health().ok() && random_.chance(1, 4)) {
    trace_.line("poisoned");
    world_.count(Happening::poisonings);
    die(true);
  }
  if (!world_.is_open()) {
    world_.disk->refuses = random_.chance(1, 10);
    if (random_.chance(1, 12)) world_.disk->failing_reads = draw(random_, 1, 6);
    if (!trace_.failed()) open_again();
  }
  if (!trace_.failed()) clients_.look();
}

SimResult Simulation::run() {
  open_again();
  while (!trace_.failed() && trace_.step < options_.steps_max) {
    begin_step();
    if (trace_.step == tables_full_until_) world_.state->clear_fault();
    if (!options_.skip.contains(trace_.step)) do_step(draw_step());
    after_step();
    if (options_.plant == Plant::uneven) {
      static int times = 0;
      trace_.line("times=%d", ++times);
    }
  }
  if (!trace_.failed()) check_end();
  world_.count(Happening::lost_runs, oracle_.lost_count);
  world_.count(Happening::runs_forgotten, oracle_.forgotten_count);
  SimResult result;
  result.trace = trace_.text();
  result.steps = trace_.step;
  result.tally = world_.tally();
  result.violation = trace_.violation_text();
  return result;
}

}  // namespace tenuto::testing
