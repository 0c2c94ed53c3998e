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
      options_(core_options_for_tests()) {
  // Workers that are never started, so they are driven by hand like the one of no threads.
  options_.threads = static_cast<std::uint32_t>(random_.below(3));
  options_.seed = random_.next();
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
  disk->on_durable = [this](const Event& event) { oracle_.on_durable(event); };
  disk->lies = plant_ == Plant::lying_sync;
  disk->forgets_with_the_process = plant_ == Plant::forgetful_kill;
  state = std::make_unique<MemState>();
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
  const Status end = tail.poll(Ring::kNever, [&](const Event& event, Position) {
    if (event.run.value != 0) found[event.run].push_back(event);
  });
  return end.code() == Code::not_found ? Status() : end;
}

bool World::open() {
  core_ = std::make_unique<EngineCore>(options_, clock, *disk, *state);
  if (const Status status = core_->recover(); !status.ok()) {
    trace_.line("open: %s", status.message().c_str());
    core_.reset();
    if (status.code() == Code::poisoned) {
      die(true);
    } else if (status.code() != Code::full && status.code() != Code::storage_error) {
      trace_.violation("it does not open: " + status.message());
    }
    return false;
  }
  // What was found may have been in the page cache only; now it is durable, and nothing has begun.
  std::map<RunNumber, std::vector<Event>> found;
  if (const Status status = read_store(found); !status.ok()) {
    trace_.violation("the store can't be read: " + status.message());
    return false;
  }
  SimDisk::Doubt doubt = disk->take_doubt();
  if (plant_ == Plant::lost_middle && doubt.events.size() > 1)
    std::swap(doubt.events.front(), doubt.events.back());
  oracle_.on_reopened(found, doubt);
  trace_.line("opened generation=%llu live=%zu", static_cast<unsigned long long>(core_->generation().value),
              core_->run_table().size());
  if (trace_.failed()) return false;
  on_opened();
  core_->resume_runs();
  return true;
}

void World::end_process() {
  oracle_.catch_up();
  on_died();
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
  disk->refuses = false;
  disk->die(power_cut, random_);
  if (power_cut) state->crash(random_);
}

void World::close() {
  trace_.line("close");
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
  return core_->scheduler().worker(index % core_->scheduler().worker_count()).run_one();
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
