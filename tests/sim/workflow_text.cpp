// Leaves nodes out of a drawn workflow, writes its definition and compiles it.
#include <algorithm>
#include <cstdio>
#include <map>

#include "core/plan/compile.h"
#include "core/plan/duration.h"
#include "tests/sim/workflow.h"

namespace tenuto::testing {

std::string use_key(std::size_t index) {
  return "u" + std::to_string(index);
}

namespace {

// ---- Leaving out ----------------------------------------------------------------------------------------------------

class Pruner {
 public:
  Pruner(const SimWorkflow& drawn, const SimDrop& drop)
      : nodes_(drawn.nodes), drop_(drop), prefix_(drawn.name + "."), new_index_(nodes_.size(), kGone) {}

  void prune(SimWorkflow& workflow) {
    std::vector<SimNode> kept;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      SimNode node = nodes_[i];
      // A task whose `if` goes takes the place of its switch.
      if (node.guard >= 0 && old(node.guard).is_made && is_dropped(node.guard)) {
        const SimNode& made = old(node.guard);
        node.wanted = made.wanted;
        node.arm = made.arm;
        node.guard = made.guard;
      }
      const bool is_gone = is_dropped(static_cast<int>(i)) ||
                           (node.guard >= 0 && moved(node.guard) == kGone) ||
                           (node.is_made && is_dropped(static_cast<int>(i) + 1));
      if (is_gone) continue;
      new_index_[i] = static_cast<int>(kept.size());
      if (node.guard >= 0) node.guard = moved(node.guard);
      std::erase_if(node.wanted, [&](int need) { return moved(need) == kGone; });
      for (int& need : node.wanted) need = moved(need);
      move_uses(node.uses);
      for (SimCondition& arm : node.arms) move_terms(arm);
      kept.push_back(std::move(node));
    }
    workflow.nodes = std::move(kept);
    move_uses(workflow.output.uses);
    if (workflow.output.form == SimOutput::Form::single && workflow.output.uses.empty())
      workflow.output.form = SimOutput::Form::none;
  }

 private:
  static constexpr int kGone = -2;
  [[nodiscard]] const SimNode& old(int index) const { return nodes_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] bool is_dropped(int index) const { return drop_.contains(prefix_ + old(index).name); }
  [[nodiscard]] int moved(int node) const {
    return node == kSimInput ? kSimInput : new_index_[static_cast<std::size_t>(node)];
  }
  void move_uses(std::vector<SimUse>& uses) {
    std::erase_if(uses, [&](const SimUse& use) { return moved(use.node) == kGone; });
    for (SimUse& use : uses) use.node = moved(use.node);
  }
  void move_terms(SimCondition& condition) {
    if (condition.op == SimCondition::Op::otherwise) return;
    std::erase_if(condition.terms, [&](const SimTerm& term) { return moved(term.node) == kGone; });
    for (SimTerm& term : condition.terms) term.node = moved(term.node);
    if (condition.terms.empty()) condition.terms.emplace_back();
  }

  const std::vector<SimNode>& nodes_;
  const SimDrop& drop_;
  const std::string prefix_;
  std::vector<int> new_index_;
};

// ---- What follows from what is written ------------------------------------------------------------------------------

void complete_needs(SimWorkflow& workflow) {
  std::vector<std::vector<int>> inside(workflow.nodes.size());
  for (std::size_t i = 0; i < workflow.nodes.size(); ++i) {
    for (int g = workflow.nodes[i].guard; g >= 0; g = workflow.nodes[static_cast<std::size_t>(g)].guard)
      inside[static_cast<std::size_t>(g)].push_back(static_cast<int>(i));
  }
  for (SimNode& node : workflow.nodes) {
    node.needs = node.wanted;
    for (const int need : node.wanted) {
      const std::vector<int>& more = inside[static_cast<std::size_t>(need)];
      node.needs.insert(node.needs.end(), more.begin(), more.end());
    }
  }
}

void complete_policies(SimWorkflow& workflow) {
  for (SimNode& node : workflow.nodes) {
    const PolicySpec& all = workflow.defaults;
    node.retry = node.own.retry.value_or(all.retry.value_or(RetrySpec{}));
    node.timeout = node.own.timeout.value_or(all.timeout.value_or(0));
    node.pool = node.own.pool.value_or(all.pool.value_or("default"));
    node.pure = node.own.pure.value_or(all.pure.value_or(false));
  }
}

// ---- Text -----------------------------------------------------------------------------------------------------------

class Text {
 public:
  explicit Text(const SimWorkflow& workflow) : workflow_(workflow), inside_(workflow.nodes.size() + 1) {
    for (std::size_t i = 0; i < workflow.nodes.size(); ++i)
      inside_[static_cast<std::size_t>(workflow.nodes[i].guard + 1)].push_back(i);
  }

  std::string definition() {
    std::string text = "{\"tenuto\":1,\"name\":\"" + workflow_.name + "\",";
    if (workflow_.has_remarks)
      text += R"("input":{"type":"object"},"labels":{"team":"sim"},"description":"drawn",)";
    if (const std::string defaults = policy(workflow_.defaults); !defaults.empty())
      text += "\"defaults\":{" + defaults.substr(0, defaults.size() - 1) + "},";
    return text + "\"tasks\":" + block(-1, 0) + output() + "}";
  }

 private:
  [[nodiscard]] const SimNode& at(int index) const {
    return workflow_.nodes[static_cast<std::size_t>(index)];
  }

  std::string block(int guard, int arm) {
    std::string text;
    for (const std::size_t i : inside_[static_cast<std::size_t>(guard + 1)]) {
      const SimNode& node = workflow_.nodes[i];
      if (node.arm != arm) continue;
      text += text.empty() ? "" : ",";
      if (node.is_made) {
        text += task(workflow_.nodes[i + 1], &node);
      } else {
        text += node.is_switch ? switch_node(node, static_cast<int>(i)) : task(node, nullptr);
      }
    }
    return "{" + text + "}";
  }

  std::string task(const SimNode& node, const SimNode* made) {
    std::string text = "\"" + node.name + "\":{" + needs(made == nullptr ? node : *made);
    if (made != nullptr) text += "\"if\":\"" + condition(made->arms[0]) + "\",";
    if (workflow_.has_remarks) text += R"("labels":{"kind":"task"},"description":"one",)";
    std::string members;
    for (std::size_t i = 0; i < node.uses.size(); ++i)
      members += "\"" + use_key(i) + "\":\"" + use(node.uses[i]) + "\",";
    if (node.has_constants) members += R"("k":[1,{"d":null},"$${x}"],)";
    if (!members.empty()) text += "\"with\":{" + members.substr(0, members.size() - 1) + "},";
    return text + policy(node.own) + "\"use\":\"" + node.action + "\"}";
  }

  std::string switch_node(const SimNode& node, int index) {
    std::string text = "\"" + node.name + "\":{" + needs(node) + "\"switch\":[";
    for (std::size_t i = 0; i < node.arms.size(); ++i) {
      const std::string condition = this->condition(node.arms[i]);
      text += i > 0 ? "," : "";
      text += condition.empty() ? "{" : "{\"if\":\"" + condition + "\",";
      text += "\"tasks\":" + block(index, static_cast<int>(i)) + "}";
    }
    return text + "]}";
  }

  std::string needs(const SimNode& node) const {
    std::string text;
    for (const int need : node.wanted) text += (text.empty() ? "\"" : ",\"") + at(need).name + "\"";
    return text.empty() ? "" : "\"needs\":[" + text + "],";
  }

  // As an expression within a JSON text.
  [[nodiscard]] std::string reference(int node) const {
    if (node == kSimInput) return "input";
    const std::string& name = at(node).name;
    return name.find('-') == std::string::npos ? name : "tasks[\\\"" + name + "\\\"]";
  }

  std::string condition(const SimCondition& condition) const {
    std::string text;
    for (const SimTerm& term : condition.terms) {
      text += text.empty() ? "" : condition.op == SimCondition::Op::any ? " || " : " && ";
      if (term.compares) {
        text += reference(term.node) + (term.negated ? ".v >= 5" : ".v < 5");
      } else {
        text += (term.negated ? "!" : "") + reference(term.node) + ".ok";
      }
    }
    return text;
  }

  [[nodiscard]] std::string use(const SimUse& use) const {
    const std::string name = reference(use.node);
    switch (use.form) {
      case SimUse::Form::whole:
        return "${" + name + "}";
      case SimUse::Form::member:
        return "${" + name + ".v}";
      case SimUse::Form::sum:
        return "${" + name + ".v + 1}";
      case SimUse::Form::text:
        break;
    }
    return "v=${" + name + ".v};";
  }

  // With a comma at its end.
  static std::string policy(const PolicySpec& own) {
    std::string text;
    if (own.pure.has_value()) text += *own.pure ? "\"pure\":true," : "\"pure\":false,";
    if (own.pool.has_value()) text += "\"pool\":\"" + *own.pool + "\",";
    if (own.timeout.has_value()) text += "\"timeout\":\"" + duration_text(*own.timeout) + "\",";
    if (own.retry.has_value()) text += "\"retry\":" + retry(*own.retry) + ",";
    return text;
  }

  static std::string retry(const RetrySpec& retry) {
    RetrySpec plain;
    plain.attempts = retry.attempts;
    if (retry == plain) return std::to_string(retry.attempts);
    char factor[16];
    std::snprintf(factor, sizeof factor, "%g", retry.factor);
    return "{\"attempts\":" + std::to_string(retry.attempts) + ",\"backoff\":\"" +
           duration_text(retry.backoff) + "\",\"factor\":" + factor + ",\"max\":\"" +
           duration_text(retry.max) + "\",\"jitter\":" + (retry.full_jitter ? "\"full\"" : "\"none\"") + "}";
  }

  std::string output() const {
    const SimOutput& output = workflow_.output;
    if (output.form == SimOutput::Form::none) return "";
    if (output.form == SimOutput::Form::single) return ",\"output\":\"" + use(output.uses[0]) + "\"";
    std::string text;
    for (std::size_t i = 0; i < output.uses.size(); ++i)
      text += (text.empty() ? "\"" : ",\"") + use_key(i) + "\":\"" + use(output.uses[i]) + "\"";
    return ",\"output\":{" + text + "}";
  }

  const SimWorkflow& workflow_;
  std::vector<std::vector<std::size_t>> inside_;  // nodes by the switch they stand in, plus one
};

}  // namespace

SimWorkflow make_workflow(SimWorkflow drawn, const SimDrop& drop) {
  SimWorkflow workflow = drawn;
  if (!drop.empty()) Pruner(drawn, drop).prune(workflow);
  complete_needs(workflow);
  complete_policies(workflow);
  workflow.definition = Text(workflow).definition();
  auto plan = compile_workflow_text(workflow.definition);
  if (!plan.ok())
    std::fprintf(stderr, "%s\n%s\n", workflow.definition.c_str(), plan.status().message().c_str());
  TN_CHECK(plan.ok());
  workflow.plan = *plan;
  std::map<std::string, int, std::less<>> by_name;
  for (std::size_t i = 0; i < workflow.nodes.size(); ++i)
    by_name[workflow.nodes[i].name] = static_cast<int>(i);
  TN_CHECK(workflow.plan->node_count() == workflow.nodes.size());
  for (std::uint32_t i = 0; i < workflow.plan->node_count(); ++i)
    workflow.node_of.push_back(by_name.at(std::string(workflow.plan->name_of(TaskIndex{i}))));
  return workflow;
}

}  // namespace tenuto::testing
