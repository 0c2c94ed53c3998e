#include "bench/graph/tenuto_graph.h"

#include <optional>

#include "bench/graph/work.h"
#include "bench/macro/client.h"
#include "bench/scratch.h"

namespace tenuto::bench {

namespace {

void body(void*, const tenuto_task*, tenuto_completion*) {
  do_work();
}

class TenutoGraph : public GraphArm {
 public:
  // In memory without a base.
  TenutoGraph(const Graph& graph, unsigned workers, const char* base)
      : graph_(graph), is_pure_(base != nullptr) {
    if (base != nullptr) scratch_.emplace(base);
    store_.emplace(scratch_ ? scratch_->store() : "",
                   StoreOptions{.threads = workers,
                                .durability = scratch_ ? TENUTO_DURABILITY_FULL : TENUTO_DURABILITY_MEMORY});
    store_->native("work", body);
  }
  void build() override {
    const std::string name(name_of(graph_.shape));
    const tenuto_text action{"work", 4};
    const tenuto_text policy{R"({"pure": true})", 14};
    tenuto_graph arrays = TENUTO_GRAPH_INIT;
    arrays.name = name.data();
    arrays.name_size = name.size();
    arrays.task_count = graph_.size();
    arrays.needs_begin = graph_.needs.begin.data();
    arrays.needs = graph_.needs.lists.data();
    arrays.needs_count = graph_.edge_count();
    arrays.actions = &action;
    arrays.action_count = 1;
    if (is_pure_) arrays.policies = &policy;
    arrays.policy_count = is_pure_ ? 1 : 0;
    workflow_.emplace(arrays);
  }
  void run() override { store_->run_one(*workflow_); }
  void close() override { store_.reset(); }
  void free() override { workflow_.reset(); }

 protected:
  std::optional<Workflow> workflow_;

 private:
  const Graph& graph_;
  const bool is_pure_;
  std::optional<Scratch> scratch_;
  std::optional<Store> store_;
};

// The same from a text that is there already.
class TextGraph final : public TenutoGraph {
 public:
  TextGraph(const Graph& graph, unsigned workers)
      : TenutoGraph(graph, workers, nullptr), definition_(definition_of(graph, false)) {}
  void build() override { workflow_.emplace(definition_); }

 private:
  const std::string definition_;
};

}  // namespace

std::string definition_of(const Graph& graph, bool pure) {
  std::string text = R"({"tenuto": 1, "name": ")" + std::string(name_of(graph.shape)) + '"';
  if (pure) text += R"(, "defaults": {"pure": true})";
  text += R"(, "tasks": {)";
  for (std::uint32_t task = 0; task < graph.size(); ++task) {
    if (task > 0) text += ',';
    text += '"' + std::to_string(task) + R"(":{"use":"work")";
    const char* separator = R"(,"needs":[")";
    for (const std::uint32_t before : graph.needs.of(task)) {
      text += separator + std::to_string(before) + '"';
      separator = ",\"";
    }
    text += graph.needs.of(task).empty() ? "}" : "]}";
  }
  return text + "}}";
}

std::unique_ptr<GraphArm> make_tenuto_graph(const Graph& graph, unsigned workers) {
  return std::make_unique<TenutoGraph>(graph, workers, nullptr);
}

std::unique_ptr<GraphArm> make_text_tenuto_graph(const Graph& graph, unsigned workers) {
  return std::make_unique<TextGraph>(graph, workers);
}

std::unique_ptr<GraphArm> make_durable_tenuto_graph(const Graph& graph, unsigned workers,
                                                    const std::string& base) {
  return std::make_unique<TenutoGraph>(graph, workers, base.c_str());
}

}  // namespace tenuto::bench
