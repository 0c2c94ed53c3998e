// The definitions that this engine knows: compiled once, bound to the engine's actions and pools.
//
// Thread safety: all functions by any thread. Bindings live as long as the engine.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/sync.h"
#include "core/engine/actions.h"
#include "core/engine/pool.h"
#include "core/plan/plan.h"

namespace tenuto {

// A plan with the engine's numbers for its actions and its pools, so that nobody looks up a name per task.
struct PlanBinding {
  PlanRef plan;
  std::vector<std::uint32_t> actions;  // per plan->actions()
  std::vector<Pool*> pools;            // per plan->pools()
  // Where bodies wait for the disk. Per node: the durable mark (RunSlot) of a run in which the records of all that the node
  // waits for are durable; and the least of these from there on.
  std::vector<std::uint32_t> durable_marks;
  std::vector<std::uint32_t> least_marks;

  [[nodiscard]] std::uint32_t action_of(TaskIndex task) const { return actions[plan->row(task).subject]; }
  [[nodiscard]] Pool& pool_of(TaskIndex task) const { return *pools[plan->policy_of(task).pool]; }
};

// The pools by name; made at first use.
class Pools {
 public:
  Pool& get(std::string_view name) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::unique_ptr<Pool>& pool = pools_[std::string(name)];
    if (pool == nullptr) pool = std::make_unique<Pool>(std::string(name));
    return *pool;
  }
  template <class Visit>
  void for_each(Visit&& visit) TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    for (auto& [name, pool] : pools_) visit(*pool);
  }

 private:
  Mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Pool>> pools_ TN_GUARDED_BY(mutex_);
};

class Plans {
 public:
  Plans(Actions& actions, Pools& pools, bool wait_for_disk)
      : actions_(actions), pools_(pools), wait_for_disk_(wait_for_disk) {}

  [[nodiscard]] const PlanBinding* find(const WorkflowHash& hash) const TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto found = bindings_.find(hash);
    return found == bindings_.end() ? nullptr : found->second.get();
  }
  // The binding of `plan`. `store` is called, under the lock, when the definition is new: it appends workflow_stored, so
  // that the event stands before every run_started that names it. Without `store` the definition is stored already.
  const PlanBinding& add(const PlanRef& plan, const std::function<void(std::string definition)>& store)
      TN_EXCLUDES(mutex_) {
    // A plan without a hash is most probably new: its text is wanted then, and gives the hash.
    std::string definition;
    if (!plan->is_hashed()) definition = plan->definition();
    MutexLock lock(mutex_);
    std::unique_ptr<PlanBinding>& binding = bindings_[plan->hash()];
    if (binding == nullptr) {
      binding = bind(plan);
      if (store) store(definition.empty() ? plan->definition() : std::move(definition));
    }
    return *binding;
  }
  [[nodiscard]] std::size_t size() const TN_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return bindings_.size();
  }

 private:
  std::unique_ptr<PlanBinding> bind(const PlanRef& plan) {
    auto binding = std::make_unique<PlanBinding>();
    binding->plan = plan;
    for (const std::string& name : plan->actions()) binding->actions.push_back(actions_.intern(name));
    for (const std::string& name : plan->pools()) binding->pools.push_back(&pools_.get(name));
    if (wait_for_disk_) fill_marks(*binding);
    return binding;
  }

  static void fill_marks(PlanBinding& binding) {
    constexpr std::uint32_t kStart = 1;
    const Plan& plan = *binding.plan;
    std::vector<std::uint32_t>& marks = binding.durable_marks;
    marks.assign(plan.node_count(), kStart);
    for (std::uint32_t i = 0; i < marks.size(); ++i) {
      // Ascending, so the last one that a node waits for is the one that stays.
      for (const Edge edge : plan.edges_of(TaskIndex{i})) marks[edge.target().value] = kStart + i + 1;
    }
    binding.least_marks = marks;
    for (std::size_t i = marks.size(); i-- > 1;) {
      binding.least_marks[i - 1] = std::min(binding.least_marks[i - 1], binding.least_marks[i]);
    }
  }

  Actions& actions_;
  Pools& pools_;
  const bool wait_for_disk_;
  mutable Mutex mutex_;
  std::unordered_map<WorkflowHash, std::unique_ptr<PlanBinding>> bindings_ TN_GUARDED_BY(mutex_);
};

}  // namespace tenuto
