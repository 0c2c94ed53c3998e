#include "core/engine/actions.h"

namespace tenuto {

Actions::~Actions() {
  for (const auto& [name, number] : numbers_) {
    Action& action = slab_.at(number);
    if (action.body.free) action.body.free();
  }
}

std::uint32_t Actions::intern_locked(std::string_view name) {
  const auto found = numbers_.find(std::string(name));
  if (found != numbers_.end()) return found->second;
  const std::uint32_t number = slab_.acquire();
  TN_CHECK(number != Slab<Action>::kNone);
  slab_.at(number).name = name;
  numbers_.emplace(name, number);
  return number;
}

std::uint32_t Actions::intern(std::string_view name) {
  MutexLock lock(mutex_);
  return intern_locked(name);
}

Result<std::uint32_t> Actions::register_as(std::string_view name, ServedBy kind, NativeBody* body,
                                           std::vector<RunRef>& released) {
  const std::uint32_t number = intern_locked(name);
  Action& action = slab_.at(number);
  const ServedBy now = action.served_by.load(std::memory_order_relaxed);
  if (now == ServedBy::host && kind == ServedBy::host) return number;
  if (now != ServedBy::nobody) {
    return Status(Code::conflict,
                  "action `" + std::string(name) + "` is registered already; an action has one body");
  }
  if (body != nullptr) action.body = std::move(*body);
  action.served_by.store(kind, std::memory_order_release);  // pairs with the acquire in Processor::is_parked
  if (const auto parked = parked_.find(number); parked != parked_.end()) {
    released.assign(parked->second.begin(), parked->second.end());
    parked_count_ -= released.size();
    parked_.erase(parked);
  }
  return number;
}

Result<std::uint32_t> Actions::register_hosted(std::string_view name, std::vector<RunRef>& released) {
  MutexLock lock(mutex_);
  return register_as(name, ServedBy::host, nullptr, released);
}

Result<std::uint32_t> Actions::register_native(std::string_view name, NativeBody body,
                                               std::vector<RunRef>& released) {
  const ServedBy kind = body.runs_inline ? ServedBy::native_inline : ServedBy::native_thread;
  Result<std::uint32_t> number = [&] {
    MutexLock lock(mutex_);
    return register_as(name, kind, &body, released);
  }();
  if (!number.ok() && body.free) body.free();
  return number;
}

bool Actions::park(std::uint32_t action, RunRef run) {
  MutexLock lock(mutex_);
  if (slab_.at(action).served_by.load(std::memory_order_relaxed) != ServedBy::nobody) return false;
  std::deque<RunRef>& runs = parked_[action];
  // Tasks of one run come in a row.
  if (!runs.empty() && runs.back() == run) return true;
  runs.push_back(run);
  ++parked_count_;
  return true;
}

std::size_t Actions::parked_count() const {
  MutexLock lock(mutex_);
  return parked_count_;
}

bool Actions::is_served(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = numbers_.find(std::string(name));
  return found != numbers_.end() &&
         slab_.at(found->second).served_by.load(std::memory_order_relaxed) != ServedBy::nobody;
}

}  // namespace tenuto
