#include "tests/model/fiber.h"

#include <cstdint>
#include <utility>

namespace tenuto::testing {
namespace {
constexpr std::size_t kStackBytes = 256u << 10;
}

Fiber::Fiber() : stack_(kStackBytes) {}

void Fiber::start(std::function<void()> body) {
  body_ = std::move(body);
  ended_ = false;
  entered_ = false;
  getcontext(&first_entry_);
  first_entry_.uc_stack.ss_sp = stack_.data();
  first_entry_.uc_stack.ss_size = stack_.size();
  // makecontext passes ints: the pointer goes in halves.
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&first_entry_, reinterpret_cast<void (*)()>(&Fiber::entry), 2, static_cast<unsigned>(self),
              static_cast<unsigned>(self >> 32));
}

void Fiber::entry(unsigned low, unsigned high) {
  auto* self = reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(high) << 32 | low);
  self->body_();
  self->ended_ = true;
  _longjmp(self->outside_, 1);
}

void Fiber::resume() {
  if (_setjmp(outside_) != 0) return;
  if (entered_) _longjmp(inside_, 1);
  entered_ = true;
  setcontext(&first_entry_);
}

void Fiber::leave() {
  if (_setjmp(inside_) == 0) _longjmp(outside_, 1);
}

}  // namespace tenuto::testing
