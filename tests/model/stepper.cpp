#include "tests/model/stepper.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/sched/futex.h"

namespace tenuto::testing {
namespace {

// The stepper whose thread is running; null outside of explorations.
thread_local Stepper* current = nullptr;

struct CheckFailed {
  const char* what;
};

}  // namespace

void model_check(bool condition, const char* what) {
  if (!condition) throw CheckFailed{what};
}

std::uint64_t model_load(const ModelCell& cell) {
  return current != nullptr ? current->load(cell) : cell.word;
}

void model_store(ModelCell& cell, std::uint64_t word, bool is_buffered) {
  if (current != nullptr) return current->store(cell, word, is_buffered);
  cell.word = word;
}

void model_before_update(ModelCell& cell) {
  if (current != nullptr) current->before_update(cell);
}

bool are_independent(const Effect& a, const Effect& b) {
  if (a.step % kThreadsMax == b.step % kThreadsMax) {
    const bool a_is_own = a.step < kThreadsMax;
    if (a_is_own == (b.step < kThreadsMax)) return false;
    const Effect& own = a_is_own ? a : b;
    if (own.needs_empty_buffer || a.store_number == b.store_number) return false;
  }
  if (a.access == Access::none || b.access == Access::none) return true;
  return a.cell != b.cell || (a.access == Access::read && b.access == Access::read);
}

void Stepper::begin(Scenario& scenario) {
  scenario_ = &scenario;
  count_ = scenario.thread_count();
  TN_CHECK(count_ <= kThreadsMax);
  while (threads_.size() < count_) threads_.push_back(std::make_unique<Thread>());
  failure_.reset();
  for (std::uint32_t t = 0; t < count_; ++t) {
    Thread& thread = *threads_[t];
    thread.sleeps_on = nullptr;
    thread.buffer.clear();
    thread.store_count = 0;
    thread.fiber.start([this, t] { run_thread(t); });
    perform(t);  // to the first operation: nothing shared is touched before it
  }
}

void Stepper::run_thread(std::uint32_t index) {
  try {
    scenario_->run(index);
  } catch (const CheckFailed& failed) {
    fail(std::string("thread ") + std::to_string(index) + ": " + failed.what);
  } catch (const Abandoned&) {
  }
}

void Stepper::check_end() {
  for (std::uint32_t t = 0; t < count_; ++t) {
    if (threads_[t]->fiber.has_ended() || scenario_->may_end_asleep()) continue;
    return fail("thread " + std::to_string(t) + " sleeps and nobody is left to wake it");
  }
  try {
    scenario_->check();
  } catch (const CheckFailed& failed) {
    fail(std::string("at the end: ") + failed.what);
  }
}

void Stepper::abandon() {
  abandoning_ = true;
  for (std::uint32_t t = 0; t < count_; ++t) {
    if (!threads_[t]->fiber.has_ended()) perform(t);
  }
  abandoning_ = false;
}

void Stepper::fail(std::string what) {
  if (!failure_) failure_ = std::move(what);
}

StepSet Stepper::possible_steps() const {
  StepSet steps = 0;
  for (std::uint32_t t = 0; t < count_; ++t) {
    const Thread& thread = *threads_[t];
    const bool may_run = !thread.fiber.has_ended() && thread.sleeps_on == nullptr;
    if (may_run && (thread.buffer.empty() || !thread.next.needs_empty_buffer)) steps |= 1u << t;
    if (!thread.buffer.empty()) steps |= 1u << (kThreadsMax + t);
  }
  return steps;
}

void Stepper::perform(Step step) {
  if (step >= kThreadsMax) {
    Thread& thread = *threads_[step - kThreadsMax];
    thread.buffer.front().cell->word = thread.buffer.front().word;
    thread.buffer.pop_front();
    return;
  }
  running_ = step;
  current = this;
  threads_[step]->fiber.resume();
  current = nullptr;
}

Effect Stepper::effect_of(Step step) const {
  if (step < kThreadsMax) return threads_[step]->next;
  const Store& store = threads_[step - kThreadsMax]->buffer.front();
  return {step, Access::write, store.cell, false, store.number};
}

void Stepper::await_turn(Effect effect) {
  Thread& thread = *threads_[running_];
  // Destructors on the way out of an abandoned run do their operations at once.
  if (abandoning_) return;
  thread.next = effect;
  thread.fiber.leave();
  if (abandoning_) throw Abandoned{};
}

std::uint64_t Stepper::load(const ModelCell& cell) {
  await_turn({running_, Access::read, &cell, false, 0});
  const std::deque<Store>& buffer = threads_[running_]->buffer;
  const auto own =
      std::find_if(buffer.rbegin(), buffer.rend(), [&](const Store& store) { return store.cell == &cell; });
  return own != buffer.rend() ? own->word : cell.word;
}

void Stepper::store(ModelCell& cell, std::uint64_t word, bool is_buffered) {
  if (memory_ == Memory::store_buffers && is_buffered) {
    // Touches nothing that others see; that it is a step at all lets the buffer drain before it or after.
    const std::uint32_t number = ++threads_[running_]->store_count;
    await_turn({running_, Access::none, &cell, false, number});
    threads_[running_]->buffer.push_back({&cell, word, number});
    return;
  }
  await_turn_to_write(cell);
  cell.word = word;
}

void Stepper::before_update(ModelCell& cell) {
  await_turn_to_write(cell);
}

void Stepper::futex_wait(ModelCell& cell, std::uint64_t expected) {
  await_turn_to_write(cell);
  if (cell.word != expected) return;
  threads_[running_]->sleeps_on = &cell;
  await_turn({running_, Access::none, nullptr, false, 0});
}

void Stepper::futex_wake_one(ModelCell& cell) {
  await_turn_to_write(cell);
  for (std::uint32_t t = 0; t < count_; ++t) {
    Thread& thread = *threads_[t];
    if (thread.sleeps_on != &cell) continue;
    thread.sleeps_on = nullptr;
    return;
  }
}

}  // namespace tenuto::testing

namespace tenuto {

// The kernel's part in model programs, in place of core/sched/futex.cpp. Time never runs out.
void futex_wait(Atomic<std::uint32_t>& word, std::uint32_t expected, Nanos) {
  if (testing::current != nullptr) testing::current->futex_wait(word.cell(), expected);
}

void futex_wake_one(Atomic<std::uint32_t>& word) {
  if (testing::current != nullptr) testing::current->futex_wake_one(word.cell());
}

}  // namespace tenuto
