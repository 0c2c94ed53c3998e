#include "core/store/map_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tenuto::testing {
namespace {

TEST(MapGate, AloneRunsWhenNobodyIsInside) {
  MapGate gate;
  gate.enter();
  gate.leave(std::this_thread::get_id());
  int calls = 0;
  EXPECT_TRUE(gate.alone([&] { ++calls; }));
  EXPECT_EQ(calls, 1);
}

TEST(MapGate, WhoIsInsideCannotBeAloneAndMayEnterAgain) {
  MapGate gate;
  gate.enter();
  gate.enter();
  EXPECT_FALSE(gate.alone([] { FAIL(); }));
  gate.leave(std::this_thread::get_id());
  EXPECT_FALSE(gate.alone([] { FAIL(); }));
  gate.leave(std::this_thread::get_id());
  EXPECT_TRUE(gate.alone([] {}));
}

TEST(MapGate, AnotherThreadMayLeaveForTheOneThatEntered) {
  MapGate gate;
  gate.enter();
  std::thread([&, entered = std::this_thread::get_id()] { gate.leave(entered); }).join();
  EXPECT_TRUE(gate.alone([] {}));
}

TEST(MapGate, NobodyIsInsideWhileOneIsAloneAndNobodyIsLeftWaiting) {
  MapGate gate;
  std::atomic<int> inside{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        gate.enter();
        inside.fetch_add(1);
        gate.enter();  // never blocks, also while somebody waits to be alone
        gate.leave(std::this_thread::get_id());
        inside.fetch_sub(1);
        gate.leave(std::this_thread::get_id());
      }
    });
  }
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        gate.alone([&] {
          if (inside.fetch_add(100) != 0) wrong.fetch_add(1);
          inside.fetch_sub(100);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace tenuto::testing
