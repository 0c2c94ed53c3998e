#include "core/engine/fork_guard.h"

#include <pthread.h>

#include <atomic>

namespace tenuto::fork_guard {
namespace {

std::atomic<std::uint32_t> forks{0};

void count_fork() {
  forks.fetch_add(1, std::memory_order_relaxed);
}

bool register_handler() {
  return pthread_atfork(nullptr, nullptr, count_fork) == 0;
}

}  // namespace

std::uint32_t mark() {
  [[maybe_unused]] static const bool registered = register_handler();
  return forks.load(std::memory_order_relaxed);
}

bool is_forked_child(std::uint32_t mark) {
  return forks.load(std::memory_order_relaxed) != mark;
}

}  // namespace tenuto::fork_guard
