// Checks for our own mistakes. A user's mistake or a failing machine is a Status, never a check.
#pragma once

namespace tenuto {

// Called with a broken invariant; must not return. The default writes nothing and aborts: continuing could make the
// damage durable. `message` lives as long as the call.
using FatalHandler = void (*)(const char* message);

// Replaces the handler of this process (a host may want to log first). Thread-safe; nullptr restores the default.
void set_fatal_handler(FatalHandler handler);

[[noreturn]] void fatal(const char* file, int line, const char* condition);

}  // namespace tenuto

// Always on, in release builds too.
#define TN_CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::tenuto::fatal(__FILE__, __LINE__, #condition))

// On in debug and sanitizer builds: for checks that would cost on the hot path.
#ifdef NDEBUG
#define TN_DCHECK(condition) static_cast<void>(0)
#else
#define TN_DCHECK(condition) TN_CHECK(condition)
#endif
