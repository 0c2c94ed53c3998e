#include "tests/sim/workflow.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/base/limits.h"
#include "core/plan/compile.h"
#include "core/plan/duration.h"

namespace tenuto::testing {

SimValue SimValue::object(std::uint64_t nonce, bool ok, std::int64_t v, std::size_t padding) {
  SimValue value{"", true, ok, v};
  value.text = "{\"n\":" + std::to_string(nonce) + ",\"ok\":" + (ok ? "true" : "false");
  if (padding > 0)
    value.text += ",\"p\":\"" + std::string(padding, static_cast<char>('a' + nonce % 26)) + "\"";
  value.text += ",\"v\":" + std::to_string(v) + "}";
  return value;
}

SimValue SimValue::number(std::uint64_t nonce) {
  return {std::to_string(nonce), false, false, 0};
}

namespace {

class Maker {
 public:
  explicit Maker(Random& random) : random_(random) {}

  SimWorkflow make(const std::string& name) {
    needs_max_ = draw(random_, 0, 3);
    const std::uint32_t count = random_.chance(1, 12) ? draw(random_, 15, 40) : draw(random_, 1, 7);
    const std::string tasks = random_.chance(1, 100) ? fan_out() : block(-1, 0, 0, count);
    std::string text = "{\"tenuto\":1,\"name\":\"" + name + "\",\"tasks\":" + tasks;
    if (random_.chance(2, 3)) text += ",\"output\":" + output();
    out_.definition = text + "}";
    auto plan = compile_workflow_text(out_.definition);
    if (!plan.ok())
      std::fprintf(stderr, "%s\n%s\n", out_.definition.c_str(), plan.status().message().c_str());
    TN_CHECK(plan.ok());
    out_.plan = *plan;
    std::map<std::string, int, std::less<>> by_name;
    for (std::size_t i = 0; i < out_.nodes.size(); ++i) by_name[out_.nodes[i].name] = static_cast<int>(i);
    TN_CHECK(out_.plan->node_count() == out_.nodes.size());
    for (std::uint32_t i = 0; i < out_.plan->node_count(); ++i) {
      out_.node_of.push_back(by_name.at(std::string(out_.plan->name_of(TaskIndex{i}))));
    }
    return std::move(out_);
  }

 private:
  std::string block(int guard, int arm, int depth, std::uint32_t count) {
    const std::size_t outside = values_.size();
    std::string text;
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool choice = depth < 3 && random_.chance(1, 6);
      text += (text.empty() ? "" : ",") + (choice ? switch_node(guard, arm, depth) : task(guard, arm));
    }
    values_.resize(outside);  // results stay in their arm
    return "{" + text + "}";
  }

  // More tasks than a run offers at a time, all behind the first one.
  std::string fan_out() {
    needs_max_ = 0;
    std::string text = task(-1, 0);
    complete_.resize(1);
    values_.clear();
    for (std::uint32_t n = limits::kReadyOfferMax + draw(random_, 1, 100); n > 0; --n) {
      const int index = add("t" + std::to_string(next_++), -1, 0);
      SimNode node = out_.nodes[static_cast<std::size_t>(index)];
      node.needs = complete_;
      const std::string& first = out_.nodes[static_cast<std::size_t>(complete_[0])].name;
      text += ",\"" + node.name + "\":{\"needs\":[\"" + first + "\"]," + draw_policy(node);
      // Few bodies that are polled in batches: they are what a run offers.
      if (n % 8 != 0) node.action = "host0";
      text += "\"use\":\"" + node.action + "\"}";
      out_.nodes[static_cast<std::size_t>(index)] = std::move(node);
    }
    return "{" + text + "}";
  }

  int add(const std::string& name, int guard, int arm) {
    SimNode node;
    node.name = name;
    node.guard = guard;
    node.arm = arm;
    out_.nodes.push_back(std::move(node));
    return static_cast<int>(out_.nodes.size()) - 1;
  }

  // Draws what the node waits for among what is complete; the text of its `needs`, with a comma.
  std::string draw_needs(SimNode& node) {
    std::string text;
    for (std::uint32_t n = draw(random_, 0, needs_max_); n > 0 && !complete_.empty(); --n) {
      const int need = complete_[random_.below(complete_.size())];
      const SimNode& needed = out_.nodes[static_cast<std::size_t>(need)];
      if (std::count(node.need_names.begin(), node.need_names.end(), needed.name) > 0) continue;
      node.need_names.push_back(needed.name);
      text += (text.empty() ? "" : ",") + ("\"" + needed.name + "\"");
      node.needs.push_back(need);
      if (needed.is_switch) {
        for (const int inside : members_[need]) node.needs.push_back(inside);
      }
    }
    return text.empty() ? "" : "\"needs\":[" + text + "],";
  }

  SimCondition draw_condition(std::string& text) {
    SimCondition condition;
    condition.op = random_.chance(1, 2) ? SimCondition::Op::any : SimCondition::Op::all;
    for (std::uint32_t n = draw(random_, 1, 3); n > 0; --n) {
      SimTerm term;
      if (!values_.empty() && random_.chance(3, 4)) term.node = values_[random_.below(values_.size())];
      term.compares = random_.chance(1, 2);
      const std::string name =
          term.node == kSimInput ? "input" : out_.nodes[static_cast<std::size_t>(term.node)].name;
      text += text.empty() ? "" : condition.op == SimCondition::Op::any ? " || " : " && ";
      text += name + (term.compares ? ".v < 5" : ".ok");
      condition.terms.push_back(term);
    }
    return condition;
  }

  std::string task(int guard, int arm) {
    const std::string name = "t" + std::to_string(next_++);
    std::string text = "\"" + name + "\":{";
    const bool has_if = random_.chance(1, 6);
    if (has_if) {
      const int made = add("if:" + name, guard, arm);
      SimNode choice = out_.nodes[static_cast<std::size_t>(made)];
      choice.is_switch = choice.is_made = true;
      text += draw_needs(choice);
      std::string condition;
      choice.arms.push_back(draw_condition(condition));
      text += "\"if\":\"" + condition + "\",";
      out_.nodes[static_cast<std::size_t>(made)] = std::move(choice);
      enter(made);
      guard = made;
      arm = 0;
    }
    const int index = add(name, guard, arm);
    SimNode node = out_.nodes[static_cast<std::size_t>(index)];
    if (!has_if) text += draw_needs(node);
    text += draw_with(node) + draw_policy(node);
    out_.nodes[static_cast<std::size_t>(index)] = node;
    enter(index);
    complete_.push_back(index);
    values_.push_back(index);
    return text + "\"use\":\"" + node.action + "\"}";
  }

  std::string draw_with(SimNode& node) {
    std::string members;
    node.uses_input = random_.chance(1, 3);
    if (node.uses_input) members = "\"i\":\"${input.v}\"";
    for (std::uint32_t n = draw(random_, 0, 2); n > 0 && !values_.empty(); --n) {
      const SimUse use{values_[random_.below(values_.size())], random_.chance(1, 3)};
      const std::string& name = out_.nodes[static_cast<std::size_t>(use.node)].name;
      members += (members.empty() ? "" : ",") + ("\"u" + std::to_string(node.uses.size()) + "\":\"${" + name);
      members += use.only_v ? ".v}\"" : "}\"";
      node.uses.push_back(use);
    }
    return members.empty() ? "" : "\"with\":{" + members + "},";
  }

  std::string draw_policy(SimNode& node) {
    std::vector<std::string> actions = kInlineActions;
    actions.insert(actions.end(), kHostedActions.begin(), kHostedActions.end());
    actions.insert(actions.end(), kThreadActions.begin(), kThreadActions.end());
    node.action = actions[random_.below(actions.size())];
    // What nobody serves for long is rare, or most runs would wait for it.
    if (is_late_action(node.action) && random_.chance(2, 3)) node.action = "inline0";
    std::string text;
    if (random_.chance(1, 3)) {
      node.pure = true;
      text += "\"pure\":true,";
    }
    if (random_.chance(1, 3)) {
      node.pool = kSimPools[1];
      text += "\"pool\":\"docker\",";
    }
    if (random_.chance(1, 4)) {
      node.timeout = draw(random_, 3, 40) * kSecond;
      text += "\"timeout\":\"" + duration_text(node.timeout) + "\",";
    }
    if (random_.chance(1, 2)) {
      node.retry.attempts = draw(random_, 1, 3);
      node.retry.backoff = draw(random_, 1, 30) * kSecond;
      node.retry.factor = random_.chance(1, 2) ? 2 : 1;
      node.retry.max = node.retry.backoff + draw(random_, 0, 40) * kSecond;
      node.retry.full_jitter = random_.chance(1, 2);
      text += "\"retry\":{\"attempts\":" + std::to_string(node.retry.attempts) + ",\"backoff\":\"" +
              duration_text(node.retry.backoff) + "\",\"factor\":" + (node.retry.factor == 2 ? "2" : "1") +
              ",\"max\":\"" + duration_text(node.retry.max) +
              "\",\"jitter\":" + (node.retry.full_jitter ? "\"full\"" : "\"none\"") + "},";
    }
    return text;
  }

  std::string switch_node(int guard, int arm, int depth) {
    const std::string name = "s" + std::to_string(next_++);
    const int index = add(name, guard, arm);
    SimNode node = out_.nodes[static_cast<std::size_t>(index)];
    node.is_switch = true;
    std::string text = "\"" + name + "\":{" + draw_needs(node) + "\"switch\":[";
    const std::uint32_t arms = draw(random_, 1, 3);
    std::vector<std::string> conditions(arms);
    for (std::uint32_t i = 0; i < arms; ++i) {
      const bool otherwise = i > 0 && i + 1 == arms && random_.chance(1, 2);
      node.arms.push_back(otherwise ? SimCondition{} : draw_condition(conditions[i]));
    }
    out_.nodes[static_cast<std::size_t>(index)] = std::move(node);
    enter(index);
    for (std::uint32_t i = 0; i < arms; ++i) {
      text += i > 0 ? "," : "";
      text += conditions[i].empty() ? "{" : "{\"if\":\"" + conditions[i] + "\",";
      text += "\"tasks\":" + block(index, static_cast<int>(i), depth + 1, draw(random_, 0, 3)) + "}";
    }
    complete_.push_back(index);
    return text + "]}";
  }

  // A new node is a member of all switches around it.
  void enter(int index) {
    for (int g = out_.nodes[static_cast<std::size_t>(index)].guard; g >= 0;
         g = out_.nodes[static_cast<std::size_t>(g)].guard) {
      members_[g].push_back(index);
    }
  }

  std::string output() {
    std::string text;
    for (std::size_t i = 0; i < out_.nodes.size(); ++i) {
      if (out_.nodes[i].is_switch || !random_.chance(1, 2)) continue;
      text +=
          (text.empty() ? "" : ",") + ("\"" + out_.nodes[i].name + "\":\"${" + out_.nodes[i].name + "}\"");
      out_.output.push_back(static_cast<int>(i));
    }
    return "{" + text + "}";
  }

  Random& random_;
  SimWorkflow out_;
  int next_ = 0;
  std::uint32_t needs_max_ = 0;
  std::vector<int> complete_;  // what may be needed
  std::vector<int> values_;    // whose results may be used here
  std::map<int, std::vector<int>> members_;
};

}  // namespace

SimWorkflow make_workflow(Random& random, const std::string& name) {
  return Maker(random).make(name);
}

}  // namespace tenuto::testing
