// All interleavings of workers that go to sleep and a bringer of work, on core/sched/idle.h and parker.h: no
// item waits while its workers sleep. The workers follow core/sched/worker.cpp, with one queue in place of
// all.
#include "core/sched/idle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/sched/deque.h"
#include "core/sched/futex.h"
#include "core/sched/parker.h"
#include "tests/model/expect.h"
#include "tests/model/idle_cases.h"

namespace tenuto::testing {
namespace {

// Where a worker begins. Beginnings in the middle keep the number of runs small.
enum class Begin {
  working,            // about to look into the queue
  found_as_searcher,  // has just taken an item of its own
  searched_in_vain,   // about to sleep, as a searcher
  worked_in_vain,     // about to sleep, not a searcher: enough others were
  asleep,
};

enum class Bug { none, no_second_look, second_look_for_searchers_only, finder_wakes_nobody };

struct Situation {
  std::vector<Begin> workers;
  std::uint32_t brought = 1;  // items that the bringer brings, each with its own wake-up
  bool as_batch = false;      // or all with one
  // Every item ends only when all have begun: needs as many workers as items, so one that isn't woken is
  // missed.
  bool items_wait = false;
  // The worker stops searching before it sleeps, as it does to call Handler::idle_work().
  bool stops_searching = false;
  bool idle_waits = false;  // what it does then takes until all items have begun
  bool by_push = false;     // the work comes into a deque of the bringer
  Visible how = Visible::by_release;
  std::memory_order store = std::memory_order_release;
  Bug bug = Bug::none;
};

class IdleScenario final : public Scenario {
 public:
  explicit IdleScenario(const Situation& situation)
      : Scenario(static_cast<std::uint32_t>(situation.workers.size()) + 1),
        situation_(situation),
        idle_(thread_count() - 1) {
    items_ = situation.brought;
    for (std::uint32_t i = 0; i < thread_count() - 1; ++i) {
      const Begin begin = situation.workers[i];
      if (begin == Begin::asleep) (void)idle_.working_to_parked(i);
      const bool has_found = begin == Begin::found_as_searcher;
      if (has_found || begin == Begin::searched_in_vain) (void)idle_.working_to_searching();
      if (has_found) ++items_;
    }
  }

  void run(std::uint32_t thread) override { thread < thread_count() - 1 ? work(thread) : bring(); }
  [[nodiscard]] bool may_end_asleep() const override { return true; }
  void check() override { model_check(begun_.load() == items_, "an item waits while workers sleep"); }

 private:
  void bring() {
    if (situation_.by_push) {
      deque_.push(WorkItem(WorkKind::run, 0, 1));
      return wake(Visible::by_seq_cst_store);
    }
    if (situation_.as_batch || situation_.brought == 1) {
      queue_.store(situation_.brought, situation_.store);
      return wake(situation_.how);
    }
    for (std::uint32_t i = 0; i < situation_.brought; ++i) {
      queue_.fetch_add(1);
      wake(situation_.how);
    }
  }

  // Ends with the last item: what the worker would do then is another situation.
  void work(std::uint32_t index) {
    bool searching = false;
    switch (situation_.workers[index]) {
      case Begin::working:
        break;
      case Begin::found_as_searcher:
        if (execute(true)) return;
        break;
      case Begin::searched_in_vain:
        searching = sleep(index, true);
        break;
      case Begin::worked_in_vain:
        searching = sleep(index, false);
        break;
      case Begin::asleep:
        parkers_[index].park();
        searching = true;
        break;
    }
    while (true) {
      if (take()) {
        if (execute(searching)) return;
        searching = false;
      } else if (!searching && idle_.working_to_searching()) {
        searching = true;
      } else {
        searching = sleep(index, searching);
      }
    }
  }

  // Returns whether the worker searches when it is awake again.
  bool sleep(std::uint32_t index, bool searching) {
    if (searching && situation_.stops_searching) {
      if (idle_.searching_to_working() && is_pending()) return false;
      searching = false;
      if (situation_.idle_waits) wait_for_all(begun_.load());
    }
    bool look_again = searching ? idle_.searching_to_parked(index) : idle_.working_to_parked(index);
    if (situation_.bug == Bug::no_second_look) look_again = false;
    if (situation_.bug == Bug::second_look_for_searchers_only && !searching) look_again = false;
    if (look_again && is_pending()) wake(Visible::by_release);
    parkers_[index].park();
    return true;
  }

  // True: this was the last item.
  bool execute(bool searching) {
    if (searching && idle_.searching_to_working() && situation_.bug != Bug::finder_wakes_nobody) {
      wake(Visible::by_release);
    }
    const std::uint32_t begun = begun_.fetch_add(1) + 1;
    if (situation_.idle_waits) futex_wake_one(begun_);
    if (!situation_.items_wait) return begun == items_;
    wait_for_all(begun);
    futex_wake_one(begun_);
    return true;
  }
  void wait_for_all(std::uint32_t begun) {
    while (begun < items_) {
      futex_wait(begun_, begun, kNoTimeout);
      begun = begun_.load();
    }
  }

  void wake(Visible how) {
    if (const auto worker = idle_.parked_to_searching(how)) parkers_[*worker].unpark();
  }

  [[nodiscard]] bool is_pending() const {
    return situation_.by_push ? !deque_.is_empty() : queue_.load() > 0;
  }
  bool take() {
    if (situation_.by_push) return !deque_.steal().is_none();
    std::uint32_t count = queue_.load();
    while (count > 0) {
      if (queue_.compare_exchange_weak(count, count - 1)) return true;
    }
    return false;
  }

  const Situation situation_;
  std::uint32_t items_ = 0;
  Idle idle_;
  std::array<Parker, 3> parkers_;
  Deque deque_{1};
  Atomic<std::uint32_t> queue_{0};  // how many items wait
  Atomic<std::uint32_t> begun_{0};
};

Case sleeps(std::string name, const Situation& situation) {
  return holds<IdleScenario>(std::move(name), situation);
}

}  // namespace

Cases sleepers_at_a_deque() {
  return {
      sleeps("OneGoesToSleepAsADequeIsFilled", {.workers = {Begin::working}, .by_push = true}),
      sleeps("OneStopsSearchingAsADequeIsFilled",
             {.workers = {Begin::working}, .stops_searching = true, .by_push = true}),
  };
}

namespace {

const Model idle_model(
    "IdleModel", {"core/sched/idle.cpp"},
    {
        sleeps("OneWorkerGoesToSleepAsWorkComes", {.workers = {Begin::working}}),
        sleeps("OneWorkerStopsSearchingAsWorkComes", {.workers = {Begin::working}, .stops_searching = true}),
        sleeps("AWorkerIsWokenForEachOfTwoItems", {.workers = {Begin::working}, .brought = 2}),
        sleeps("APushBySeqCstStoreNeedsNoReadModifyWrite", {.workers = {Begin::working},
                                                            .how = Visible::by_seq_cst_store,
                                                            .store = std::memory_order_seq_cst}),
        sleeps("OneStopsSearchingAsAPushComes", {.workers = {Begin::working},
                                                 .stops_searching = true,
                                                 .how = Visible::by_seq_cst_store,
                                                 .store = std::memory_order_seq_cst}),
        sleeps("OneStopsSearchingAndIsBusyAsAPushComes", {.workers = {Begin::searched_in_vain, Begin::asleep},
                                                          .stops_searching = true,
                                                          .idle_waits = true,
                                                          .how = Visible::by_seq_cst_store,
                                                          .store = std::memory_order_seq_cst}),
        sleeps("OneOfTwoSleepersIsWoken", {.workers = {Begin::asleep, Begin::asleep}}),
        sleeps("OneSleepsASearcherGoesToSleep", {.workers = {Begin::searched_in_vain, Begin::asleep}}),
        sleeps("OneSleepsAWorkerGoesToSleep", {.workers = {Begin::worked_in_vain, Begin::asleep}}),
        // Too many runs to try all.
        large(holds<IdleScenario>("TwoGoToSleepTogether", ExploreOptions{.preemptions_max = 2},
                                  Situation{.workers = {Begin::searched_in_vain, Begin::worked_in_vain}})),
        large(holds<IdleScenario>("TwoGoToSleepTogetherInSequentialMemory",
                                  ExploreOptions{.memory = Memory::sequential, .preemptions_max = 4},
                                  Situation{.workers = {Begin::searched_in_vain, Begin::worked_in_vain}})),
        sleeps(
            "ABatchForTwoSleepersWakesBoth",
            {.workers = {Begin::asleep, Begin::asleep}, .brought = 2, .as_batch = true, .items_wait = true}),
        sleeps("ABatchForOneThatSleepsAndOneThatGoesToSleep",
               {.workers = {Begin::worked_in_vain, Begin::asleep},
                .brought = 2,
                .as_batch = true,
                .items_wait = true}),
        sleeps("AnItemDoesNotWaitBehindABusyWorkerThatIsAboutToSleep",
               {.workers = {Begin::found_as_searcher, Begin::worked_in_vain}, .items_wait = true}),
        sleeps("AnItemDoesNotWaitBehindABusyWorkerThatSleeps",
               {.workers = {Begin::found_as_searcher, Begin::asleep}, .items_wait = true}),
    });

void is_found(const Situation& situation) {
  expect_found<IdleScenario>(situation);
}

TEST(IdleModel, FindsASleepWithoutASecondLook) {
  is_found({.workers = {Begin::working}, .bug = Bug::no_second_look});
}

TEST(IdleModel, FindsASecondLookBySearchersOnly) {
  is_found({.workers = {Begin::found_as_searcher, Begin::worked_in_vain},
            .items_wait = true,
            .bug = Bug::second_look_for_searchers_only});
}

TEST(IdleModel, FindsAFinderThatWakesNobody) {
  is_found({.workers = {Begin::asleep, Begin::asleep},
            .brought = 2,
            .as_batch = true,
            .items_wait = true,
            .bug = Bug::finder_wakes_nobody});
}

TEST(IdleModel, FindsAReleaseStoreWhereSeqCstIsNeeded) {
  is_found(
      {.workers = {Begin::working}, .how = Visible::by_seq_cst_store, .store = std::memory_order_release});
}

}  // namespace
}  // namespace tenuto::testing
