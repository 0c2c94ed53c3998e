// The scheduler on real threads: nothing lost, nothing twice, everybody sleeps when there is nothing.
#include "core/sched/scheduler.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

namespace tenuto {
namespace {

WorkItem numbered(std::uint32_t slot) {
  return WorkItem(WorkKind::run, 0, slot);
}

struct FunctionHandler final : Handler {
  explicit FunctionHandler(std::function<void(WorkItem, Worker&)> f) : on_item(std::move(f)) {}
  void execute(WorkItem item, Worker& worker) override { on_item(item, worker); }
  bool idle_work(Worker&) override { return on_idle && on_idle(); }
  std::function<void(WorkItem, Worker&)> on_item;
  std::function<bool()> on_idle;
};

void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::yield();
}

TEST(Scheduler, ExecutesWhatManyThreadsInjectExactlyOnce) {
  constexpr std::uint32_t kProducers = 3;
  constexpr std::uint32_t kEach = 20'000;
  std::vector<std::atomic<std::uint32_t>> executed(kProducers * kEach);
  // No atomics: what the injector wrote must reach the executor with the item, and TSan watches.
  std::vector<std::uint32_t> payloads(kProducers * kEach, 0);
  std::atomic<std::uint32_t> wrong{0};
  std::latch done(kProducers * kEach);
  FunctionHandler handler([&](WorkItem item, Worker&) {
    if (payloads[item.slot()] != item.slot() + 1) wrong.fetch_add(1);
    executed[item.slot()].fetch_add(1, std::memory_order_relaxed);
    done.count_down();
  });
  Scheduler scheduler({.threads = 3}, handler);
  ASSERT_TRUE(scheduler.start().ok());
  std::vector<std::thread> producers;
  for (std::uint32_t p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      std::vector<WorkItem> batch;
      for (std::uint32_t i = 0; i < kEach; ++i) {
        payloads[p * kEach + i] = p * kEach + i + 1;
        batch.push_back(numbered(p * kEach + i));
        if (i % 7 == 0) {
          scheduler.inject_bulk(batch);
          batch.clear();
        } else if (i % 7 == 3) {
          scheduler.inject(batch.back());
          batch.pop_back();
        }
      }
      scheduler.inject_bulk(batch);
    });
  }
  for (std::thread& producer : producers) producer.join();
  done.wait();
  scheduler.stop();
  EXPECT_EQ(wrong.load(), 0u);
  for (std::size_t i = 0; i < executed.size(); ++i) ASSERT_EQ(executed[i].load(), 1u) << "item " << i;
}

// Park and wake at every step: each item is injected when the last one was executed. A lost wake-up hangs
// here.
TEST(Scheduler, NoWakeUpIsLostBetweenSingleItems) {
  constexpr int kRounds = 2'000;
  std::atomic<int> executed{0};
  FunctionHandler handler([&](WorkItem, Worker&) { executed.fetch_add(1); });
  Scheduler scheduler({.threads = 2}, handler);
  ASSERT_TRUE(scheduler.start().ok());
  for (int i = 0; i < kRounds; ++i) {
    if (i % 16 == 0) wait_until([&] { return scheduler.parked_count() == 2; });
    scheduler.inject(numbered(0));
    wait_until([&] { return executed.load() == i + 1; });
  }
}

TEST(Scheduler, AFanOfItemsThatPushItemsIsExecutedOnce) {
  constexpr std::uint32_t kNodes = 100'000;
  std::vector<std::atomic<std::uint32_t>> executed(kNodes);
  std::latch done(kNodes - 1);
  FunctionHandler handler([&](WorkItem item, Worker& worker) {
    const std::uint32_t left = 2 * item.slot();
    if (left < kNodes) worker.push(numbered(left));
    if (left + 1 < kNodes) {
      switch (item.slot() % 3) {
        case 0:
          worker.set_next(numbered(left + 1));
          break;
        case 1:
          worker.push(numbered(left + 1));
          break;
        default:
          worker.push_global(numbered(left + 1));
          break;
      }
    }
    executed[item.slot()].fetch_add(1, std::memory_order_relaxed);
    done.count_down();
  });
  Scheduler scheduler({.threads = 3}, handler);
  ASSERT_TRUE(scheduler.start().ok());
  scheduler.inject(numbered(1));
  done.wait();
  scheduler.stop();
  for (std::uint32_t i = 1; i < kNodes; ++i) ASSERT_EQ(executed[i].load(), 1u) << "item " << i;
}

TEST(Scheduler, AnIdleOneSleepsAndAPostOfIdleWorkWakesIt) {
  std::atomic<int> available{0};
  std::atomic<int> done{0};
  FunctionHandler handler([](WorkItem, Worker&) {});
  handler.on_idle = [&] {
    int have = available.load();
    while (have > 0 && !available.compare_exchange_weak(have, have - 1)) {
    }
    if (have > 0) done.fetch_add(1);
    return have > 0;
  };
  Scheduler scheduler({.threads = 3}, handler);
  ASSERT_TRUE(scheduler.start().ok());
  for (int i = 1; i <= 300; ++i) {
    wait_until([&] { return scheduler.parked_count() == 3; });
    available.fetch_add(1);
    scheduler.post_idle_work();
    wait_until([&] { return done.load() == i; });
  }
}

TEST(Scheduler, StopEndsSleepersAndDropsWhatIsQueued) {
  std::atomic<int> executed{0};
  FunctionHandler handler([&](WorkItem, Worker&) { executed.fetch_add(1); });
  Scheduler scheduler({.threads = 2}, handler);
  ASSERT_TRUE(scheduler.start().ok());
  wait_until([&] { return scheduler.parked_count() == 2; });
  scheduler.stop();
  scheduler.stop();
  scheduler.inject(numbered(1));
  scheduler.post_idle_work();
  EXPECT_EQ(executed.load(), 0);
  EXPECT_EQ(scheduler.start().code(), Code::wrong_state);
}

TEST(Scheduler, StopWaitsForTheItemThatRuns) {
  std::atomic<bool> entered{false};
  std::atomic<bool> leave{false};
  std::atomic<int> finished{0};
  FunctionHandler handler([&](WorkItem, Worker& worker) {
    worker.push(numbered(1));  // queued behind an item that stop() interrupts
    entered.store(true);
    wait_until([&] { return leave.load(); });
    finished.fetch_add(1);
  });
  Scheduler scheduler({.threads = 1}, handler);
  ASSERT_TRUE(scheduler.start().ok());
  EXPECT_EQ(scheduler.start().code(), Code::wrong_state);
  scheduler.inject(numbered(0));
  wait_until([&] { return entered.load(); });
  std::thread stopper([&] { scheduler.stop(); });
  EXPECT_EQ(finished.load(), 0);
  leave.store(true);
  stopper.join();
  EXPECT_GE(finished.load(), 1);
}

TEST(Scheduler, IsDestroyedWithoutHavingStarted) {
  FunctionHandler handler([](WorkItem, Worker&) { FAIL(); });
  Scheduler scheduler({.threads = 2}, handler);
  scheduler.inject(numbered(1));
}

TEST(Scheduler, RefusesTooManyThreadsByName) {
  FunctionHandler handler([](WorkItem, Worker&) {});
  Scheduler scheduler({.threads = Idle::kWorkersMax + 1}, handler);
  const Status status = scheduler.start();
  EXPECT_EQ(status.code(), Code::invalid_argument);
  EXPECT_NE(status.message().find("1024"), std::string::npos) << status.message();
}

TEST(Scheduler, SignalsOfTheHostNeverReachAWorker) {
  std::atomic<int> blocked{-1};
  FunctionHandler handler([&](WorkItem, Worker&) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    const bool host_signals =
        sigismember(&mask, SIGINT) && sigismember(&mask, SIGCHLD) && sigismember(&mask, SIGALRM);
    blocked.store(host_signals && !sigismember(&mask, SIGSEGV) ? 1 : 0);
  });
  Scheduler scheduler({.threads = 1}, handler);
  ASSERT_TRUE(scheduler.start().ok());
  sigset_t mine;
  pthread_sigmask(SIG_BLOCK, nullptr, &mine);
  EXPECT_FALSE(sigismember(&mine, SIGINT)) << "the caller's mask is as it was";
  scheduler.inject(numbered(0));
  wait_until([&] { return blocked.load() >= 0; });
  EXPECT_EQ(blocked.load(), 1);
}

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
// In a child, whose address space is too small for the stacks. (Sanitizers map terabytes.)
[[noreturn]] void start_in_a_small_address_space() {
  FunctionHandler handler([](WorkItem, Worker&) {});
  Scheduler scheduler({.threads = 500}, handler);
  const rlimit limit{512u << 20, 512u << 20};
  setrlimit(RLIMIT_AS, &limit);
  const Status status = scheduler.start();
  scheduler.inject(numbered(0));
  std::fputs(status.message().c_str(), stderr);
  std::_Exit(status.code() == Code::no_memory ? 0 : 1);
}

TEST(SchedulerDeathTest, AThreadThatTheSystemRefusesIsAStatus) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(start_in_a_small_address_space(), testing::ExitedWithCode(0),
              "refused worker thread [0-9]+ of 500");
}
#endif

}  // namespace
}  // namespace tenuto
