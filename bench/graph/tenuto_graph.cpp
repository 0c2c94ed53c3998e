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

class TenutoGraph final : public GraphArm {
 public:
  // In memory without a base.
  TenutoGraph(const Graph& graph, unsigned workers, const char* base)
      : definition_(definition_of(graph, base != nullptr)) {
    if (base != nullptr) scratch_.emplace(base);
    store_.emplace(scratch_ ? scratch_->store() : "",
                   StoreOptions{.threads = workers,
                                .durability = scratch_ ? TENUTO_DURABILITY_FULL : TENUTO_DURABILITY_MEMORY});
    store_->native("work", body);
  }
  void build() override { workflow_.emplace(definition_); }
  void run() override { store_->run_one(*workflow_); }
  void close() override { store_.reset(); }
  void free() override { workflow_.reset(); }

 private:
  std::string definition_;
  std::optional<Scratch> scratch_;
  std::optional<Store> store_;
  std::optional<Workflow> workflow_;
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

std::unique_ptr<GraphArm> make_durable_tenuto_graph(const Graph& graph, unsigned workers,
                                                    const std::string& base) {
  return std::make_unique<TenutoGraph>(graph, workers, base.c_str());
}

}  // namespace tenuto::bench
