// The limit: one thread, successor lists and counters in flat arrays, a ring of ready tasks, and one call through a
// function pointer per task. It has none of an engine's duties.
#include "bench/arms/graph_arm.h"
#include "bench/graph/work.h"

namespace tenuto::bench {

namespace {

class ArrayLoop final : public GraphArm {
 public:
  explicit ArrayLoop(const Graph& graph) : graph_(graph) {}

  void build() override {
    plan_ = graph_.successors;
    needs_.reserve(graph_.size());
    for (std::uint32_t task = 0; task < graph_.size(); ++task) {
      needs_.push_back(static_cast<std::uint32_t>(graph_.needs.of(task).size()));
    }
    missing_.resize(needs_.size());
    ready_.resize(needs_.size());
  }

  void run() override {
    std::copy(needs_.begin(), needs_.end(), missing_.begin());
    std::size_t head = 0, tail = 0;
    for (std::uint32_t task = 0; task < needs_.size(); ++task) {
      if (needs_[task] == 0) ready_[tail++] = task;
    }
    while (head != tail) {
      const std::uint32_t task = ready_[head++];
      body_();
      for (const std::uint32_t next : plan_.of(task)) {
        if (--missing_[next] == 0) ready_[tail++] = next;
      }
    }
  }

  void free() override {
    plan_ = {};
    needs_ = missing_ = ready_ = std::vector<std::uint32_t>();
  }

 private:
  const Graph& graph_;
  Graph::Lists plan_;
  std::vector<std::uint32_t> needs_;
  std::vector<std::uint32_t> missing_;
  std::vector<std::uint32_t> ready_;
  void (*volatile body_)() = do_work;  // volatile: the compiler must not see which one it is
};

}  // namespace

std::unique_ptr<GraphArm> make_array_loop(const Graph& graph, unsigned) {
  return std::make_unique<ArrayLoop>(graph);
}

}  // namespace tenuto::bench
