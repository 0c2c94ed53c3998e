#include "tests/sim/world.h"

#include "core/query/load.h"
#include "core/query/tail.h"

namespace tenuto::testing {

World::World(Random& random, Trace& trace, Oracle& oracle, const SimSetting& setting, Plant plant)
    : random_(random),
      trace_(trace),
      oracle_(oracle),
      setting_(setting),
      plant_(plant),
      // The smallest segment that every batch fits in, or some more: segments are begun and recycled now and then.
      segment_bytes_((limits::kBatchBytesMax + (64u << 10)) * (1 + random.below(2))),
      options_(core_options_for_tests()),
      fast_clock_(clock, plant == Plant::fast_clock ? 3600 * kSecond : 0),
      ear_(plant) {
  // Workers that are never started, so they are driven by hand like the one of no threads.
  options_.threads = static_cast<std::uint32_t>(random_.below(3));
  options_.seed = random_.next();
  options_.is_in_memory = setting_.durability == Durability::memory;
  options_.wait_for_disk = !setting_.runs_ahead() && plant != Plant::no_gates;
  options_.retention = setting_.retention;
  options_.numbers_at_once = setting_.numbers_at_once;
  if (plant == Plant::no_retention) options_.retention = {};
  if (plant == Plant::eager_retention) options_.retention = {setting_.retention.age / 2, 1};
  if (setting_.window_segments > 0 && plant != Plant::no_window)
    options_.journal_window_bytes = setting_.window_segments * segment_bytes_;
  make_store();
}

void World::make_store() {
  disk = std::make_unique<SimDisk>(segment_bytes_);
  disk->on_durable = [this](const Event& event) {
    count_event(event);
    for (const Event& heard : ear_.hear(event)) oracle_.on_durable(heard);
  };
  disk->meanwhile = [this] { interlude(Midst::commit); };
  disk->lies = plant_ == Plant::lying_sync;
  disk->forgets_with_the_process = plant_ == Plant::forgetful_kill;
  state = std::make_unique<SimTables>();
  state->meanwhile = [this] { interlude(Midst::tables); };
  state->forgets_commands = plant_ == Plant::forgetful_tables;
}

void World::make_duty() {
  folder.on_read = [this](const std::string& file) {
    oracle_.command_is_read(*parse_command_file_name(file));
    if (plant_ != Plant::early_removal) return;
    folder.take_away(file);
    oracle_.command_is_removed(*parse_command_file_name(file));
  };
  folder.on_removed = [this](const std::string& file) {
    const CommandId command = *parse_command_file_name(file);
    if (!oracle_.command(command).is_read) count(Happening::commands_found_settled);
    oracle_.command_is_removed(command);
  };
  duty_ = std::make_unique<InboxDuty>(*core_, folder, [this] { return view(); });
  core_->on_command_settled = [this](CommandId command) { duty_->settled(command); };
}

// As OwnerEngine's.
Result<View> World::view() {
  TN_TRY(core_->health());
  if (!options_.wait_for_disk) core_->commit_all();
  return View::open(*state, *disk, core_->committer().durable(), plans_, options_.store_key);
}

void World::read_inbox() {
  if (duty_ == nullptr) return;
  duty_->read();
  oracle_.catch_up();
}

// In any order, as threads would.
void World::do_jobs(std::span<const std::function<void()>> jobs) {
  std::vector<std::size_t> order(jobs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.below(i)]);
  for (const std::size_t i : order) jobs[i]();
}

Status World::read_store(std::map<RunNumber, std::vector<Event>>& found) {
  TN_ASSIGN(const std::unique_ptr<StateRead> tables, state->begin_read());
  for (std::uint64_t number = 1; number < core_->numbers().next().value; ++number) {
    TN_TRY(for_each_event(*tables, RunNumber{number}, [&](const Event& event) {
      found[event.run].push_back(event);
      return true;
    }));
  }
  TN_ASSIGN(Tail tail, Tail::from_watermark(*disk, *tables));
  // A position that nothing reaches: the tail ends with not_found, where the journal does.
  const Status end =
      tail.poll(Ring::kNever, [&](const Event& event, Position) { found[event.run].push_back(event); });
  return end.code() == Code::not_found ? Status() : end;
}

bool World::open() {
  core_ = std::make_unique<EngineCore>(options_, fast_clock_, *disk, *state);
  core_->jobs_at_once = setting_.jobs_at_once;
  core_->do_jobs = [this](std::span<const std::function<void()>> jobs) { do_jobs(jobs); };
  if (setting_.durability != Durability::memory) make_duty();
  busy_workers_.assign(core_->scheduler().worker_count(), false);
  if (const Status status = core_->recover(); !status.ok()) {
    trace_.line("open: %s", status.message().c_str());
    duty_.reset();
    core_.reset();
    if (status.code() == Code::poisoned) {
      die(true);
    } else if (status.code() != Code::full && status.code() != Code::storage_error) {
      trace_.violation("it does not open: " + status.message());
    }
    return false;
  }
  disk->failing_reads = 0;
  // What was found may have been in the page cache only; now it is durable, and nothing has begun.
  std::map<RunNumber, std::vector<Event>> found;
  if (const Status status = read_store(found); !status.ok()) {
    trace_.violation("the store can't be read: " + status.message());
    return false;
  }
  SimDisk::Doubt doubt = disk->take_doubt();
  if (plant_ == Plant::lost_middle && doubt.events.size() > 1)
    std::swap(doubt.events.front(), doubt.events.back());
  plant_into(found);
  oracle_.on_reopened(found, doubt);
  trace_.line("opened generation=%llu live=%zu", static_cast<unsigned long long>(core_->generation().value),
              core_->run_table().size());
  if (trace_.failed()) return false;
  if (core_->run_table().size() > 0) count(Happening::opens_with_live_runs);
  on_opened();
  read_inbox();
  core_->resume_runs();
  is_ready_ = true;
  return true;
}

// What recovery finds, with the planted bug.
void World::plant_into(std::map<RunNumber, std::vector<Event>>& found) {
  for (auto& [number, events] : found) {
    if (plant_ == Plant::lost_record && events.size() > 1) events.pop_back();
    if (plant_ != Plant::changed_record) continue;
    for (Event& event : events) {
      if (auto* done = std::get_if<TaskDone>(&event.body)) done->result = Payload::json("\"another\"");
    }
  }
  if (plant_ == Plant::stray_run && !found.empty()) found[RunNumber{1'000'000}] = found.begin()->second;
}

void World::count_event(const Event& event) {
  if (event.type() == EventType::run_started) count(Happening::runs_started);
  if (event.type() == EventType::task_done) count(Happening::tasks_done);
  if (event.type() == EventType::task_skipped) count(Happening::tasks_skipped);
  if (event.type() == EventType::timer_fired) count(Happening::retries);
  if (event.type() == EventType::cancel_requested) count(Happening::cancels_recorded);
  if (event.type() == EventType::pool_used) count(Happening::pool_samples);
  if (event.type() == EventType::command_applied) count(Happening::commands_applied);
  if (event.type() == EventType::command_refused) count(Happening::commands_refused);
  if (const auto* done = std::get_if<TasksDone>(&event.body))
    count(Happening::tasks_done_in_order, done->count);
  if (const auto* chosen = std::get_if<SwitchChosen>(&event.body))
    count(chosen->arm == SwitchChosen::kNoArm ? Happening::no_arms_chosen : Happening::arms_chosen);
  if (const auto* failed = std::get_if<AttemptFailed>(&event.body)) {
    count(failed->kind == FailureKind::timed_out    ? Happening::attempts_timed_out
          : failed->kind == FailureKind::expression ? Happening::wrong_expressions
                                                    : Happening::attempts_failed);
  }
  if (const auto* ended = std::get_if<RunEnded>(&event.body)) {
    count(ended->state == RunState::completed   ? Happening::runs_completed
          : ended->state == RunState::cancelled ? Happening::runs_cancelled
                                                : Happening::runs_failed);
    if (ended->state == RunState::failed && ended->culprit == kNoTask) count(Happening::wrong_outputs);
  }
}

void World::end_process() {
  oracle_.catch_up();
  is_ready_ = false;
  on_died();
  duty_.reset();
  core_.reset();
}

void World::die(bool power_cut) {
  trace_.line("die power_cut=%d", power_cut ? 1 : 0);
  if (is_open()) end_process();
  if (setting_.durability == Durability::memory) {
    make_store();
    oracle_.forget_all();
    return;
  }
  disk->heal();
  disk->die(power_cut, random_);
  if (!power_cut) return;
  state->crash(random_);
  count(Happening::commands_lost_unaccepted, folder.lose_power(random_));
  on_power_lost();
}

void World::close() {
  trace_.line("close");
  is_ready_ = false;
  core_->sample_pools();
  const bool all_written = plant_ == Plant::hasty_close || core_->write_out().ok();
  end_process();
  if (all_written) oracle_.on_closed();
  die(false);
}

void World::check_window() {
  if (setting_.window_segments == 0) return;
  const auto segments = disk->list();
  if (segments.ok() && segments->size() > setting_.window_segments)
    trace_.violation("the journal has more segments than its window");
}

Status World::health() const {
  TN_TRY(core_->committer().health());
  return core_->materialiser().health();
}

bool World::commit() {
  Contexts::Lease lease(core_->contexts());
  return core_->commit_one(*lease);
}

bool World::run_worker(std::uint32_t index) {
  index %= core_->scheduler().worker_count();
  if (busy_workers_[index]) return false;
  busy_workers_[index] = true;
  const bool did = core_->scheduler().worker(index).run_one();
  busy_workers_[index] = false;
  return did;
}

bool World::skip_to_next_timer() {
  const auto wall = core_->timers().next_wall();
  const auto mono = core_->timers().next_mono();
  if (!wall.has_value() && !mono.has_value()) return false;
  Nanos wait = INT64_MAX;
  if (wall.has_value()) wait = std::min(wait, wall->ns - clock.wall_ns);
  if (mono.has_value()) wait = std::min(wait, mono->ns - clock.mono_ns);
  clock.advance(std::max<Nanos>(wait, 0));
  return true;
}

}  // namespace tenuto::testing
