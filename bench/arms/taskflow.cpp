// Taskflow: one task object per task, one `precede` per need; run again by the executor.
#include <optional>
#include <taskflow/taskflow.hpp>

#include "bench/arms/graph_arm.h"
#include "bench/graph/work.h"

namespace tenuto::bench {

namespace {

class Taskflow final : public GraphArm {
 public:
  Taskflow(const Graph& graph, unsigned workers) : graph_(graph), executor_(workers) {}

  void build() override {
    flow_.emplace();
    tasks_.reserve(graph_.size());
    for (std::uint32_t task = 0; task < graph_.size(); ++task) {
      tasks_.push_back(flow_->emplace([] { do_work(); }));
      for (const std::uint32_t before : graph_.needs.of(task)) tasks_[before].precede(tasks_[task]);
    }
  }
  void run() override { executor_.run(*flow_).wait(); }
  void free() override {
    tasks_ = std::vector<tf::Task>();
    flow_.reset();
  }

 private:
  const Graph& graph_;
  tf::Executor executor_;
  std::optional<tf::Taskflow> flow_;
  std::vector<tf::Task> tasks_;
};

}  // namespace

std::unique_ptr<GraphArm> make_taskflow(const Graph& graph, unsigned workers) {
  return std::make_unique<Taskflow>(graph, workers);
}

std::string taskflow_version() {
  return tf::version();
}

}  // namespace tenuto::bench
