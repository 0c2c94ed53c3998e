#include "core/plan/parse.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "core/base/limits.h"
#include "core/plan/definition_cursor.h"
#include "core/plan/names.h"
#include "core/plan/parse_policy.h"
#include "core/plan/problem_sink.h"

namespace tenuto {
namespace {

constexpr std::array<ByteView, 8> kWorkflowKeys = {"tenuto", "name",   "input",  "defaults",
                                                   "tasks",  "output", "labels", "description"};
constexpr std::array<ByteView, 4> kDefaultsKeys = {"retry", "timeout", "pool", "pure"};
constexpr std::array<ByteView, 11> kNodeKeys = {"use",  "with", "needs",       "if",     "retry", "timeout",
                                                "pool", "pure", "description", "labels", "switch"};
constexpr std::array<ByteView, 2> kArmKeys = {"if", "tasks"};

// What an object of the format is, with the keys it may have.
struct Shape {
  ByteView what;
  std::span<const ByteView> keys;
};
constexpr Shape kWorkflow{"the workflow", kWorkflowKeys};
constexpr Shape kDefaults{"`defaults`", kDefaultsKeys};
constexpr Shape kPolicy{"a policy", kDefaultsKeys};
constexpr Shape kNode{"a node", kNodeKeys};
constexpr Shape kArm{"an arm", kArmKeys};

// The keys of one object that were read, to find the second use of a key and the lack of one.
class SeenKeys {
 public:
  SeenKeys(const Shape& shape, ProblemSink& problems) : shape_(shape), problems_(problems) {}

  // False, with a problem, for a key that is unknown or stands there for the second time.
  bool accept(ByteView key, TextPosition at) {
    std::size_t index = 0;
    while (index < shape_.keys.size() && shape_.keys[index] != key) ++index;
    if (index == shape_.keys.size()) {
      NearestName nearest(key);
      for (const ByteView name : shape_.keys) nearest.offer(name);
      problems_.add(
          at, "unknown key " + backquoted(key) + " in " + std::string(shape_.what) + nearest.question());
      return false;
    }
    if (places_[index].line != 0) {
      problems_.add(at, "the key " + backquoted(key) + " stands twice in " + std::string(shape_.what) +
                            ", the first time at line " + std::to_string(places_[index].line) + ", column " +
                            std::to_string(places_[index].column) + "; remove one");
      return false;
    }
    places_[index] = at;
    return true;
  }
  // Where a key stands; line 0 if it does not.
  [[nodiscard]] TextPosition place(ByteView key) const {
    for (std::size_t i = 0; i < shape_.keys.size(); ++i) {
      if (shape_.keys[i] == key) return places_[i];
    }
    return {};
  }
  [[nodiscard]] bool has(ByteView key) const { return place(key).line != 0; }

 private:
  const Shape& shape_;
  ProblemSink& problems_;
  std::array<TextPosition, kNodeKeys.size()> places_{};  // no shape has more keys than a node
};

bool is_policy_key(ByteView key) {
  return key == "retry" || key == "timeout" || key == "pool" || key == "pure";
}

// Reads values in the order of the text; the depth of its calls is bounded by the depth of arms.
class WorkflowParser {
 public:
  explicit WorkflowParser(ByteView text) : cursor_(text) {}

  Result<PolicySpec> parse_policy() {
    PolicySpec spec;
    policy(spec, kPolicy);
    return finish(std::move(spec));
  }
  Result<WorkflowSpec> parse() {
    WorkflowSpec spec;
    spec.at = cursor_.here();
    workflow(spec);
    return finish(std::move(spec));
  }

 private:
  template <class Spec>
  Result<Spec> finish(Spec spec) {
    cursor_.expect_end();
    if (cursor_.failed()) problems_.add(cursor_.failure().at, cursor_.failure().text);
    if (!problems_.empty()) return problems_.take_status();
    return spec;
  }

  void workflow(WorkflowSpec& spec) {
    if (!cursor_.open('{')) return;
    SeenKeys seen(kWorkflow, problems_);
    std::string key;
    TextPosition at;
    while (cursor_.next_member(key, at)) {
      if (!seen.accept(key, at)) {
        skip();
      } else if (key == "tasks") {
        nodes(spec.nodes, 0);
      } else if (key == "defaults") {
        policy(spec.defaults, kDefaults);
      } else if (key == "name") {
        spec.at = cursor_.here();
        text(key, spec.name);
      } else if (key == "description") {
        text(key, spec.description);
      } else if (key == "input") {
        object_text(key, spec.input_schema);
      } else if (key == "labels") {
        object_text(key, spec.labels);
      } else if (key == "output") {
        output(spec.output);
      } else {
        version();
      }
    }
    if (cursor_.failed()) return;
    for (const ByteView required : {"tenuto", "name", "tasks"}) {
      if (seen.has(required)) continue;
      const std::string hint = required == "tenuto" ? "; add \"tenuto\": 1" : "; add it";
      problems_.add(spec.at, "the workflow has no `" + std::string(required) + "`" + hint);
    }
  }

  void policy(PolicySpec& policy, const Shape& shape) {
    if (!expect('{', std::string(shape.what) + " must be an object")) return;
    SeenKeys seen(shape, problems_);
    std::string key;
    TextPosition at;
    while (cursor_.next_member(key, at)) {
      const bool known = seen.accept(key, at);
      const json::Value* value = cursor_.value();
      if (known && value != nullptr) parse_policy_key(key, *value, at, policy, problems_);
    }
  }

  void nodes(std::vector<NodeSpec>& nodes, std::uint32_t depth) {
    if (!expect('{', "`tasks` must be an object of nodes by name")) return;
    std::string name;
    TextPosition at;
    while (cursor_.next_member(name, at)) {
      NodeSpec& node = nodes.emplace_back();
      node.name = name;
      node.at = at;
      this->node(node, depth);
    }
  }

  void node(NodeSpec& node, std::uint32_t depth) {
    if (!expect('{', "a node must be an object with `use` or `switch`")) return;
    SeenKeys seen(kNode, problems_);
    std::string key;
    TextPosition at;
    while (cursor_.next_member(key, at)) {
      if (!seen.accept(key, at)) {
        skip();
      } else if (key == "switch") {
        arms(node, depth + 1);
      } else {
        node_key(key, at, node);
      }
    }
    if (!cursor_.failed()) check_kind(node, seen);
  }

  void node_key(const std::string& key, TextPosition at, NodeSpec& node) {
    if (is_policy_key(key)) {
      if (const json::Value* value = cursor_.value())
        parse_policy_key(key, *value, at, node.policy, problems_);
    } else if (key == "use") {
      text(key, node.action);
    } else if (key == "with") {
      node.with.at = cursor_.here();
      object_text(key, node.with.text);
    } else if (key == "needs") {
      needs(node.needs);
    } else if (key == "if") {
      condition(node.condition);
    } else if (key == "labels") {
      object_text(key, node.labels);
    } else {
      std::string description;
      text(key, description);
    }
  }

  void check_kind(const NodeSpec& node, const SeenKeys& seen) {
    const std::string name = backquoted(node.name);
    if (!seen.has("use") && !seen.has("switch")) {
      problems_.add(node.at, "node " + name + " has neither `use` nor `switch`; add the action as `use`");
      return;
    }
    if (!seen.has("switch")) return;
    for (const ByteView key : {"use", "with", "if", "retry", "timeout", "pool", "pure", "labels"}) {
      if (!seen.has(key)) continue;
      problems_.add(seen.place(key), "`" + std::string(key) + "` can't stand beside `switch` in node " +
                                         name + "; put it into the arms");
    }
  }

  void arms(NodeSpec& node, std::uint32_t depth) {
    const TextPosition at = cursor_.here();
    if (depth > limits::kDepthMax) {
      cursor_.fail(at, "arms nest deeper than " + std::to_string(limits::kDepthMax));
      return;
    }
    if (!expect('[', "`switch` must be a list of arms")) return;
    while (cursor_.next_element()) {
      node.arms.emplace_back().at = cursor_.here();
      arm(node.arms.back(), depth);
    }
    if (node.arms.empty())
      problems_.add(at, "switch " + backquoted(node.name) + " has no arm; add one or remove it");
  }

  void arm(ArmSpec& arm, std::uint32_t depth) {
    if (!expect('{', "an arm must be an object with `if` and `tasks`")) return;
    SeenKeys seen(kArm, problems_);
    std::string key;
    TextPosition at;
    while (cursor_.next_member(key, at)) {
      if (!seen.accept(key, at)) {
        skip();
      } else if (key == "if") {
        condition(arm.condition);
      } else {
        nodes(arm.nodes, depth);
      }
    }
    if (!cursor_.failed() && !seen.has("tasks"))
      problems_.add(arm.at, "an arm has no `tasks`; add \"tasks\": {}");
  }

  void needs(std::vector<NameRef>& needs) {
    if (!expect('[', "`needs` must be a list of node names")) return;
    while (cursor_.next_element()) {
      NameRef& need = needs.emplace_back();
      need.at = cursor_.here();
      const json::Value* value = cursor_.value();
      if (value == nullptr) return;
      if (value->is_string()) {
        need.name = value->as_string();
      } else {
        wrong(need.at, "an element of `needs`", "a node name in quotes", *value);
      }
    }
  }

  void condition(std::optional<SourceText>& condition) {
    condition.emplace().at = cursor_.here();
    text("if", condition->text);
  }

  void output(std::optional<SourceText>& output) {
    const TextPosition at = cursor_.here();
    const json::Value* value = cursor_.value();
    const bool written = value != nullptr && !value->is_null();
    if (written) output = SourceText{std::string(value->raw()), at};
  }

  void version() {
    const TextPosition at = cursor_.here();
    const json::Value* value = cursor_.value();
    if (value == nullptr) return;
    if (!value->is_integer() || value->as_integer() < 1) {
      wrong(at, "`tenuto`", "the format version 1", *value);
    } else if (value->as_integer() > 1) {
      problems_.add(at, "format version " + std::string(value->raw()) +
                            " is newer than this program, which reads 1; update it");
    }
  }

  // The value of `key` as text.
  void text(const std::string& key, std::string& out) {
    const TextPosition at = cursor_.here();
    const json::Value* value = cursor_.value();
    if (value == nullptr) return;
    if (!value->is_string()) return wrong(at, "`" + key + "`", "text in quotes", *value);
    out = value->as_string();
    if (out.empty() && key != "description") problems_.add(at, "`" + key + "` is empty");
  }

  // The JSON text of the value of `key`, an object.
  void object_text(const std::string& key, std::string& out) {
    const TextPosition at = cursor_.here();
    const json::Value* value = cursor_.value();
    if (value == nullptr) return;
    if (!value->is_object()) return wrong(at, "`" + key + "`", "an object", *value);
    if (value->size() > 0) out = value->raw();
  }

  // Opens a container, or skips the value with a problem.
  bool expect(char bracket, ByteView rule) {
    if (cursor_.peek() == bracket) return cursor_.open(bracket);
    const TextPosition at = cursor_.here();
    const json::Value* value = cursor_.value();
    if (value != nullptr) {
      problems_.add(at, std::string(rule) + ", found " + std::string(json::kind_name(value->kind())));
    }
    return false;
  }

  void wrong(TextPosition at, const std::string& what, const std::string& expected,
             const json::Value& found) {
    problems_.add(at,
                  what + " must be " + expected + ", found " + std::string(json::kind_name(found.kind())));
  }

  void skip() { static_cast<void>(cursor_.value()); }

  DefinitionCursor cursor_;
  ProblemSink problems_;
};

}  // namespace

Result<WorkflowSpec> parse_workflow(ByteView text) {
  return WorkflowParser(text).parse();
}

Result<PolicySpec> parse_policy(ByteView text) {
  return text.empty() ? PolicySpec() : WorkflowParser(text).parse_policy();
}

}  // namespace tenuto
