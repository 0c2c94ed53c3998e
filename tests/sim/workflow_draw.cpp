// Draws the shape of a workflow.
#include <algorithm>
#include <map>

#include "core/base/limits.h"
#include "tests/sim/workflow.h"

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
  Maker(Random& random, const std::string& name) : random_(random) { out_.name = name; }

  SimWorkflow make() {
    needs_max_ = draw(random_, 0, 3);
    odd_names_ = random_.chance(1, 8);
    out_.has_remarks = random_.chance(1, 6);
    draw_defaults();
    if (random_.chance(1, 100)) {
      fan_out();
    } else if (random_.chance(1, 6)) {
      chain();
    } else if (!random_.chance(1, 60)) {
      block(-1, 0, 0, random_.chance(1, 12) ? draw(random_, 15, 40) : draw(random_, 1, 7));
    }
    draw_output();
    return std::move(out_);
  }

 private:
  SimNode& at(int index) { return out_.nodes[static_cast<std::size_t>(index)]; }

  void block(int guard, int arm, int depth, std::uint32_t count) {
    const std::size_t outside = values_.size();
    for (std::uint32_t i = 0; i < count; ++i) {
      if (depth < 3 && random_.chance(1, 6)) {
        switch_node(guard, arm, depth);
      } else {
        task(guard, arm);
      }
    }
    values_.resize(outside);  // results stay in their arm
  }

  // More tasks than a run offers at a time, all behind the first one.
  void fan_out() {
    needs_max_ = 0;
    const int first = task(-1, 0);
    for (std::uint32_t n = limits::kReadyOfferMax + draw(random_, 1, 100); n > 0; --n) {
      SimNode& node = at(add("t" + std::to_string(next_++), -1, 0));
      node.wanted = {first};
      draw_policy(node);
      // Few bodies that are polled in batches: they are what a run offers.
      if (n % 8 != 0) node.action = "host0";
    }
  }

  // Tasks one after the other, mostly alike: what a worker runs in order.
  void chain() {
    SimNode like;
    draw_policy(like);
    if (random_.chance(4, 5)) like.action = "inline0";
    if (random_.chance(2, 3)) like.own.timeout.reset();
    const std::uint32_t count = random_.chance(1, 4) ? draw(random_, 40, 120) : draw(random_, 3, 25);
    for (std::uint32_t i = 0; i < count; ++i) {
      const int index = add(next_name('t'), -1, 0);
      SimNode& node = at(index);
      if (i > 0) node.wanted = {index - 1};
      if (random_.chance(1, 12)) {
        draw_policy(node);
      } else {
        node.action = like.action;
        node.own = like.own;
      }
      if (random_.chance(1, 20)) node.uses.push_back({kSimInput, draw_form()});
      values_.push_back(index);
    }
  }

  std::string next_name(char kind) {
    const std::string name = kind + std::to_string(next_++);
    return odd_names_ && random_.chance(1, 2) ? name + "-\xC3\xA4" : name;
  }

  int add(const std::string& name, int guard, int arm) {
    SimNode node;
    node.name = name;
    node.guard = guard;
    node.arm = arm;
    out_.nodes.push_back(std::move(node));
    return static_cast<int>(out_.nodes.size()) - 1;
  }

  // What the node waits for, among what is complete.
  std::vector<int> draw_needs() {
    std::vector<int> wanted;
    for (std::uint32_t n = draw(random_, 0, needs_max_); n > 0 && !complete_.empty(); --n) {
      const int need = complete_[random_.below(complete_.size())];
      if (std::count(wanted.begin(), wanted.end(), need) == 0) wanted.push_back(need);
    }
    return wanted;
  }

  SimCondition draw_condition() {
    SimCondition condition;
    condition.op = random_.chance(1, 2) ? SimCondition::Op::any : SimCondition::Op::all;
    for (std::uint32_t n = draw(random_, 1, 3); n > 0; --n) {
      SimTerm term;
      if (!values_.empty() && random_.chance(3, 4)) term.node = values_[random_.below(values_.size())];
      term.compares = random_.chance(1, 2);
      term.negated = random_.chance(1, 4);
      condition.terms.push_back(term);
    }
    return condition;
  }

  int task(int guard, int arm) {
    const std::string name = next_name('t');
    std::vector<int> wanted = draw_needs();
    if (random_.chance(1, 6)) {
      const int made = add("if:" + name, guard, arm);
      at(made).is_switch = at(made).is_made = true;
      at(made).wanted = std::exchange(wanted, {});
      at(made).arms.push_back(draw_condition());
      guard = made;
      arm = 0;
    }
    const int index = add(name, guard, arm);
    SimNode& node = at(index);
    node.wanted = std::move(wanted);
    for (std::uint32_t n = draw(random_, 0, 2); n > 0; --n) {
      const bool input = values_.empty() || random_.chance(1, 3);
      node.uses.push_back({input ? kSimInput : values_[random_.below(values_.size())], draw_form()});
    }
    node.has_constants = random_.chance(1, 12);
    draw_policy(node);
    complete_.push_back(index);
    values_.push_back(index);
    return index;
  }

  SimUse::Form draw_form() {
    if (random_.chance(2, 3)) return SimUse::Form::whole;
    return static_cast<SimUse::Form>(1 + random_.below(3));
  }

  RetrySpec draw_retry() {
    RetrySpec retry;
    retry.attempts = draw(random_, 1, 3);
    if (random_.chance(1, 6)) return retry;  // the defaults of the format
    retry.backoff = draw(random_, 1, 30) * kSecond;
    constexpr double kFactors[] = {1, 2, 1.5, 3};
    retry.factor = kFactors[random_.below(4)];
    retry.max = retry.backoff + draw(random_, 0, 40) * kSecond;
    retry.full_jitter = random_.chance(1, 2);
    return retry;
  }

  void draw_defaults() {
    if (!random_.chance(1, 5)) return;
    if (random_.chance(1, 2)) out_.defaults.retry = draw_retry();
    if (random_.chance(1, 3)) out_.defaults.timeout = draw(random_, 3, 40) * kSecond;
    if (random_.chance(1, 3)) out_.defaults.pool = kSimPools[1];
    if (random_.chance(1, 3)) out_.defaults.pure = true;
  }

  void draw_policy(SimNode& node) {
    std::vector<std::string> actions = kInlineActions;
    actions.insert(actions.end(), kHostedActions.begin(), kHostedActions.end());
    actions.insert(actions.end(), kThreadActions.begin(), kThreadActions.end());
    node.action = actions[random_.below(actions.size())];
    // What nobody serves for long is rare, or most runs would wait for it.
    if (is_late_action(node.action) && random_.chance(2, 3)) node.action = "inline0";
    if (random_.chance(1, 3)) node.own.pure = true;
    if (out_.defaults.pure.has_value() && random_.chance(1, 3)) node.own.pure = false;
    if (random_.chance(1, 3)) node.own.pool = kSimPools[random_.chance(1, 4) ? 0 : 1];
    if (random_.chance(1, 4)) node.own.timeout = draw(random_, 3, 40) * kSecond;
    if (random_.chance(1, 2)) node.own.retry = draw_retry();
  }

  void switch_node(int guard, int arm, int depth) {
    const int index = add(next_name('s'), guard, arm);
    at(index).is_switch = true;
    at(index).wanted = draw_needs();
    const std::uint32_t arms = draw(random_, 1, 3);
    for (std::uint32_t i = 0; i < arms; ++i) {
      const bool otherwise = i > 0 && i + 1 == arms && random_.chance(1, 2);
      at(index).arms.push_back(otherwise ? SimCondition{} : draw_condition());
    }
    for (std::uint32_t i = 0; i < arms; ++i)
      block(index, static_cast<int>(i), depth + 1, draw(random_, 0, 3));
    complete_.push_back(index);
  }

  // Any task may be used, also one in an arm.
  void draw_output() {
    if (random_.chance(1, 3)) return;
    const bool single = random_.chance(1, 5);
    out_.output.form = single ? SimOutput::Form::single : SimOutput::Form::object;
    for (std::size_t i = 0; i < out_.nodes.size(); ++i) {
      if (out_.nodes[i].is_switch || !random_.chance(1, 2)) continue;
      const bool whole = random_.chance(9, 10);
      out_.output.uses.push_back({static_cast<int>(i), whole ? SimUse::Form::whole : draw_form()});
      if (single) break;
    }
    if (single && out_.output.uses.empty()) out_.output.uses.push_back({kSimInput, SimUse::Form::whole});
  }

  Random& random_;
  SimWorkflow out_;
  int next_ = 0;
  bool odd_names_ = false;
  std::uint32_t needs_max_ = 0;
  std::vector<int> complete_;  // what may be needed
  std::vector<int> values_;    // whose results may be used here
};

}  // namespace

SimWorkflow draw_workflow(Random& random, const std::string& name) {
  return Maker(random, name).make();
}

}  // namespace tenuto::testing
