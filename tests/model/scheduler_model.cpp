// All executions of whole workers (core/sched/worker.cpp, scheduler.cpp) and threads that bring them work, up to a bound where there
// are two workers: every item is executed once, and none waits while all workers sleep.
#include "core/sched/scheduler.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/sched/futex.h"
#include "tests/model/expect.h"

namespace tenuto::testing {
namespace {

WorkItem numbered(std::uint32_t slot) {
  return WorkItem(WorkKind::run, 0, slot);
}

// Thread t runs worker t; the last thread follows `script`: 'i' injects an item, 'b' two at once, 'p' posts idle work, 's' stops;
// '>' injects an item that pushes one and waits for it, 'g' one that pushes it globally and waits for it, 'm' two at once that wait
// for each other. What is waited for needs a second worker, so a wake-up too few is missed.
class SchedulerScenario final : public Scenario, public Handler {
 public:
  SchedulerScenario(std::uint32_t workers, std::string script)
      : Scenario(workers + 1), script_(std::move(script)), scheduler_({workers, 1}, *this) {}

  void run(std::uint32_t thread) override {
    if (thread + 1 < thread_count()) return scheduler_.run(thread);
    for (const char step : script_) bring(step);
  }
  void execute(WorkItem item, Worker& worker) override {
    switch (item.slot()) {
      case kPusher:
        worker.push(next_item());
        return wait_until(1);
      case kGlobalPusher:
        worker.push_global(next_item());
        return wait_until(1);
      case kMeeting:
        begin_one();
        return wait_until(2);
      default:
        model_check(behind_[item.slot()] == item.slot() + 1, "what stands behind the item is not there");
        begin_one();
    }
  }
  bool idle_work(Worker&) override {
    // Relaxed: the post must make it visible.
    idle_work_seen_ = idle_work_seen_ || idle_work_.load(std::memory_order_relaxed);
    return false;
  }

  void check() override {
    if (is_stopped()) return;
    model_check(begun_.load() == awaited_, "an item waits while workers sleep");
    model_check(idle_work_seen_ == idle_work_.load(), "idle work waits while workers sleep");
  }
  // Whoever was told to stop must not sleep.
  [[nodiscard]] bool may_end_asleep() const override { return !is_stopped(); }

 private:
  static constexpr std::uint32_t kPusher = 7;
  static constexpr std::uint32_t kGlobalPusher = 6;
  static constexpr std::uint32_t kMeeting = 5;

  void bring(char step) {
    if (step == 'i') scheduler_.inject(next_item());
    if (step == 'b') scheduler_.inject_bulk(std::array<WorkItem, 2>{next_item(), next_item()});
    if (step == '>') scheduler_.inject(numbered(kPusher));
    if (step == 'g') scheduler_.inject(numbered(kGlobalPusher));
    if (step == 'm') {
      awaited_ += 2;
      scheduler_.inject_bulk(std::array<WorkItem, 2>{numbered(kMeeting), numbered(kMeeting)});
    }
    if (step == 'p') {
      idle_work_.store(true, std::memory_order_relaxed);
      scheduler_.post_idle_work();
    }
    if (step == 's') scheduler_.stop();
  }
  WorkItem next_item() {
    ++awaited_;
    behind_.at(made_) = made_ + 1;
    return numbered(made_++);
  }
  void begin_one() {
    begun_.fetch_add(1);
    futex_wake_one(begun_);
  }
  void wait_until(std::uint32_t begun) {
    for (std::uint32_t now = begun_.load(); now < begun; now = begun_.load())
      futex_wait(begun_, now, kNoTimeout);
  }
  [[nodiscard]] bool is_stopped() const { return script_.find('s') != std::string::npos; }

  const std::string script_;
  std::uint32_t made_ = 0;
  std::uint32_t awaited_ = 0;
  std::array<Plain<std::uint32_t>, 4> behind_;
  Atomic<bool> idle_work_{false};
  bool idle_work_seen_ = false;  // of the one worker
  Atomic<std::uint32_t> begun_{0};
  Scheduler scheduler_;
};

const ExploreOptions kBounded{.memory = Memory::sequential, .preemptions_max = 1};

const Model scheduler_model(
    "SchedulerModel", {"core/sched/scheduler.cpp", "core/sched/worker.cpp"},
    {
        holds<SchedulerScenario>("AnItemIsInjected", 1u, "i"),
        holds<SchedulerScenario>("TwoItemsAreInjectedAtOnce", 1u, "b"),
        holds<SchedulerScenario>("IdleWorkIsPosted", 1u, "p"),
        holds<SchedulerScenario>("AWorkerIsStopped", 1u, "s"),
        holds<SchedulerScenario>("AnotherWorkerStealsWhatIsPushed", kBounded, 2u, ">"),
        holds<SchedulerScenario>("AnotherWorkerTakesWhatIsPushedGlobally", kBounded, 2u, "g"),
        holds<SchedulerScenario>("ABatchWakesTwoWorkers", kBounded, 2u, "m"),
    });

}  // namespace
}  // namespace tenuto::testing
