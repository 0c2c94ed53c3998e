// The end of a simulation: everything that can happen does, and what was promised is looked for.
#include "core/query/replay.h"
#include "core/query/verify.h"
#include "tests/sim/simulation.h"

namespace tenuto::testing {

bool Simulation::settle_once() {
  bool any = false;
  for (std::uint32_t i = 0; i < world_.core().scheduler().worker_count(); ++i)
    any = world_.run_worker(i) || any;
  any = world_.commit() || any;
  any = bodies_.poll() || bodies_.poll() || any;
  any = bodies_.begin_one() || any;
  any = bodies_.run_thread_body() || any;
  any = bodies_.report_any() || any;
  any = senders_.sync_one() || any;
  // As soon as a command has come.
  if (!world_.folder.is_empty()) world_.read_inbox();
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
    if (options_.plant == Plant::dead_timers) return;
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

void Simulation::check_verify() {
  bool sound = false;
  const auto report = verify(*world_.state, *world_.disk, sound);
  if (!report.ok()) return trace_.violation("it can't be verified: " + report.status().message());
  if (!sound) trace_.violation("the store is not sound: " + *report);
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
  world_.disk->heal();
  world_.state->clear_fault();
  tables_full_until_ = 0;
  if (!world_.health().ok()) world_.die(true);
  if (!world_.is_open()) open_again();
  if (trace_.failed()) return;
  settle();
  // As when another command comes: a folder that could not be read is read then.
  world_.read_inbox();
  settle();
  check_rest(false);
  if (trace_.failed()) return;
  has_ended_ = true;
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
  trace_.expect(oracle_.check_all_settled());
  if (world_.has_inbox() && !world_.folder.is_empty()) trace_.violation("at rest, but commands are left");
  if (trace_.failed()) return;
  clients_.read(senders_);
  if (!trace_.failed()) check_verify();
  if (!trace_.failed()) check_replay();
  if (trace_.failed()) return;
  world_.die(true);
  open_again();
  if (!trace_.failed() && world_.core().run_table().size() != 0) trace_.violation("an ended run came back");
}

}  // namespace tenuto::testing
