#include "core/base/fork_guard.h"

#include <pthread.h>

namespace tenuto::fork_guard {
namespace {

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

}  // namespace tenuto::fork_guard
