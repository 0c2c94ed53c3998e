// A function with a stack of its own that can be left in the middle and resumed.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace tenuto::testing {

// The stack is kept for the next start(). One real thread uses a fiber and all that it resumes. Only the
// first entry is a setcontext: later switches are jumps, which cost no system call.
class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // `body` must not throw. The fiber must have ended before it is started again or destroyed.
  void start(std::function<void()> body);
  // Runs the body until it calls leave() or returns.
  void resume();
  // From within the body: back to resume().
  void leave();
  [[nodiscard]] bool has_ended() const { return ended_; }

 private:
  static void entry(unsigned low, unsigned high);

  std::vector<char> stack_;
  std::function<void()> body_;
  ucontext_t first_entry_;
  jmp_buf inside_;
  jmp_buf outside_;
  bool entered_ = false;
  bool ended_ = true;
};

}  // namespace tenuto::testing
