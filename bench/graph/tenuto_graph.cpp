#include "bench/graph/tenuto_graph.h"

#include <optional>

#include "bench/graph/work.h"
#include "bench/macro/client.h"

namespace tenuto::bench {

namespace {

void body(void*, const tenuto_task*, tenuto_completion*) {
  do_work();
}

class TenutoGraph final : public GraphArm {
 public:
  TenutoGraph(const Graph& graph, unsigned workers, const std::string& path, std::int32_t durability)
      : definition_(definition_of(graph, durability == TENUTO_DURABILITY_FULL)),
        store_(path, {.threads = workers, .durability = durability}) {
    store_.native("work", body);
  }
  void build() override { workflow_.emplace(definition_); }
  void run() override { store_.run_one(*workflow_); }
  void free() override { workflow_.reset(); }

 private:
  std::string definition_;
  Store store_;
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
  return std::make_unique<TenutoGraph>(graph, workers, "", TENUTO_DURABILITY_MEMORY);
}

std::unique_ptr<GraphArm> make_durable_tenuto_graph(const Graph& graph, unsigned workers,
                                                    const std::string& path) {
  return std::make_unique<TenutoGraph>(graph, workers, path, TENUTO_DURABILITY_FULL);
}

}  // namespace tenuto::bench
