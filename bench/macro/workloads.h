// The small workflows of the engine's figures, and the bodies of their actions.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "bench/macro/client.h"

namespace tenuto::bench {

inline constexpr std::uint64_t kFiveTasks = 5;
// Five tasks, the middle two side by side.
inline constexpr const char* kFive =
    R"({"tenuto": 1, "name": "five", "tasks": {"a": {"use": "noop"}, "b": {"use": "noop", "needs": ["a"]},
        "c": {"use": "noop", "needs": ["a"]}, "d": {"use": "noop", "needs": ["b", "c"]},
        "e": {"use": "last", "needs": ["d"]}}})";
inline constexpr const char* kOne = R"({"tenuto": 1, "name": "one", "tasks": {"a": {"use": "last"}}})";
inline constexpr const char* kOnePure =
    R"({"tenuto": 1, "name": "pure", "tasks": {"a": {"use": "last", "pure": true}}})";
// Five tasks, whose fifth nobody serves: a run waits for it.
inline constexpr const char* kWaiting =
    R"({"tenuto": 1, "name": "waiting", "tasks": {"a": {"use": "noop"}, "b": {"use": "noop", "needs": ["a"]},
        "c": {"use": "noop", "needs": ["b"]}, "d": {"use": "last", "needs": ["c"]}, "e": {"use": "nobody", "needs": ["d"]}}})";

// The bodies of a store: "noop", and "last", which counts how many runs have come to their last task.
class Bodies {
 public:
  explicit Bodies(Store& store) {
    store.native("noop", [](void*, const tenuto_task*, tenuto_completion*) {});
    // The store holds the counter as well: a body may run while this goes.
    store.native("last", count, new Counter(reached_),
                 [](void* counter) { delete static_cast<Counter*>(counter); });
  }
  // May be called while bodies run, and when the store is closed.
  [[nodiscard]] std::uint64_t reached() const { return reached_->load(std::memory_order_relaxed); }

 private:
  using Counter = std::shared_ptr<std::atomic<std::uint64_t>>;
  static void count(void* counter, const tenuto_task*, tenuto_completion*) {
    (*static_cast<Counter*>(counter))->fetch_add(1, std::memory_order_relaxed);
  }
  Counter reached_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace tenuto::bench
