#include "core/plan/wfformat.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/payload/json.h"
#include "core/payload/json_writer.h"
#include "core/payload/text.h"
#include "core/plan/name_table.h"
#include "core/plan/names.h"
#include "core/plan/problem_sink.h"

namespace tenuto {
namespace {

struct Dependency {
  std::uint32_t parent;
  std::uint32_t child;
  friend auto operator<=>(const Dependency&, const Dependency&) = default;
};

// `pattern` text for a literal: `${` would begin an expression.
std::string literal(ByteView text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") escaped += '$';
    escaped += text[i];
  }
  return escaped;
}

class Importer {
 public:
  Importer(ByteView document, ByteView action) : document_(document), action_(action) {}

  Result<WorkflowSpec> import() {
    TN_ASSIGN(const json::Value* root, parser_.parse(document_));
    if (const json::Value* tasks = find_tasks(*root)) read_tasks(*tasks);
    // References are worth a look only among tasks that are known.
    if (problems_.empty()) read_dependencies();
    if (problems_.empty()) compare_directions();
    if (!problems_.empty()) return problems_.take_status();
    return std::move(spec_);
  }

 private:
  struct Task {
    const json::Value* value;
    ByteView id;
    ByteView name;
  };

  // Where `value` begins, for a problem. A look at the whole text before it, so only for those that are kept.
  TextPosition place(const json::Value& value) const {
    if (problems_.is_full()) return {};
    const LineColumn at =
        line_column(document_, static_cast<std::size_t>(value.raw().data() - document_.data()));
    return {at.line, at.column};
  }

  // The list of tasks: `workflow.specification.tasks` in 1.5, `workflow.tasks` in 1.4.
  const json::Value* find_tasks(const json::Value& root) {
    const json::Value* workflow = member(root, "workflow");
    const json::Value* holder = workflow;
    if (workflow != nullptr && workflow->is_object() && workflow->find("specification") != nullptr) {
      holder = workflow->find("specification");
    }
    const json::Value* tasks = holder == nullptr ? nullptr : member(*holder, "tasks");
    if (tasks == nullptr || !tasks->is_array()) {
      problems_.add(place(root),
                    "this is no WfFormat document: there is no list `workflow.specification.tasks`");
      return nullptr;
    }
    by_name_allowed_ = holder == workflow;
    const json::Value* name = root.find("name");
    const bool is_named = name != nullptr && name->is_string() && !name->as_string().empty();
    spec_.name = is_named ? name->as_string() : ByteView("wfformat");
    return tasks;
  }

  static const json::Value* member(const json::Value& value, ByteView key) {
    return value.is_object() ? value.find(key) : nullptr;
  }

  void read_tasks(const json::Value& tasks) {
    tasks_.reserve(tasks.size());
    spec_.nodes.reserve(tasks.size());
    ids_.reserve(tasks.size());
    for (const json::Value& task : tasks.elements()) read_task(task);
  }

  void read_task(const json::Value& task) {
    const json::Value* id = member(task, "id");
    const json::Value* name = member(task, "name");
    if (id == nullptr && by_name_allowed_) id = name;
    if (name == nullptr) name = id;
    if (id == nullptr || !id->is_string() || !name->is_string()) {
      return problems_.add(place(task), "a task has no `id` in quotes");
    }
    const auto index = static_cast<std::uint32_t>(tasks_.size());
    tasks_.push_back({&task, id->as_string(), name->as_string()});
    if (const std::uint32_t first = ids_.put(tasks_[index].id, index); first != index) {
      problems_.add(place(*id), "the task id " + backquoted(tasks_[index].id) +
                                    " is given twice, the first time at " +
                                    describe(line_column_of(*tasks_[first].value)) + "; make ids unique");
    }
    if (by_name_allowed_) names_.put(tasks_[index].name, index);
    add_node(tasks_[index]);
  }

  LineColumn line_column_of(const json::Value& value) const {
    const TextPosition at = place(value);
    return {at.line, at.column};
  }

  void add_node(const Task& task) {
    NodeSpec& node = spec_.nodes.emplace_back();
    node.name = task.id;
    node.action = action_;
    json::Writer writer(node.with.text);
    writer.begin_object();
    writer.key("id").string(literal(task.id));
    writer.key("name").string(literal(task.name));
    writer.end_object();
  }

  void read_dependencies() {
    for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
      read_list(i, "parents", [&](std::uint32_t parent) { by_parents_.push_back({parent, i}); });
      read_list(i, "children", [&](std::uint32_t child) { by_children_.push_back({i, child}); });
    }
  }

  template <class Add>
  void read_list(std::uint32_t task, ByteView key, Add add) {
    const json::Value* list = tasks_[task].value->find(key);
    const std::string where = "`" + std::string(key) + "` of task " + backquoted(tasks_[task].id);
    if (list == nullptr) return;
    if (!list->is_array()) return problems_.add(place(*list), where + " must be a list of ids");
    for (const json::Value& element : list->elements()) {
      if (!element.is_string()) {
        problems_.add(place(element), where + " must be a list of ids in quotes");
      } else if (const std::uint32_t other = find(element.as_string()); other != kNoNode) {
        add(other);
      } else {
        unknown(element, where);
      }
    }
  }

  std::uint32_t find(ByteView reference) const {
    const std::uint32_t by_id = ids_.find(reference);
    return by_id == kNoNode && by_name_allowed_ ? names_.find(reference) : by_id;
  }

  void unknown(const json::Value& reference, const std::string& where) {
    NearestName nearest(reference.as_string());
    if (problems_.wants_suggestion()) {
      for (const Task& task : tasks_) nearest.offer(task.id);
    }
    problems_.add(place(reference), where + " names " + backquoted(reference.as_string()) +
                                        ", which is no task" + nearest.question());
  }

  // Both directions are given, so that a document that lost a part does not pass.
  void compare_directions() {
    sort_unique(by_parents_);
    sort_unique(by_children_);
    std::vector<Dependency> only;
    std::set_difference(by_parents_.begin(), by_parents_.end(), by_children_.begin(), by_children_.end(),
                        std::back_inserter(only));
    for (const Dependency& d : only) disagree(d.child, "parent", d.parent, "child");
    only.clear();
    std::set_difference(by_children_.begin(), by_children_.end(), by_parents_.begin(), by_parents_.end(),
                        std::back_inserter(only));
    for (const Dependency& d : only) disagree(d.parent, "child", d.child, "parent");
    for (const Dependency& d : by_parents_) {
      spec_.nodes[d.child].needs.push_back({std::string(tasks_[d.parent].id), {}});
    }
  }

  static void sort_unique(std::vector<Dependency>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }

  void disagree(std::uint32_t says, ByteView role, std::uint32_t other, ByteView counterpart) {
    const std::string text = "task " + backquoted(tasks_[says].id) + " has the " + std::string(role) + " " +
                             backquoted(tasks_[other].id) + ", which does not have it as a " +
                             std::string(counterpart);
    problems_.add(place(*tasks_[says].value), text + "; `parents` and `children` must agree");
  }

  ByteView document_;
  ByteView action_;
  json::Parser parser_;
  ProblemSink problems_;
  WorkflowSpec spec_;
  std::vector<Task> tasks_;
  NameTable ids_;
  NameTable names_;  // the first task of each name
  bool by_name_allowed_ = false;
  std::vector<Dependency> by_parents_;
  std::vector<Dependency> by_children_;
};

}  // namespace

Result<WorkflowSpec> parse_wfformat(ByteView document, ByteView action) {
  return Importer(document, action).import();
}

}  // namespace tenuto
