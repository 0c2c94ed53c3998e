#include "tests/model/stepper.h"

#include <utility>

#include "core/base/check.h"
#include "core/sched/futex.h"
#include "tests/model/site_list.h"

namespace tenuto::testing {
namespace {

// The stepper whose thread is running; null outside of explorations.
thread_local Stepper* current = nullptr;

struct CheckFailed {
  const char* what;
};

using Kind = Operation::Kind;

}  // namespace

void model_check(bool condition, const char* what) {
  if (!condition) throw CheckFailed{what};
}

void Stepper::begin(Scenario& scenario) {
  scenario_ = &scenario;
  count_ = scenario.thread_count();
  TN_CHECK(count_ <= kThreadsMax);
  while (threads_.size() < count_) threads_.push_back(std::make_unique<Thread>());
  failure_.reset();
  is_endless_ = false;
  words_.clear();
  memory_.begin();
  for (std::uint32_t t = 0; t < count_; ++t) {
    Thread& thread = *threads_[t];
    thread.sleeps_on = kNowhere;
    thread.fiber.start([this, t] { run_thread(t); });
    perform({t, 0});  // to the first operation: nothing shared is touched before it
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
  memory_.end();
  try {
    scenario_->check();
  } catch (const CheckFailed& failed) {
    fail(std::string("at the end: ") + failed.what);
  }
}

void Stepper::abandon() {
  abandoning_ = true;
  for (std::uint32_t t = 0; t < count_; ++t) {
    if (!threads_[t]->fiber.has_ended()) perform({t, 0});
  }
  abandoning_ = false;
}

void Stepper::fail(std::string what) {
  if (!failure_) failure_ = std::move(what);
}

void Stepper::fail_as_endless() {
  fail("the run does not end");
  is_endless_ = true;
}

StepSet Stepper::possible_steps() const {
  StepSet steps{};
  for (std::uint32_t t = 0; t < count_; ++t) {
    if (!threads_[t]->fiber.has_ended() && threads_[t]->sleeps_on == kNowhere) steps[t] = choices(t);
  }
  return steps;
}

MessageSet Stepper::choices(std::uint32_t thread) const {
  const Operation& next = threads_[thread]->next;
  const bool seq_cst = next.order == std::memory_order_seq_cst;
  switch (next.kind) {
    case Kind::load:
      return memory_.readable(thread, next.place, seq_cst);
    case Kind::store:
      return memory_.writable(thread, next.place, seq_cst);
    case Kind::update:
      return memory_.replaceable(thread, next.place, seq_cst);
    case Kind::compare_exchange: {
      const MessageSet free = memory_.replaceable(thread, next.place, seq_cst);
      const MessageSet all = memory_.readable(thread, next.place, next.failure == std::memory_order_seq_cst);
      MessageSet result = 0;
      for (MessageId id = 0; id < kMessagesMax; ++id) {
        const MessageSet bit = MessageSet{1} << id;
        if (((free | all) & bit) == 0) continue;
        const bool equal = memory_.word(next.place, id) == next.expected;
        if (((equal ? free : all) & bit) != 0) result |= bit;
      }
      return result;
    }
    case Kind::sleep:
      return memory_.comparable(thread, next.place);
    case Kind::lock:
      return memory_.word(next.place, 0) == 0 ? 1 : 0;
    case Kind::go_on:
    case Kind::queue_up:
    case Kind::wake:
      break;
  }
  return 1;
}

bool Stepper::writes(const Operation& operation, MessageId message) const {
  return operation.kind == Kind::store || operation.kind == Kind::update ||
         (operation.kind == Kind::compare_exchange &&
          memory_.word(operation.place, message) == operation.expected);
}

bool Stepper::are_independent(Step a, Step b) const {
  if (a.thread == b.thread) return false;
  const Operation& one = threads_[a.thread]->next;
  const Operation& other = threads_[b.thread]->next;
  if (one.kind == Kind::go_on || other.kind == Kind::go_on || one.place != other.place) return true;
  const auto queues = [](const Operation& op) { return op.kind >= Kind::lock; };
  const bool one_writes = writes(one, a.message);
  const bool other_writes = writes(other, b.message);
  if (queues(one) && queues(other)) return false;
  if (!one_writes && !other_writes) return true;
  if (one_writes && other_writes) return false;
  return mode_ == Memory::weak;
}

void Stepper::perform(Step step) {
  running_ = step.thread;
  chosen_ = step;
  current = this;
  threads_[step.thread]->fiber.resume();
  current = nullptr;
}

MessageId Stepper::await_turn(const Operation& operation) {
  Thread& thread = *threads_[running_];
  // Destructors on the way out of an abandoned run do their operations at once.
  if (abandoning_) return memory_.last(operation.place);
  thread.next = operation;
  thread.fiber.leave();
  if (abandoning_) throw Abandoned{};
  return chosen_.message;
}

void Stepper::unless_race(bool is_ordered) {
  if (!abandoning_) model_check(is_ordered, "a data race");
}

void Stepper::unless_endless(std::uint32_t place) {
  if (!memory_.is_full(place)) return;
  fail_as_endless();
  model_check(false, "");
}

void Stepper::read(std::uint32_t place, MessageId id, std::memory_order order, bool is_update) {
  if (abandoning_) return;
  unless_endless(place);
  unless_race(memory_.read(running_, place, id, order, is_update));
}

void Stepper::write(std::uint32_t place, MessageId behind, std::uint64_t word, std::memory_order order,
                    bool is_update) {
  if (abandoning_) return;
  unless_endless(place);
  unless_race(memory_.write(running_, place, behind, word, order, is_update));
}

std::uint64_t Stepper::load(ModelCell& cell, std::memory_order order) {
  const std::uint32_t place = memory_.place_of(cell);
  const MessageId id = await_turn({Kind::load, place, order, order, 0});
  read(place, id, order, false);
  return memory_.word(place, id);
}

void Stepper::store(ModelCell& cell, std::uint64_t word, std::memory_order order) {
  const std::uint32_t place = memory_.place_of(cell);
  const MessageId id = await_turn({Kind::store, place, order, order, 0});
  write(place, id, word, order, false);
}

std::uint64_t Stepper::begin_update(ModelCell& cell, std::memory_order order) {
  const std::uint32_t place = memory_.place_of(cell);
  const MessageId id = await_turn({Kind::update, place, order, order, 0});
  threads_[running_]->next = {Kind::update, place, order, order, id};  // for the other half
  read(place, id, order, true);
  return memory_.word(place, id);
}

void Stepper::end_update(ModelCell&, std::uint64_t word) {
  const Operation& update = threads_[running_]->next;
  write(update.place, static_cast<MessageId>(update.expected), word, update.order, true);
}

std::uint64_t Stepper::compare_exchange(ModelCell& cell, std::uint64_t expected, std::uint64_t desired,
                                        std::memory_order success, std::memory_order failure) {
  const std::uint32_t place = memory_.place_of(cell);
  const MessageId id = await_turn({Kind::compare_exchange, place, success, failure, expected});
  const std::uint64_t seen = memory_.word(place, id);
  read(place, id, seen == expected ? success : failure, seen == expected);
  if (seen == expected) write(place, id, desired, success, true);
  return seen;
}

std::uint64_t Stepper::plain_load(ModelCell& cell) {
  const std::uint32_t place = memory_.place_of(cell);
  unless_race(memory_.plain_read(running_, place));
  return memory_.word(place, memory_.last(place));
}

void Stepper::plain_store(ModelCell& cell, std::uint64_t word) {
  unless_race(memory_.plain_write(running_, memory_.place_of(cell), word));
}

// No exception here: the caller may be a destructor.
void Stepper::made(ModelCell& cell) {
  if (!abandoning_) memory_.made(cell, running_);
}
void Stepper::gone(ModelCell& cell) {
  if (!memory_.gone(cell, running_) && !abandoning_) fail("a data race with a destructor");
}

ModelCell& Stepper::cell_at(const void* address, std::uint64_t word) {
  std::unique_ptr<ModelCell>& cell = words_[address];
  if (cell == nullptr) {
    Stepper* const self = std::exchange(current, nullptr);  // it has been there: nobody makes it now
    cell = std::make_unique<ModelCell>(word);
    current = self;
  }
  return *cell;
}

void Stepper::fall_asleep(std::uint32_t place) {
  threads_[running_]->sleeps_on = place;
  await_turn({Kind::go_on, place, {}, {}, 0});
}

void Stepper::futex_wait(ModelCell& cell, std::uint64_t expected) {
  const std::uint32_t place = memory_.place_of(cell);
  const MessageId id = await_turn({Kind::sleep, place, {}, {}, expected});
  memory_.compared(running_, place, id);
  if (memory_.word(place, id) != expected) return;
  fall_asleep(place);
  memory_.awoke(running_, place);
}

void Stepper::wake(ModelCell& cell, bool all, bool is_futex) {
  const std::uint32_t place = memory_.place_of(cell);
  await_turn({Kind::wake, place, {}, {}, 0});
  if (is_futex) memory_.woke(running_, place);
  for (std::uint32_t t = 0; t < count_; ++t) {
    if (threads_[t]->sleeps_on != place) continue;
    threads_[t]->sleeps_on = kNowhere;
    if (!all) return;
  }
}

// A lock's word is its message 0: 1 while it is held.
void Stepper::lock(ModelCell& cell) {
  const std::uint32_t place = memory_.place_of(cell);
  await_turn({Kind::lock, place, {}, {}, 0});
  memory_.hold(place, true);
  memory_.acquire_all(running_, place);
}

void Stepper::unlock(ModelCell& cell) {
  const std::uint32_t place = memory_.place_of(cell);
  memory_.release_all(running_, place);
  memory_.hold(place, false);
}

void Stepper::wait(ModelCell& queue, ModelCell& mutex) {
  const std::uint32_t place = memory_.place_of(queue);
  await_turn({Kind::queue_up, place, {}, {}, 0});
  unlock(mutex);
  fall_asleep(place);
  lock(mutex);
}

// ---- What model programs call -----------------------------------------------------------------------------------------

void ModelCell::made() {
  if (current != nullptr) current->made(*this);
}
void ModelCell::gone() {
  if (current != nullptr) current->gone(*this);
}

std::uint64_t model_load(ModelCell& cell, std::memory_order order, CallSite at) {
  if (current == nullptr) return cell.word;
  return current->load(cell, site_list().order_at(at, SiteKind::load, order));
}
void model_store(ModelCell& cell, std::uint64_t word, std::memory_order order, CallSite at) {
  if (current == nullptr) {
    cell.word = word;
  } else {
    current->store(cell, word, site_list().order_at(at, SiteKind::store, order));
  }
}
std::uint64_t model_begin_update(ModelCell& cell, std::memory_order order, CallSite at) {
  if (current == nullptr) return cell.word;
  return current->begin_update(cell, site_list().order_at(at, SiteKind::update, order));
}
void model_end_update(ModelCell& cell, std::uint64_t word) {
  if (current == nullptr) {
    cell.word = word;
  } else {
    current->end_update(cell, word);
  }
}
std::uint64_t model_compare_exchange(ModelCell& cell, std::uint64_t expected, std::uint64_t desired,
                                     std::memory_order success, std::memory_order failure, CallSite at) {
  if (current == nullptr) {
    const std::uint64_t seen = cell.word;
    if (seen == expected) cell.word = desired;
    return seen;
  }
  return current->compare_exchange(cell, expected, desired,
                                   site_list().order_at(at, SiteKind::update, success),
                                   site_list().order_at(at, SiteKind::failed_update, failure));
}
std::uint64_t model_plain_load(ModelCell& cell) {
  return current == nullptr ? cell.word : current->plain_load(cell);
}
void model_plain_store(ModelCell& cell, std::uint64_t word) {
  if (current == nullptr) {
    cell.word = word;
  } else {
    current->plain_store(cell, word);
  }
}

namespace {
template <class Call>
void for_words(const void* address, std::size_t bytes, Call&& call) {
  const auto* word = static_cast<const char*>(address);
  for (std::size_t i = 0; i < bytes; i += 8) {
    std::uint64_t value = 0;
    std::memcpy(&value, word + i, 8);
    call(word + i, value);
  }
}
}  // namespace

void model_plain_read(const void* address, std::size_t bytes) {
  if (current == nullptr) return;
  for_words(address, bytes, [](const void* word, std::uint64_t value) {
    (void)current->plain_load(current->cell_at(word, value));
  });
}
void model_plain_written(const void* address, std::size_t bytes) {
  if (current == nullptr) return;
  for_words(address, bytes, [](const void* word, std::uint64_t value) {
    current->plain_store(current->cell_at(word, value), value);
  });
}
ModelCell* model_cell_at(const void* address, std::uint64_t word) {
  return current == nullptr ? nullptr : &current->cell_at(address, word);
}

void ModelMutex::lock() {
  if (current != nullptr) current->lock(cell_);
}
void ModelMutex::unlock() {
  if (current != nullptr) current->unlock(cell_);
}
void ModelCondVar::wait(ModelMutex& mutex) {
  if (current != nullptr) current->wait(cell_, mutex.cell_);
}
void ModelCondVar::notify_one() {
  if (current != nullptr) current->wake(cell_, false, false);
}
void ModelCondVar::notify_all() {
  if (current != nullptr) current->wake(cell_, true, false);
}

bool model_drops_wake_up(CallSite at) {
  return current != nullptr && site_list().is_dropped(at);
}

}  // namespace tenuto::testing

namespace tenuto {

// The kernel's part in model programs, in place of core/sched/futex.cpp. Time never runs out.
void futex_wait(Atomic<std::uint32_t>& word, std::uint32_t expected, Nanos) {
  if (testing::current != nullptr) testing::current->futex_wait(word.cell(), expected);
}

void futex_wake_one(Atomic<std::uint32_t>& word, CallSite at) {
  if (testing::model_drops_wake_up(at)) return;
  if (testing::current != nullptr) testing::current->wake(word.cell(), false, true);
}

}  // namespace tenuto
