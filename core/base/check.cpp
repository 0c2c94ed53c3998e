#include "core/base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace tenuto {
namespace {
std::atomic<FatalHandler> fatal_handler{nullptr};
}  // namespace

void set_fatal_handler(FatalHandler handler) {
  fatal_handler.store(handler, std::memory_order_release);
}

void fatal(const char* file, int line, const char* condition) {
  // Acquire pairs with the release in set_fatal_handler: what the handler relies on is visible.
  FatalHandler handler = fatal_handler.load(std::memory_order_acquire);
  if (handler != nullptr) {  // no branch: the process ends here, and with it what it counted
    char message[512];
    std::snprintf(message, sizeof message, "tenuto: broken invariant at %s:%d: %s", file, line, condition);
    handler(message);
  }
  std::abort();
}

}  // namespace tenuto
