// Random valid definitions, from a seed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/payload/json_writer.h"
#include "core/plan/spec.h"

namespace tenuto::testing {

// Draws nodes so that all references point to nodes drawn before; the nodes of one level may be shuffled afterwards.
class RandomWorkflow {
 public:
  explicit RandomWorkflow(std::uint64_t seed) : random_(seed) {}

  WorkflowSpec draw() {
    WorkflowSpec spec;
    spec.name = "w" + std::to_string(random_.below(10));
    if (random_.chance(1, 3)) spec.defaults = policy();
    if (random_.chance(1, 3)) spec.labels = R"({"team":"a","tier":2})";
    spec.nodes = nodes(0, 1 + random_.below(12));
    if (!values_.empty() && random_.chance(1, 2)) spec.output = SourceText{"\"${" + any(values_) + "}\"", {}};
    return spec;
  }

 private:
  std::vector<NodeSpec> nodes(int depth, std::uint64_t count) {
    std::vector<NodeSpec> list;
    for (std::uint64_t i = 0; i < count; ++i) {
      list.push_back(depth < 4 && random_.chance(1, 6) ? switch_node(depth) : task());
    }
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random_.below(i)]);
    return list;
  }

  NodeSpec task() {
    NodeSpec node;
    node.name = next_name();
    node.action = "py:m.f" + std::to_string(random_.below(3));
    node.needs = needs();
    if (random_.chance(1, 2)) node.with.text = argument();
    if (random_.chance(1, 5)) node.condition = SourceText{condition(), {}};
    if (random_.chance(1, 3)) node.policy = policy();
    if (random_.chance(1, 8)) node.labels = R"({"k":[1,2]})";
    all_.push_back(node.name);
    values_.push_back(node.name);
    return node;
  }

  NodeSpec switch_node(int depth) {
    NodeSpec node;
    node.name = next_name();
    node.needs = needs();
    const std::uint64_t arms = 1 + random_.below(3);
    const bool has_otherwise = random_.chance(1, 2);
    for (std::uint64_t i = 0; i < arms; ++i) {
      ArmSpec& arm = node.arms.emplace_back();
      if (i + 1 < arms || !has_otherwise) arm.condition = SourceText{condition(), {}};
    }
    for (ArmSpec& arm : node.arms) {
      const std::size_t outside = values_.size();
      arm.nodes = nodes(depth + 1, random_.below(4));
      values_.resize(outside);  // values stay in their arm
    }
    all_.push_back(node.name);
    return node;
  }

  std::vector<NameRef> needs() {
    std::vector<NameRef> needs;
    for (std::uint64_t i = random_.below(4); i > 0 && !all_.empty(); --i) needs.push_back({any(all_), {}});
    return needs;
  }

  std::string argument() {
    std::string text;
    json::Writer writer(text);
    writer.begin_object();
    writer.key("input").string("for ${input.x}");
    if (random_.chance(1, 2)) writer.key("number").number(static_cast<double>(random_.below(100)) / 8);
    if (random_.chance(1, 2)) writer.key("list").begin_array().integer(1).null().boolean(true).end_array();
    if (!values_.empty()) writer.key("value").string("${" + any(values_) + ".y}");
    writer.end_object();
    return text;
  }

  std::string condition() {
    return values_.empty() || random_.chance(1, 2) ? "input.x == " + std::to_string(random_.below(5))
                                                   : any(values_) + ".ok";
  }

  PolicySpec policy() {
    PolicySpec policy;
    if (random_.chance(1, 2)) {
      policy.retry.emplace().attempts = static_cast<std::uint32_t>(random_.below(4));
      if (random_.chance(1, 2)) policy.retry->full_jitter = false;
      if (random_.chance(1, 2)) policy.retry->factor = 1.25;
      if (random_.chance(1, 2)) policy.retry->backoff = 1500 * kMillisecond;
    }
    if (random_.chance(1, 2)) policy.timeout = static_cast<Nanos>(1 + random_.below(7200)) * kSecond;
    if (random_.chance(1, 2)) policy.pool = random_.chance(1, 2) ? "default" : "docker";
    if (random_.chance(1, 2)) policy.pure = random_.chance(1, 2);
    return policy;
  }

  const std::string& any(const std::vector<std::string>& names) { return names[random_.below(names.size())]; }
  std::string next_name() { return "n" + std::to_string(next_++); }

  Random random_;
  int next_ = 0;
  std::vector<std::string> all_;     // what may be needed
  std::vector<std::string> values_;  // whose results may be used here
};

}  // namespace tenuto::testing
