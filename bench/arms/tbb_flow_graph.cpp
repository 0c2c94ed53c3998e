// oneTBB flow graph: one continue_node per task, one edge per need; run again by putting a message into the roots.
#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/version.h>

#include <deque>
#include <optional>

#include "bench/arms/graph_arm.h"
#include "bench/graph/work.h"

namespace tenuto::bench {

namespace {

using tbb::flow::continue_msg;
using Node = tbb::flow::continue_node<continue_msg>;

class TbbFlowGraph final : public GraphArm {
 public:
  TbbFlowGraph(const Graph& graph, unsigned workers)
      : graph_(graph),
        parallelism_(tbb::global_control::max_allowed_parallelism, workers),
        arena_(static_cast<int>(workers)) {}

  void build() override {
    arena_.execute([this] {
      flow_.emplace();
      for (std::uint32_t task = 0; task < graph_.size(); ++task) {
        nodes_.emplace_back(*flow_, [](const continue_msg&) { do_work(); });
        for (const std::uint32_t before : graph_.needs.of(task))
          tbb::flow::make_edge(nodes_[before], nodes_[task]);
        if (graph_.needs.of(task).empty()) roots_.push_back(task);
      }
    });
  }

  void run() override {
    arena_.execute([this] {
      for (const std::uint32_t root : roots_) nodes_[root].try_put(continue_msg());
      flow_->wait_for_all();
    });
  }

  void free() override {
    nodes_ = std::deque<Node>();
    flow_.reset();
    roots_ = std::vector<std::uint32_t>();
  }

 private:
  const Graph& graph_;
  tbb::global_control parallelism_;
  tbb::task_arena arena_;
  std::optional<tbb::flow::graph> flow_;
  std::deque<Node> nodes_;  // a node must not move
  std::vector<std::uint32_t> roots_;
};

}  // namespace

std::unique_ptr<GraphArm> make_tbb_flow_graph(const Graph& graph, unsigned workers) {
  return std::make_unique<TbbFlowGraph>(graph, workers);
}

std::string tbb_version() {
  return TBB_VERSION_STRING;
}

}  // namespace tenuto::bench
