#include "tests/sim/simulation.h"

#include "core/query/replay.h"

namespace tenuto::testing {

SimResult simulate(const SimOptions& options) {
  return Simulation(options).run();
}

Simulation::Simulation(const SimOptions& options)
    : options_(options),
      setting_(SimSetting::draw(options.seed, options.plant)),
      random_(mix64(options.seed)),
      trace_(options.prints),
      oracle_(trace_, setting_),
      world_(random_, trace_, oracle_, setting_, options.plant),
      bodies_(world_),
      clients_(world_, workflows_, options.runs_max) {
  for (std::uint32_t n = draw(random_, 1, 3); n > 0; --n) {
    workflows_.push_back(make_workflow(random_, "w" + std::to_string(n)));
    if (options.prints) std::printf("%s\n", workflows_.back().definition.c_str());
  }
  for (const SimWorkflow& workflow : workflows_) {
    if (workflow.nodes.size() > limits::kReadyOfferMax) clients_.start_at_most(2);
  }
  draw_weights();
  world_.on_died = [this] {
    bodies_.forget();
    clients_.forget();
  };
  world_.on_opened = [this] { bodies_.register_again(); };
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
  set(Step::thread_body, 10, 30);
  set(Step::start, 8, 40);
  set(Step::start_many, 0, 4);
  set(Step::await, 0, 20);
  set(Step::ask, 0, 20);
  set(Step::cancel, 0, random_.chance(1, 4) ? 10 : 3);
  set(Step::serve_late, 0, 5);
  set(Step::misuse, 0, 4);
  // In some seeds nothing breaks, in some all the time.
  const std::uint32_t troubles = random_.chance(1, 4) ? 0 : random_.chance(1, 6) ? 12 : 3;
  set(Step::die, 0, troubles);
  set(Step::cut_power, 0, 2 * troubles);
  set(Step::close, 0, troubles);
  set(Step::fill_disk, 0, troubles);
  set(Step::fail_sync, 0, troubles);
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

void Simulation::do_step(Step step) {
  world_.disk->refuses = disk_is_full() || (disk_is_slow_ && step != Step::commit);
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

bool Simulation::make_request(Step step) {
  switch (step) {
    case Step::start:
      clients_.start();
      return true;
    case Step::start_many:
      clients_.start_many();
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
      world_.disk->refuses = false;
      world_.close();
      tables_full_until_ = 0;
      world_.state->clear_fault();
      break;
    case Step::fill_disk:
      fill_disk();
      break;
    case Step::fail_sync:
      world_.disk->log().set_fault({LogFault::Call::sync, draw(random_, 1, 4), Code::poisoned, 1});
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
  ++crashes_;
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
  world_.core().fire_timers();
}

void Simulation::fill_disk() {
  trace_.line("the disk is full");
  full_until_ = trace_.step + draw(random_, 3, 40);
  if (random_.chance(1, 2)) {
    world_.disk->log().set_fault(
        {LogFault::Call::write, draw(random_, 1, 3), Code::full, draw(random_, 1, 3)});
  }
}

void Simulation::fail_tables() {
  if (tables_are_full()) return;
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
  oracle_.saw_clock(world_.clock.wall());
  trace_.line("the clock jumps %s", back ? "back" : "ahead");
}

void Simulation::fill_tables() {
  trace_.line("the tables are full");
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
  if (asked && behind && materialiser.warning().code() != Code::full)
    trace_.violation("the tables are full, and nobody is told");
}

void Simulation::open_again() {
  while (!world_.open() && !trace_.failed()) {
    world_.disk->refuses = false;
    world_.disk->log().clear_faults();
    world_.state->clear_fault();
    tables_full_until_ = 0;
  }
}

SimResult Simulation::run() {
  open_again();
  while (!trace_.failed() && trace_.step < options_.steps_max) {
    ++trace_.step;
    if (trace_.step == tables_full_until_) world_.state->clear_fault();
    do_step(draw_step());
    world_.check_window();
    if (world_.is_open() && !world_.health().ok() && random_.chance(1, 4)) {
      trace_.line("poisoned");
      die(true);
    }
    if (!world_.is_open()) {
      world_.disk->refuses = random_.chance(1, 10);
      if (!trace_.failed()) open_again();
    }
    if (!trace_.failed()) clients_.look();
  }
  if (!trace_.failed()) check_end();
  SimResult result;
  result.trace_hash = trace_.hash();
  result.steps = trace_.step;
  result.crashes = crashes_;
  result.runs = oracle_.runs().size();
  result.violation = trace_.violation_text();
  return result;
}

// ---- The end --------------------------------------------------------------------------------------------------------

bool Simulation::settle_once() {
  bool any = false;
  for (std::uint32_t i = 0; i < world_.core().scheduler().worker_count(); ++i)
    any = world_.run_worker(i) || any;
  any = world_.commit() || any;
  any = bodies_.poll() || bodies_.poll() || any;
  any = bodies_.begin_one() || any;
  any = bodies_.run_thread_body() || any;
  any = bodies_.report_any() || any;
  clients_.look();
  return any || make_room();
}

// As the thread of the tables does, within a second, when the window is full.
bool Simulation::make_room() {
  EngineCore& core = world_.core();
  if (core.committer().stall() != Stall::window) return false;
  const auto due = core.materialiser().next_due(world_.clock.wall());
  if (!due.has_value()) return false;
  world_.clock.advance(std::max<Nanos>(due->ns - world_.clock.wall_ns, 0));
  oracle_.saw_clock(world_.clock.wall());
  return core.materialise_one();
}

void Simulation::settle() {
  // Far more than any seed needs; not critical.
  constexpr std::uint64_t kRoundsMax = 100'000;
  std::uint64_t idle = 0;
  for (std::uint64_t round = 0; round < kRoundsMax && !trace_.failed(); ++round) {
    ++trace_.step;
    // The pools are polled in turn by chance, so one idle round says little.
    idle = settle_once() ? 0 : idle + 1;
    if (idle < 12) continue;
    if (!world_.skip_to_next_timer()) return;
    oracle_.saw_clock(world_.clock.wall());
    world_.core().fire_timers();
    // The pools' usage is sampled for as long as bodies run, and once more.
    if (++idle > 40) return;
  }
  if (!trace_.failed()) trace_.violation("it does not come to rest");
}

void Simulation::check_rest(bool all_served) {
  if (trace_.failed()) return;
  const auto is_served = [&](const std::string& action) { return bodies_.is_served(action); };
  for (const auto& [number, record] : oracle_.runs()) {
    const std::string who = "run " + std::to_string(number.value) + ", at rest: ";
    if (!record.is_durable()) return trace_.violation(who + "its start is not durable");
    if (const std::string problem = record.model.restless(is_served); !problem.empty())
      return trace_.violation(who + problem);
    if (all_served && !record.model.ended()) return trace_.violation(who + "it has not ended");
  }
  check_told();
  if (!world_.core().is_quiet()) trace_.violation("at rest, but not quiet");
  if (all_served && clients_.has_open_requests()) trace_.violation("at rest, but a request is not answered");
}

// What was told at some time is so at the end.
void Simulation::check_told() {
  for (const auto& [number, record] : oracle_.runs()) {
    const std::string who = "run " + std::to_string(number.value) + ", at rest: ";
    if (record.told_end.has_value() && !record.model.ended()) trace_.violation(who + "its end was told");
    if (record.told_cancel && !record.model.cancel_was_recorded())
      trace_.violation(who + "its cancel was told");
  }
}

// Once there was time enough, no more is kept than was asked for.
void Simulation::check_retention() {
  if (setting_.retention.keeps_all()) return;
  for (int i = 0; i < 4; ++i) {
    world_.clock.advance(setting_.retention.age + 20 * kSecond);
    oracle_.saw_clock(world_.clock.wall());
    world_.core().materialise_all();
  }
  std::vector<RunRecord*> ended;
  for (auto& [number, record] : oracle_.runs()) {
    if (!record.forgotten) ended.push_back(&record);
  }
  for (RunRecord* record : ended) trace_.expect(clients_.check_gone(*record));
  const std::size_t kept = oracle_.ended_and_kept();
  const std::uint64_t count = setting_.retention.count;
  // Runs are forgotten in the order in which they ended, so a clock that jumped only delays it.
  if (clock_has_jumped_) return;
  if (setting_.retention.age != 0 && kept > 0) trace_.violation("ended runs are kept for too long");
  if (count != 0 && kept > count) trace_.violation("too many ended runs are kept");
}

// What the tables and the journal give is what happened. The view ends here: the store may be gone after the next crash.
void Simulation::check_replay() {
  PlanCache plans;
  auto view = View::open(*world_.state, *world_.disk, world_.core().committer().durable(), plans,
                         core_options_for_tests().store_key);
  if (!view.ok()) return trace_.violation("no view: " + view.status().message());
  for (const auto& [number, record] : oracle_.runs()) {
    const std::string who = "run " + std::to_string(number.value) + ", replayed: ";
    if (record.forgotten) continue;
    const auto replayed = replay(*view, number);
    if (!replayed.ok()) return trace_.violation(who + replayed.status().message());
    if (const std::string problem = record.model.compare(replayed->run); !problem.empty())
      return trace_.violation(who + problem);
  }
}

void Simulation::check_end() {
  trace_.line("the end begins");
  world_.disk->log().clear_faults();
  world_.disk->refuses = false;
  world_.state->clear_fault();
  tables_full_until_ = 0;
  if (!world_.health().ok()) world_.die(true);
  if (!world_.is_open()) open_again();
  if (trace_.failed()) return;
  settle();
  check_rest(false);
  if (trace_.failed()) return;
  bodies_.register_all();
  clients_.await_all();
  settle();
  check_rest(true);
  if (trace_.failed()) return;
  world_.core().materialise_all();
  settle();
  if (!world_.health().ok()) return trace_.violation("unhealthy at the end: " + world_.health().message());
  if (world_.core().run_table().size() != 0) return trace_.violation("ended runs stay in the run table");
  if (world_.core().tickets_in_use() != 0) return trace_.violation("tickets are leaked");
  if (world_.core().materialiser().applied() != world_.core().committer().durable())
    return trace_.violation("not everything is in the tables");
  check_retention();
  if (trace_.failed()) return;
  check_replay();
  if (trace_.failed()) return;
  world_.die(true);
  open_again();
  if (!trace_.failed() && world_.core().run_table().size() != 0) trace_.violation("an ended run came back");
}

}  // namespace tenuto::testing
