// Specs as definition texts, in as many spellings as a seed gives.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/payload/json.h"
#include "core/payload/json_writer.h"
#include "core/plan/duration.h"
#include "core/plan/spec.h"

namespace tenuto::testing {

// With the same spec and different seeds it writes texts that mean the same: keys in any order, white space anywhere,
// descriptions here and there, durations in other units.
class DefinitionWriter {
 public:
  explicit DefinitionWriter(std::uint64_t seed) : random_(seed) {}

  std::string write(const WorkflowSpec& spec) {
    Members members{{"tenuto", "1"}, {"name", string(spec.name)}, {"tasks", tasks(spec.nodes)}};
    if (!spec.labels.empty()) members.push_back({"labels", json(spec.labels)});
    if (!spec.input_schema.empty()) members.push_back({"input", json(spec.input_schema)});
    if (spec.output) members.push_back({"output", json(spec.output->text)});
    Members defaults;
    add_policy(defaults, spec.defaults);
    if (!defaults.empty()) members.push_back({"defaults", object(std::move(defaults), true)});
    describe(members);
    return object(std::move(members), true);
  }

 private:
  using Members = std::vector<std::pair<std::string, std::string>>;

  std::string tasks(const std::vector<NodeSpec>& nodes) {
    Members members;
    for (const NodeSpec& node : nodes) members.push_back({node.name, this->node(node)});
    return object(std::move(members), false);
  }

  std::string node(const NodeSpec& node) {
    Members members;
    if (!node.needs.empty()) members.push_back({"needs", needs(node.needs)});
    if (node.is_switch()) {
      members.push_back({"switch", arms(node.arms)});
    } else {
      members.push_back({"use", string(node.action)});
      if (!node.with.text.empty()) members.push_back({"with", json(node.with.text)});
      if (node.condition) members.push_back({"if", string(node.condition->text)});
      if (!node.labels.empty()) members.push_back({"labels", json(node.labels)});
      add_policy(members, node.policy);
    }
    describe(members);
    return object(std::move(members), true);
  }

  std::string arms(const std::vector<ArmSpec>& arms) {
    std::string text = "[";
    for (const ArmSpec& arm : arms) {
      Members members{{"tasks", tasks(arm.nodes)}};
      if (arm.condition) members.push_back({"if", string(arm.condition->text)});
      text += (text.size() > 1 ? "," : "") + space() + object(std::move(members), true);
    }
    return text + space() + "]";
  }

  std::string needs(std::vector<NameRef> needs) {
    shuffle(needs);
    std::string text = "[";
    for (const NameRef& need : needs) text += (text.size() > 1 ? "," : "") + space() + string(need.name);
    return text + "]";
  }

  void add_policy(Members& members, const PolicySpec& policy) {
    if (policy.retry) {
      Members retry{{"attempts", std::to_string(policy.retry->attempts)},
                    {"jitter", policy.retry->full_jitter ? "\"full\"" : "\"none\""},
                    {"backoff", duration(policy.retry->backoff)},
                    {"max", duration(policy.retry->max)}};
      std::string factor;
      json::append_double(factor, policy.retry->factor);
      retry.push_back({"factor", factor});
      members.push_back({"retry", object(std::move(retry), true)});
    }
    if (policy.timeout) members.push_back({"timeout", duration(*policy.timeout)});
    if (policy.pool) members.push_back({"pool", string(*policy.pool)});
    if (policy.pure) members.push_back({"pure", *policy.pure ? "true" : "false"});
  }

  std::string duration(Nanos duration) {
    if (random_.chance(1, 2)) return "\"" + duration_text(duration) + "\"";
    return "\"" + std::to_string(duration / kMillisecond) + "ms\"";
  }

  void describe(Members& members) {
    if (random_.chance(1, 4))
      members.push_back({"description", "\"text " + std::to_string(random_.below(100)) + "\""});
  }

  // The same value with its keys in another order.
  std::string json(const std::string& text) {
    const Result<json::Document> document = json::Document::parse(text);
    TN_CHECK(document.ok());
    return value(document->root());
  }
  std::string value(const json::Value& value) {
    if (value.is_object()) {
      Members members;
      for (const json::Member member : value.members())
        members.push_back({std::string(member.key()), this->value(member.value)});
      return object(std::move(members), true);
    }
    if (!value.is_array()) return std::string(value.raw());
    std::string text = "[";
    for (const json::Value& element : value.elements())
      text += (text.size() > 1 ? "," : "") + space() + this->value(element);
    return text + "]";
  }

  std::string object(Members members, bool any_order) {
    if (any_order) shuffle(members);
    std::string text = "{";
    for (const auto& [key, value] : members) {
      text += (text.size() > 1 ? "," : "") + space() + string(key) + space() + ":" + space() + value;
    }
    return text + space() + "}";
  }

  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random_.below(i)]);
  }

  // Now and then as an escape.
  std::string string(const std::string& text) {
    std::string quoted;
    json::append_quoted(quoted, text);
    if (quoted[1] == 'n' && random_.chance(1, 4)) quoted.replace(1, 1, "\\u006e");
    return quoted;
  }

  std::string space() {
    static constexpr const char* kSpaces[] = {"", "", " ", "\n  ", "\t", "\r\n"};
    return kSpaces[random_.below(6)];
  }

  Random random_;
};

}  // namespace tenuto::testing
