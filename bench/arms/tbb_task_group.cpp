// oneTBB task_group: what a user writes who wants less than a flow graph. The order is kept by counters of our own; a task
// that becomes ready is given to the group.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "bench/arms/graph_arm.h"
#include "bench/graph/work.h"

namespace tenuto::bench {

namespace {

class TbbTaskGroup final : public GraphArm {
 public:
  TbbTaskGroup(const Graph& graph, unsigned workers)
      : graph_(graph),
        parallelism_(tbb::global_control::max_allowed_parallelism, workers),
        arena_(static_cast<int>(workers)) {}

  void build() override {
    plan_ = graph_.successors;
    missing_ = std::vector<std::atomic<std::uint32_t>>(graph_.size());
  }

  void run() override {
    for (std::uint32_t task = 0; task < graph_.size(); ++task) {
      missing_[task].store(static_cast<std::uint32_t>(graph_.needs.of(task).size()),
                           std::memory_order_relaxed);
    }
    arena_.execute([this] {
      tbb::task_group group;
      for (std::uint32_t task = 0; task < graph_.size(); ++task) {
        if (graph_.needs.of(task).empty()) group.run([this, &group, task] { run_one(group, task); });
      }
      group.wait();
    });
  }

  void free() override {
    plan_ = {};
    missing_ = std::vector<std::atomic<std::uint32_t>>();
  }

 private:
  void run_one(tbb::task_group& group, std::uint32_t task) {
    do_work();
    for (const std::uint32_t next : plan_.of(task)) {
      // acq_rel: what all needs did happens before the task; each decrement pairs with the last one.
      if (missing_[next].fetch_sub(1, std::memory_order_acq_rel) == 1) {
        group.run([this, &group, next] { run_one(group, next); });
      }
    }
  }

  const Graph& graph_;
  tbb::global_control parallelism_;
  tbb::task_arena arena_;
  Graph::Lists plan_;
  std::vector<std::atomic<std::uint32_t>> missing_;
};

}  // namespace

std::unique_ptr<GraphArm> make_tbb_task_group(const Graph& graph, unsigned workers) {
  return std::make_unique<TbbTaskGroup>(graph, workers);
}

}  // namespace tenuto::bench
